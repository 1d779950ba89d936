with recursive list_ancestors as (
    {{ task_list_ancestors(source('opendental', 'tasklist')) | indent }}
),

list_paths as (
    {{ task_list_paths('list_ancestors') | indent }}
),

inboxes as (
    select distinct task_list_in_box_id as task_list_id
    from {{ source('opendental', 'userod') }}
    where task_list_in_box_id is not null
),

-- Who follows a list follows the lists below it.
followers as (
    select
        task_id,
        user_id
    from {{ source('opendental', 'tasksubscription') }}
    where task_id is not null
    union
    select
        to_dos.task_id,
        subscriptions.user_id
    from {{ source('opendental', 'task') }} as to_dos
    inner join list_ancestors
        on to_dos.task_list_id = list_ancestors.task_list_id
    inner join {{ source('opendental', 'tasksubscription') }} as subscriptions
        on list_ancestors.ancestor_id = subscriptions.task_list_id
    union
    select
        to_dos.task_id,
        subscriptions.user_id
    from {{ source('opendental', 'task') }} as to_dos
    inner join {{ source('opendental', 'tasksubscription') }} as subscriptions
        on to_dos.task_list_id = subscriptions.task_list_id
),

follower_counts as (
    select
        task_id,
        count(distinct user_id) as subscriber_count
    from followers
    group by task_id
),

unread_counts as (
    select
        task_id,
        count(distinct user_id) as unread_user_count
    from {{ source('opendental', 'taskunread') }}
    group by task_id
),

notes as (
    select
        task_id,
        count(*) as note_count,
        max(date_time_note) as last_note_at,
        {{ newest('user_id', 'date_time_note', 'task_note_id') }} as last_user_id
    from {{ source('opendental', 'tasknote') }}
    group by task_id
),

edits as (
    select
        task_id,
        count(*) as revision_count,
        {{ newest('user_num_hist_id', 'changed_at', 'task_hist_id') }} as last_user_id
    from {{ source('opendental', 'taskhist') }}
    group by task_id
),

tasks as (
    select
        *,
        coalesce(task_status = 2, false) as is_done,
        coalesce(reminder_type, 0) != 0 as is_reminder,
        case when coalesce(reminder_type, 0) != 0 then date_time_entry end as reminder_at,
        case
            when coalesce(reminder_type, 0) != 0 then date_time_entry else date_task::timestamp
        end as due_at,
        coalesce(is_repeating, false) as is_pattern
    from {{ source('opendental', 'task') }}
)

select
    tasks.task_id,
    tasks.task_list_id,
    lists.parent_id as parent_task_list_id,
    list_paths.list_path,
    case tasks.object_type when 1 then tasks.key_id when 2 then visits.patient_id end as patient_id,
    case when tasks.object_type = 2 then tasks.key_id end as appointment_id,
    tasks.user_id as author_user_id,
    tasks.date_time_original as created_at,
    tasks.changed_at as edited_at,
    tasks.date_time_finished as finished_at,
    lower({{ label('TaskStatusEnum', 'tasks.task_status') }}) as task_status,
    tasks.is_done,
    priorities.item_name as priority_name,
    tasks.is_reminder,
    tasks.reminder_at,
    tasks.is_pattern as is_repeating,
    tasks.due_at,
    not tasks.is_done
    and not tasks.is_pattern
    and coalesce(tasks.due_at::date < '{{ as_of }}'::date, false) as is_overdue,
    coalesce(notes.note_count, 0) as note_count,
    notes.last_note_at,
    notes.last_user_id as last_note_user_id,
    coalesce(edits.revision_count, 0) as revision_count,
    edits.last_user_id as last_editor_user_id,
    coalesce(follower_counts.subscriber_count, 0) as subscriber_count,
    coalesce(unread_counts.unread_user_count, 0) as unread_user_count,
    {{ units_between(
        'tasks.date_time_original',
        "case when tasks.is_done then tasks.date_time_finished else '" ~ as_of ~ "'::date + 1 end",
        3600
    ) }} as hours_open,
    inboxes.task_list_id is not null as is_inbox_task,
    {{ row_metadata('tasks') }}
from tasks
left join {{ source('opendental', 'appointment') }} as visits
    on
        tasks.object_type = 2
        and tasks.key_id = visits.appointment_id
left join {{ source('opendental', 'tasklist') }} as lists
    on tasks.task_list_id = lists.task_list_id
left join list_paths
    on tasks.task_list_id = list_paths.task_list_id
left join inboxes
    on tasks.task_list_id = inboxes.task_list_id
left join {{ source('opendental', 'definition') }} as priorities
    on
        tasks.priority_def_id = priorities.definition_id
        and priorities.category = 33
left join notes
    on tasks.task_id = notes.task_id
left join edits
    on tasks.task_id = edits.task_id
left join follower_counts
    on tasks.task_id = follower_counts.task_id
left join unread_counts
    on tasks.task_id = unread_counts.task_id
