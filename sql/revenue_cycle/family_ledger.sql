-- The ledger of families of the dental practice, in its own order, without a name.
select
    guarantor_id,
    transaction_date,
    transaction_type,
    source_id,
    patient_id,
    transaction_label,
    amount,
    counts,
    running_family_balance,
    days_backdated
from {{ ref('int_ar_transaction_history') }}
