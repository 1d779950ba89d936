-- warn: Ledger rows whose patient is in no file; they are kept, outside every family.
with ledger as (
    select
        'procedurelog' as subject,
        patient_id
    from {{ source('opendental', 'procedurelog') }}
    union all
    select
        'claimproc' as subject,
        patient_id
    from {{ source('opendental', 'claimproc') }}
    union all
    select
        'adjustment' as subject,
        patient_id
    from {{ source('opendental', 'adjustment') }}
    union all
    select
        'paysplit' as subject,
        patient_id
    from {{ source('opendental', 'paysplit') }}
)

select
    ledger.subject,
    count(*) as orphan_rows
from ledger
left join {{ source('opendental', 'patient') }} as patients
    on ledger.patient_id = patients.patient_id
where patients.patient_id is null
group by ledger.subject
