-- Open hours are those in which at least one of the provider's rooms is not blocked, and a minute
-- belongs to one clinic. A set of ranges counts overlaps once, however they are nested.
with schedules as (
    select
        *,
        {{ minutes_of_day('start_time', 'stop_time') }} as hours
    from {{ source('opendental', 'schedule') }}
    where sched_date is not null
),

blocks as (
    select *
    from schedules
    where sched_type = 1 and coalesce(status, 0) = 0 and provider_id is not null
),

linked_rooms as (
    select distinct
        schedule_id,
        operatory_id
    from {{ source('opendental', 'scheduleop') }}
    where operatory_id is not null
),

usual_rooms as (
    select
        operatory_id,
        case when is_hygiene then prov_hygienist_id else prov_dentist_id end as provider_id
    from {{ source('opendental', 'operatory') }}
    where is_hidden is not true
),

block_rooms as (
    select
        blocks.*,
        coalesce(linked_rooms.operatory_id, usual_rooms.operatory_id) as operatory_id
    from blocks
    left join linked_rooms
        on blocks.schedule_id = linked_rooms.schedule_id
    left join usual_rooms
        on
            blocks.provider_id = usual_rooms.provider_id
            and linked_rooms.schedule_id is null
),

blockouts as (
    select
        linked_rooms.operatory_id,
        schedules.sched_date,
        range_agg(schedules.hours) as blocked,
        range_agg(schedules.hours) filter (where kinds.item_value like '%NS%') as closed
    from schedules
    inner join linked_rooms
        on schedules.schedule_id = linked_rooms.schedule_id
    left join {{ source('opendental', 'definition') }} as kinds
        on
            schedules.blockout_type_id = kinds.definition_id
            and kinds.category = 25
    where schedules.sched_type = 2
    group by linked_rooms.operatory_id, schedules.sched_date
),

block_clinics as (
    select
        block_rooms.schedule_id,
        min(rooms.clinic_id) as clinic_id
    from block_rooms
    left join {{ source('opendental', 'operatory') }} as rooms
        on block_rooms.operatory_id = rooms.operatory_id
    group by block_rooms.schedule_id
),

clinic_days as (
    select
        block_rooms.provider_id,
        block_rooms.sched_date,
        block_clinics.clinic_id,
        min(block_rooms.start_time) filter (where not isempty(block_rooms.hours)) as first_start,
        max(block_rooms.stop_time) filter (where not isempty(block_rooms.hours)) as last_stop,
        count(distinct block_rooms.schedule_id) as block_count,
        count(distinct block_rooms.operatory_id) as operatory_count,
        bool_or(isempty(block_rooms.hours)) as has_zero_length_block,
        range_agg(block_rooms.hours) as hours,
        range_agg(block_rooms.hours::int4multirange * coalesce(blockouts.blocked, '{}'))
            as blocked_hours,
        range_agg(block_rooms.hours::int4multirange - coalesce(blockouts.closed, '{}'))
            as open_hours
    from block_rooms
    inner join block_clinics
        on block_rooms.schedule_id = block_clinics.schedule_id
    left join blockouts
        on
            block_rooms.operatory_id = blockouts.operatory_id
            and block_rooms.sched_date = blockouts.sched_date
    group by block_rooms.provider_id, block_rooms.sched_date, block_clinics.clinic_id
),

own_hours as (
    select
        *,
        hours - coalesce(range_agg(hours) over (
            partition by provider_id, sched_date order by clinic_id nulls last
            rows between unbounded preceding and 1 preceding
        ), '{}') as hours_of_clinic
    from clinic_days
),

holidays as (
    select distinct
        sched_date,
        clinic_id
    from schedules
    where sched_type = 0 and status = 2
)

select
    own_hours.provider_id,
    own_hours.sched_date as schedule_date,
    own_hours.clinic_id,
    own_hours.first_start,
    own_hours.last_stop,
    own_hours.block_count,
    {{ minutes_in('own_hours.hours_of_clinic') }} as scheduled_minutes,
    {{ minutes_in('own_hours.hours_of_clinic * own_hours.blocked_hours') }} as blockout_minutes,
    case
        when practice_holidays.sched_date is null and clinic_holidays.sched_date is null
            then {{ minutes_in('own_hours.hours_of_clinic * own_hours.open_hours') }}
        else 0
    end as available_minutes,
    practice_holidays.sched_date is not null or clinic_holidays.sched_date is not null
        as is_holiday,
    own_hours.operatory_count,
    own_hours.has_zero_length_block
from own_hours
left join holidays as practice_holidays
    on
        own_hours.sched_date = practice_holidays.sched_date
        and practice_holidays.clinic_id is null
left join holidays as clinic_holidays
    on
        own_hours.sched_date = clinic_holidays.sched_date
        and own_hours.clinic_id = clinic_holidays.clinic_id
