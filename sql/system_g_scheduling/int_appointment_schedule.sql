-- A visit loads its provider and its hygienist, each once; its production belongs to one of them.
with loads as (
    {{ visit_loads(ref('int_appointment_details')) }}
),

confirmations as (
    select
        definition_id,
        row_number() over (order by is_hidden, item_order, definition_id) as place
    from {{ source('opendental', 'definition') }}
    where category = 2
),

unconfirmed as (
    select confirmed_id
    from {{ source('practice', 'unconfirmed_status') }}
    union distinct
    select confirmations.definition_id as confirmed_id
    from confirmations
    left join {{ source('opendental', 'preference') }} as sent
        on
            confirmations.definition_id::text = sent.value_string
            and sent.pref_name in ('ApptEConfirmStatusSent', 'ApptEConfirmStatusSendFailed')
    where
        not exists (select 1 from {{ source('practice', 'unconfirmed_status') }})
        and (confirmations.place = 1 or sent.preference_id is not null)
),

visit_days as (
    select
        loads.worker_id as provider_id,
        loads.visit_date as schedule_date,
        count(*) filter (where loads.is_scheduled) as scheduled_count,
        count(*) filter (where loads.is_completed) as completed_count,
        count(*) filter (where loads.is_broken) as broken_count,
        count(*) filter (where loads.is_broken and loads.broken_reason = 'missed') as missed_count,
        count(*) filter (where loads.is_broken and loads.broken_reason = 'cancelled')
            as cancelled_count,
        count(*) filter (where loads.is_removed) as deleted_count,
        count(*) filter (
            where loads.is_scheduled
            and (loads.confirmation_id is null or unconfirmed.confirmed_id is not null)
        ) as unconfirmed_count,
        coalesce(sum(loads.scheduled_minutes) filter (
            where loads.is_scheduled or loads.is_completed
        ), 0) as booked_minutes,
        coalesce(sum(loads.scheduled_minutes) filter (
            where loads.is_as_hygienist and (loads.is_scheduled or loads.is_completed)
        ), 0) as hygiene_booked_minutes,
        coalesce(sum(loads.planned_production) filter (
            where loads.is_owner and (loads.is_scheduled or loads.is_completed)
        ), 0) as scheduled_production
    from loads
    left join unconfirmed
        on loads.confirmation_id = unconfirmed.confirmed_id
    where loads.worker_id is not null
    group by loads.worker_id, loads.visit_date
),

open_days as (
    select
        provider_id,
        schedule_date,
        sum(available_minutes) as available_minutes
    from {{ ref('int_provider_availability') }}
    group by provider_id, schedule_date
),

days as (
    select
        coalesce(open_days.provider_id, visit_days.provider_id) as provider_id,
        coalesce(open_days.schedule_date, visit_days.schedule_date) as schedule_date,
        coalesce(open_days.available_minutes, 0) as available_minutes,
        coalesce(visit_days.scheduled_count, 0) as scheduled_count,
        coalesce(visit_days.completed_count, 0) as completed_count,
        coalesce(visit_days.broken_count, 0) as broken_count,
        coalesce(visit_days.missed_count, 0) as missed_count,
        coalesce(visit_days.cancelled_count, 0) as cancelled_count,
        coalesce(visit_days.deleted_count, 0) as deleted_count,
        coalesce(visit_days.unconfirmed_count, 0) as unconfirmed_count,
        coalesce(visit_days.booked_minutes, 0) as booked_minutes,
        coalesce(visit_days.hygiene_booked_minutes, 0) as hygiene_booked_minutes,
        coalesce(visit_days.scheduled_production, 0) as scheduled_production
    from open_days
    full join visit_days
        on
            open_days.provider_id = visit_days.provider_id
            and open_days.schedule_date = visit_days.schedule_date
)

select
    days.provider_id,
    days.schedule_date,
    providers.provider_label,
    days.available_minutes,
    days.available_minutes > 0 as is_working_day,
    days.scheduled_count,
    days.completed_count,
    days.broken_count,
    days.missed_count,
    days.cancelled_count,
    days.deleted_count,
    days.unconfirmed_count,
    days.booked_minutes,
    days.hygiene_booked_minutes,
    {{ utilization_pct('days') }} as utilization_pct,
    greatest(days.available_minutes - days.booked_minutes, 0) as open_minutes,
    days.scheduled_production
from days
left join {{ ref('int_provider_profile') }} as providers
    on days.provider_id = providers.provider_id
