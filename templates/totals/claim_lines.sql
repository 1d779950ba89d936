with claim_lines as (
    select
        hashint8extended(claim_procedure_id, 0) as key_hash,
        {{ is_paid_line('status') }} as is_paid,
        status = 0 or {{ is_paid_line('status') }} as is_in_ledger,
        claim_id is not null as has_claim,
        claim_payment_id is not null as has_check,
        coalesce(ins_pay_amt, 0) + coalesce(write_off, 0) as amount,
        case when payplan_id is null then coalesce(ins_pay_amt, 0) else 0 end
        + coalesce(write_off, 0) as account_amount
    from {{ source('opendental', 'claimproc') }}
)

select
    'opendental.claimproc' as subject,
    count(*) filter (where is_paid) as paid_count,
    sum(key_hash) filter (where is_paid) as paid_digest,
    sum(amount) filter (where is_paid) as paid_amount,
    count(*) filter (where is_in_ledger) as ledger_count,
    sum(key_hash) filter (where is_in_ledger) as ledger_digest,
    -sum(account_amount) filter (where is_paid) as ledger_amount,
    count(*) filter (where has_claim) as claim_count,
    sum(key_hash) filter (where has_claim) as claim_digest,
    count(*) filter (where has_check) as check_count,
    sum(key_hash) filter (where has_check) as check_digest
from claim_lines
