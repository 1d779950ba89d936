select
    'int_insurance_payment_allocated' as subject,
    count(*) as row_count,
    sum(hashint8extended(claim_procedure_id, 0)) as key_digest,
    sum(insurance_paid_amount + writeoff_amount) as amount,
    -- A payment that a payment plan tracks stays off the account, its write-off does not.
    -sum(
        case when is_payplan_tracked then 0 else insurance_paid_amount end + writeoff_amount
    ) filter (where counts_in_ar) as ledger_amount
from {{ ref('int_insurance_payment_allocated') }}
