with charted_procedures as (
    select
        charted.procedure_id,
        charted.proc_status = 2 as is_completed,
        case when charted.proc_status = 2 then {{ gross_fee('charted') }} end as amount
    from {{ source('opendental', 'procedurelog') }} as charted
)

select
    'opendental.procedurelog' as subject,
    count(*) as row_count,
    sum(hashint8extended(procedure_id, 0)) as key_digest,
    count(*) filter (where is_completed) as completed_count,
    sum(hashint8extended(procedure_id, 0)) filter (where is_completed) as completed_digest,
    sum(amount) as amount
from charted_procedures
union all
select
    'int_procedure_complete' as subject,
    count(*) as row_count,
    sum(hashint8extended(procedure_id, 0)) as key_digest,
    count(*) filter (where is_completed) as completed_count,
    sum(hashint8extended(procedure_id, 0)) filter (where is_completed) as completed_digest,
    sum(gross_production) as amount
from {{ ref('int_procedure_complete') }}
