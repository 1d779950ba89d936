-- An empty task list of the practice means it names none, so tasks are told by their words.
with recursive list_ancestors as (
    {{ task_list_ancestors(source('opendental', 'tasklist')) | indent }}
),

list_paths as (
    {{ task_list_paths('list_ancestors') | indent }}
),

collection_lists as (
    select list_ancestors.task_list_id
    from list_ancestors
    inner join {{ source('practice', 'collection_task_list') }} as listed
        on list_ancestors.ancestor_id = listed.task_list_id
    union
    select task_list_id
    from {{ source('practice', 'collection_task_list') }}
),

tasks as (
    select
        to_dos.*,
        list_paths.list_path,
        case
            when collection_lists.task_list_id is not null then 'listed task list'
            when
                (select count(*) from {{ source('practice', 'collection_task_list') }}) = 0
                and {{ speaks_of_debt("concat_ws(' / ', list_path, to_dos.descript)") }}
                then 'keywords-1'
        end as is_collection_rule,
        case to_dos.object_type
            when 1 then to_dos.key_id
            when 2 then visits.patient_id
        end as patient_id
    from {{ source('opendental', 'task') }} as to_dos
    left join list_paths
        on to_dos.task_list_id = list_paths.task_list_id
    left join collection_lists
        on to_dos.task_list_id = collection_lists.task_list_id
    left join {{ source('opendental', 'appointment') }} as visits
        on to_dos.key_id = visits.appointment_id
    where not coalesce(to_dos.is_repeating, false)
),

collection_tasks as (
    select
        tasks.*,
        tasks.date_time_original::date as created_on,
        patients.guarantor_id,
        {{ snapshot_day('tasks.date_time_original::date', as_of) }} as snapshot_date
    from tasks
    left join {{ source('opendental', 'patient') }} as patients
        on tasks.patient_id = patients.patient_id
    where tasks.is_collection_rule is not null
),

note_counts as (
    select
        task_id,
        count(*) as note_count,
        max(date_time_note) as last_note_at
    from {{ source('opendental', 'tasknote') }}
    group by task_id
),

acts as (
    select
        task_id,
        user_id,
        date_time_note as acted_at,
        1 as act_kind,
        task_note_id as act_id
    from {{ source('opendental', 'tasknote') }}
    union all
    select
        task_id,
        user_num_hist_id as user_id,
        changed_at as acted_at,
        2 as act_kind,
        task_hist_id as act_id
    from {{ source('opendental', 'taskhist') }}
),

last_acts as (
    select distinct on (task_id)
        task_id,
        user_id
    from acts
    where user_id is not null and acted_at is not null
    order by task_id asc, acted_at desc, act_kind asc, act_id desc
),

families as (
    {{ family_aging(ref('int_ar_aging_snapshot')) | indent }}
),

task_campaigns as (
    {{ best_campaigns(
        'collection_tasks', 'task_id', 'created_on', ref('int_collection_campaigns'), 'families'
    ) | indent }}
)

select
    collection_tasks.task_id,
    collection_tasks.task_list_id,
    collection_tasks.list_path,
    collection_tasks.is_collection_rule,
    collection_tasks.patient_id,
    collection_tasks.guarantor_id,
    collection_tasks.user_id as author_user_id,
    last_acts.user_id as last_actor_user_id,
    collection_tasks.date_time_original as created_at,
    collection_tasks.date_time_finished as finished_at,
    case
        when collection_tasks.reminder_type != 0 then collection_tasks.date_time_entry
        else collection_tasks.date_task::timestamp
    end as due_at,
    lower({{ label('TaskStatusEnum', 'collection_tasks.task_status') }}) as task_status,
    priorities.item_name as priority_name,
    {{ days_between('collection_tasks.date_time_original', "'" ~ as_of ~ "'") }} as age_days,
    {{ days_between('collection_tasks.date_time_original', 'collection_tasks.date_time_finished') }}
        as days_to_finish,
    coalesce(note_counts.note_count, 0) as note_count,
    note_counts.last_note_at,
    families.balance_total as balance_at_creation,
    task_campaigns.campaign_id,
    {{ row_metadata('collection_tasks') }}
from collection_tasks
left join note_counts
    on collection_tasks.task_id = note_counts.task_id
left join last_acts
    on collection_tasks.task_id = last_acts.task_id
left join {{ source('opendental', 'definition') }} as priorities
    on
        collection_tasks.priority_def_id = priorities.definition_id
        and priorities.category = 33
left join families
    on
        collection_tasks.guarantor_id = families.guarantor_id
        and collection_tasks.snapshot_date = families.as_of_date
left join task_campaigns
    on collection_tasks.task_id = task_campaigns.task_id
