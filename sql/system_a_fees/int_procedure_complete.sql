-- Every saved edit of a note is a row of its own: the newest is the note, the others its history.
with notes as (
    select
        procedure_id,
        max(entry_date_time) as latest_note_at,
        count(*) as note_count
    from {{ source('opendental', 'procnote') }}
    group by procedure_id
),

treatment_plans as (
    select
        procedure_id,
        count(distinct treat_plan_id) as treatment_plan_count
    from {{ source('opendental', 'treatplanattach') }}
    group by procedure_id
),

insured as (
    select
        procedure_id,
        bool_or(claim_id is not null and status != 2) as is_on_claim,
        sum(ins_pay_est) filter (where status = 6 and no_bill_ins is not true) as estimate,
        (array_agg(plan_id order by ins_pay_est desc, claim_procedure_id asc) filter (
            where status = 6 and no_bill_ins is not true
        ))[1] as plan_id
    from {{ source('opendental', 'claimproc') }}
    group by procedure_id
),

grouped_codes as (
    select
        group_name,
        unnest(string_to_array(replace(proc_codes, ' ', ''), ',')) as proc_code
    from {{ source('opendental', 'codegroup') }}
),

code_groups as (
    select
        proc_code,
        string_agg(distinct group_name, ', ' order by group_name) as code_group_names
    from grouped_codes
    group by proc_code
),

codes as (
    select
        procedure_codes.code_id,
        procedure_codes.proc_code,
        procedure_codes.descript,
        categories.item_name as category_name,
        code_groups.code_group_names,
        procedure_codes.is_hygiene,
        procedure_codes.is_radiology,
        procedure_codes.is_prosth,
        procedure_codes.treat_area
    from {{ source('opendental', 'procedurecode') }} as procedure_codes
    left join {{ source('opendental', 'definition') }} as categories
        on
            procedure_codes.proc_cat_id = categories.definition_id
            and categories.category = 11
    left join code_groups
        on procedure_codes.proc_code = code_groups.proc_code
)

select
    charted.procedure_id,
    charted.patient_id,
    charted.provider_id,
    coalesce(nullif(providers.abbr, ''), providers.l_name) as provider_label,
    charted.clinic_id,
    charted.appointment_id,
    appointments.apt_date_time as appointment_at,
    charted.proc_date as procedure_date,
    charted.date_tp as date_planned,
    charted.date_complete as date_completed,
    charted.proc_status as procedure_status,
    {{ label('ProcStat', 'charted.proc_status') }} as procedure_status_name,
    charted.proc_status = 2 as is_completed,
    charted.proc_status in (1, 8) as is_planned,
    charted.proc_status = 6 as is_deleted,
    charted.code_id,
    codes.proc_code as procedure_code,
    codes.descript as description,
    codes.category_name,
    codes.code_group_names,
    codes.is_hygiene,
    codes.is_radiology,
    codes.is_prosth as is_prosthetic,
    nullif(charted.tooth, '') as tooth,
    nullif(charted.surf, '') as surface,
    {{ label('TreatmentArea', 'codes.treat_area') }} as treatment_area,
    charted.unit_qty + charted.base_units as units,
    charted.proc_fee as unit_fee,
    {{ gross_fee('charted') }} as gross_fee,
    case
        when charted.proc_status = 2 then {{ gross_fee('charted') }}
        else 0
    end as gross_production,
    coalesce(insured.is_on_claim, false) as is_on_claim,
    case when not insured.is_on_claim then insured.plan_id end as unclaimed_plan_id,
    case when not insured.is_on_claim then insured.estimate end as unclaimed_estimate_amount,
    priorities.item_name as priority_name,
    coalesce(treatment_plans.treatment_plan_count, 0) as treatment_plan_count,
    coalesce(codes.proc_code in ('D9986', 'D9987'), false) as is_broken_appointment_code,
    notes.latest_note_at,
    coalesce(notes.note_count, 0) as note_count,
    case
        when charted.proc_status = 2
            then {{ days_between('charted.date_tp', 'charted.date_complete') }}
    end as planned_to_completed_days,
    {{ row_metadata('charted') }}
from {{ source('opendental', 'procedurelog') }} as charted
left join codes
    on charted.code_id = codes.code_id
left join {{ source('opendental', 'provider') }} as providers
    on charted.provider_id = providers.provider_id
left join {{ source('opendental', 'appointment') }} as appointments
    on charted.appointment_id = appointments.appointment_id
left join {{ source('opendental', 'definition') }} as priorities
    on
        charted.priority_id = priorities.definition_id
        and priorities.category = 20
left join treatment_plans
    on charted.procedure_id = treatment_plans.procedure_id
left join notes
    on charted.procedure_id = notes.procedure_id
left join insured
    on charted.procedure_id = insured.procedure_id
