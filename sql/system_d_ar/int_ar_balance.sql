-- Money stays with its own patient: what pays or changes no completed procedure of that patient is
-- on the patient's unattached row (procedure_id 0), so rows add up to the account exactly.
with attached as (
    select
        coalesce(ledger.patient_id, 0) as patient_id,
        ledger.guarantor_id,
        coalesce(completed.source_id, 0) as procedure_id,
        ledger.transaction_type,
        ledger.provider_id,
        ledger.clinic_id,
        ledger.transaction_date,
        ledger.aging_date,
        ledger.is_netted or ledger.amount > 0 as is_charge,
        ledger.amount,
        ledger.insurance_paid,
        ledger.writeoff,
        ledger.insurance_pending,
        ledger.writeoff_pending
    from {{ ref('int_ar_shared_calculations') }} as ledger
    left join {{ ref('int_ar_shared_calculations') }} as completed
        on
            ledger.procedure_id = completed.source_id
            and completed.transaction_type = 'procedure'
            and coalesce(ledger.patient_id, 0) = coalesce(completed.patient_id, 0)
    union all
    -- Every account has an unattached row, if only of nothing.
    select distinct
        coalesce(patient_id, 0) as patient_id,
        guarantor_id,
        0 as procedure_id,
        'none' as transaction_type,
        null::bigint as provider_id,
        null::bigint as clinic_id,
        null::date as transaction_date,
        null::date as aging_date,
        false as is_charge,
        0 as amount,
        0 as insurance_paid,
        0 as writeoff,
        0 as insurance_pending,
        0 as writeoff_pending
    from {{ ref('int_ar_shared_calculations') }}
),

open_charges as (
    {{ open_charges('attached', as_of) | indent }}
),

balances as (
    select
        patient_id,
        guarantor_id,
        procedure_id,
        max(provider_id) filter (where transaction_type = 'procedure') as provider_id,
        max(clinic_id) filter (where transaction_type = 'procedure') as clinic_id,
        max(transaction_date) filter (where transaction_type = 'procedure') as procedure_date,
        coalesce(sum(amount) filter (where transaction_type = 'procedure'), 0) as gross_fee,
        sum(insurance_paid) as insurance_paid,
        sum(writeoff) as insurance_writeoff,
        -coalesce(sum(amount) filter (where transaction_type = 'patient payment'), 0)
            as patient_paid,
        coalesce(sum(amount) filter (where transaction_type = 'adjustment'), 0)
            as adjustment_total,
        coalesce(sum(amount) filter (where transaction_type like 'plan %'), 0) as payplan_total,
        sum(amount) as current_balance,
        sum(insurance_pending) as insurance_pending,
        sum(writeoff_pending) as writeoff_pending,
        max(nullif(transaction_date, '0001-01-01')) filter (
            where
            transaction_date <= '{{ as_of }}'::date
            and (insurance_paid > 0 or (transaction_type = 'patient payment' and amount < 0))
        ) as last_payment_date
    from attached
    group by patient_id, guarantor_id, procedure_id
),

open_claims as (
    select
        coalesce(claim_lines.patient_id, 0) as patient_id,
        coalesce(balances.procedure_id, 0) as procedure_id,
        count(distinct claim_lines.claim_id) as open_claim_count,
        min(coalesce(claim_lines.original_sent_date, claim_lines.sent_date)) filter (
            where claim_lines.claim_status in ('P', 'S')
        ) as oldest_open_claim_sent_date
    from {{ ref('int_claim_details') }} as claim_lines
    left join balances
        on
            claim_lines.procedure_id = balances.procedure_id
            and coalesce(claim_lines.patient_id, 0) = balances.patient_id
    where not claim_lines.is_preauth and claim_lines.claim_status in ('U', 'H', 'W', 'I', 'P', 'S')
    group by coalesce(claim_lines.patient_id, 0), coalesce(balances.procedure_id, 0)
)

select
    '{{ as_of }}'::date as as_of_date,
    balances.patient_id,
    balances.guarantor_id,
    balances.procedure_id,
    balances.provider_id,
    balances.clinic_id,
    balances.procedure_date,
    balances.gross_fee,
    balances.insurance_paid,
    balances.insurance_writeoff,
    balances.patient_paid,
    balances.adjustment_total,
    balances.payplan_total,
    balances.current_balance,
    case
        when balances.guarantor_id is not null then coalesce(open_charges.open_after_credits, 0)
    end as open_after_credits,
    balances.insurance_pending,
    balances.writeoff_pending,
    balances.current_balance - balances.insurance_pending - balances.writeoff_pending
        as patient_portion,
    {{ days_between('balances.procedure_date', "'" ~ as_of ~ "'") }} as days_outstanding,
    {{ age_bucket(days_between('balances.procedure_date', "'" ~ as_of ~ "'")) | indent }}
        as aging_bucket,
    coalesce(open_claims.open_claim_count, 0) as open_claim_count,
    open_claims.oldest_open_claim_sent_date,
    case
        when balances.insurance_pending + balances.writeoff_pending > 0 then 'insurance'
        else 'patient'
    end as responsible_party,
    balances.last_payment_date
from balances
left join open_charges
    on
        balances.patient_id = open_charges.patient_id
        and balances.procedure_id = open_charges.procedure_id
left join open_claims
    on
        balances.patient_id = open_claims.patient_id
        and balances.procedure_id = open_claims.procedure_id
