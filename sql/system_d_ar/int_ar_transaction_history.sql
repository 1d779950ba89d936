select
    transaction_type,
    source_id,
    patient_id,
    guarantor_id,
    provider_id,
    clinic_id,
    procedure_id,
    transaction_date,
    entry_date,
    transaction_label,
    amount,
    case
        when amount > 0 then 'increase'
        when amount < 0 then 'decrease'
        else 'none'
    end as balance_impact,
    counts,
    sum(amount) over account as running_patient_balance,
    case when guarantor_id is not null then sum(amount) over family end as running_family_balance,
    count(*) over account as sequence_in_account,
    {{ days_between("nullif(transaction_date, '0001-01-01')", 'entry_date') }} as days_backdated,
    _created_at,
    _updated_at
from {{ ref('int_ar_shared_calculations') }}
window
    account as (
        partition by patient_id
        order by transaction_date asc nulls last, transaction_type asc, source_id asc
        rows unbounded preceding
    ),
    family as (
        partition by guarantor_id
        order by transaction_date asc nulls last, transaction_type asc, source_id asc
        rows unbounded preceding
    )
