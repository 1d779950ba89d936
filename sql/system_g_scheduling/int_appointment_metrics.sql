-- Rates divide by visits due: completed, broken, and scheduled on a day before the as-of date.
with loads as (
    {{ visit_loads(ref('int_appointment_details')) }}
),

leveled_visits as (
    select
        loads.*,
        levels.metric_level,
        levels.dimension_id
    from loads
    cross join
        lateral (
            values
            ('overall', 0, loads.is_owner),
            ('clinic', coalesce(loads.clinic_id, 0), loads.is_owner),
            ('provider', coalesce(loads.worker_id, 0), true)
        ) as levels (metric_level, dimension_id, is_counted)
    where levels.is_counted and not loads.is_removed
),

visits as (
    select
        visit_date as metric_date,
        metric_level,
        dimension_id,
        count(*) as appointments,
        count(*) filter (
            where is_completed or is_broken or visit_date < '{{ as_of }}'::date
        ) as visits_due,
        count(*) filter (where is_completed) as completed,
        count(*) filter (where is_broken) as broken,
        count(*) filter (where is_broken and broken_reason = 'missed') as missed,
        count(*) filter (where is_broken and broken_reason = 'cancelled') as cancelled,
        count(*) filter (where is_completed and is_new_patient) as new_patient_visits,
        sum(wait_minutes) as wait_minutes_total,
        count(wait_minutes) as wait_count,
        sum(chair_minutes) as chair_minutes_total,
        count(chair_minutes) as chair_count,
        sum(lead_days) filter (where lead_days >= 0) as lead_days_total,
        count(*) filter (where lead_days >= 0) as lead_count,
        count(*) filter (where lead_days = 0) as same_day_count
    from leveled_visits
    group by visit_date, metric_level, dimension_id
),

all_minutes as (
    select
        schedule_date as metric_date,
        'overall' as metric_level,
        0 as dimension_id,
        available_minutes,
        booked_minutes
    from {{ ref('int_appointment_schedule') }}
    union all
    select
        schedule_date as metric_date,
        'provider' as metric_level,
        provider_id as dimension_id,
        available_minutes,
        booked_minutes
    from {{ ref('int_appointment_schedule') }}
    union all
    select
        schedule_date as metric_date,
        'clinic' as metric_level,
        coalesce(clinic_id, 0) as dimension_id,
        available_minutes,
        0 as booked_minutes
    from {{ ref('int_provider_availability') }}
    union all
    select
        visit_date as metric_date,
        'clinic' as metric_level,
        coalesce(clinic_id, 0) as dimension_id,
        0 as available_minutes,
        scheduled_minutes as booked_minutes
    from loads
    where worker_id is not null and (is_scheduled or is_completed)
    union all
    select
        metric_date,
        metric_level,
        dimension_id,
        0 as available_minutes,
        0 as booked_minutes
    from visits
),

days as (
    select
        metric_date,
        metric_level,
        dimension_id,
        sum(available_minutes) as available_minutes,
        sum(booked_minutes) as booked_minutes
    from all_minutes
    group by metric_date, metric_level, dimension_id
)

select
    days.metric_date,
    days.metric_level,
    days.dimension_id,
    coalesce(visits.appointments, 0) as appointments,
    coalesce(visits.visits_due, 0) as visits_due,
    coalesce(visits.completed, 0) as completed,
    coalesce(visits.broken, 0) as broken,
    coalesce(visits.missed, 0) as missed,
    coalesce(visits.cancelled, 0) as cancelled,
    round(1.0 * visits.completed / nullif(visits.visits_due, 0), 4) as completion_rate,
    round(1.0 * visits.broken / nullif(visits.visits_due, 0), 4) as broken_rate,
    round(1.0 * visits.missed / nullif(visits.visits_due, 0), 4) as missed_rate,
    coalesce(visits.new_patient_visits, 0) as new_patient_visits,
    coalesce(visits.wait_minutes_total, 0) as wait_minutes_total,
    coalesce(visits.wait_count, 0) as wait_count,
    round(1.0 * visits.wait_minutes_total / nullif(visits.wait_count, 0), 2) as avg_wait_minutes,
    coalesce(visits.chair_minutes_total, 0) as chair_minutes_total,
    coalesce(visits.chair_count, 0) as chair_count,
    round(1.0 * visits.chair_minutes_total / nullif(visits.chair_count, 0), 2) as avg_chair_minutes,
    days.booked_minutes,
    days.available_minutes,
    {{ utilization_pct('days') }} as utilization_pct,
    coalesce(visits.lead_days_total, 0) as lead_days_total,
    coalesce(visits.lead_count, 0) as lead_count,
    round(1.0 * visits.lead_days_total / nullif(visits.lead_count, 0), 2) as avg_lead_days,
    coalesce(visits.same_day_count, 0) as same_day_count,
    coalesce(sum(visits.appointments) over (
        partition by days.metric_level, days.dimension_id
        order by days.metric_date
        range between interval '6 days' preceding and current row
    ), 0) as rolling_7_day_appointments,
    coalesce(sum(visits.completed) over (
        partition by
            days.metric_level, days.dimension_id, date_trunc('month', days.metric_date)
        order by days.metric_date
    ), 0) as month_to_date_completed
from days
left join visits
    on
        days.metric_date = visits.metric_date
        and days.metric_level = visits.metric_level
        and days.dimension_id = visits.dimension_id
