-- What came too late, or came and could not be taken. A file counts on the day it was received.
with received as (
    select
        file_id,
        source,
        table_name,
        desk.practice_day(received_at) as received_on,
        state in ('loaded', 'loaded_with_quarantine', 'duplicate') as is_taken,
        state in ('rejected', 'held') or rows_quarantined * 10 > rows_read as is_bad,
        released_by is not null as is_released
    from ops.file
),

taken_well as (
    select
        source,
        table_name,
        max(file_id) as file_id
    from received
    where is_taken and not is_bad
    group by source, table_name
),

undecided as (
    select distinct file_id
    from ops.row_verdict
    where verdict = 'quarantined' and decision is null
)

select
    'no_file' as rule_code,
    null::bigint as file_id,
    source,
    desk.today() - max(received_on) as day_count
from received
where source = 'simplepractice' and table_name = 'appointment_status' and is_taken
group by source
union all
select
    'no_drop' as rule_code,
    null as file_id,
    source,
    desk.today() - max(received_on) as day_count
from received
where source = 'opendental' and is_taken
group by source
union all
select
    'bad_file' as rule_code,
    received.file_id,
    null as source,
    null as day_count
from received
left join taken_well
    on
        received.source = taken_well.source
        and received.table_name = taken_well.table_name
where
    received.is_bad
    and not received.is_released
    and received.file_id > coalesce(taken_well.file_id, 0)
    -- nobody can tell which file would make up for it
    and (received.table_name is not null or received.received_on >= desk.today() - 14)
union all
select
    'quarantine_open' as rule_code,
    received.file_id,
    null as source,
    desk.business_days(received.received_on, desk.today()) as day_count
from undecided
inner join received
    on undecided.file_id = received.file_id
