-- The practice system's ledger in running mode: rows dated after the as-of day count, except
-- payment plan charges. Which plan rows count is the practice's PayPlansVersion, 1 to 4.
with settings as (
    {{ ledger_settings(source('opendental', 'preference')) | indent }}
),

ledger_rows as (
    {{ ledger_procedures(source('opendental', 'procedurelog')) | indent }}
    union all
    {{ ledger_claim_lines(
        source('opendental', 'claimproc'), source('opendental', 'procedurelog')
    ) | indent }}
    union all
    {{ ledger_adjustments(source('opendental', 'adjustment')) | indent }}
    union all
    {{ ledger_splits(
        'settings',
        source('opendental', 'paysplit'),
        source('opendental', 'payment'),
        source('opendental', 'definition'),
        source('opendental', 'payplan')
    ) | indent }}
    union all
    {{ payment_plan_entries(
        'settings',
        source('opendental', 'payplan'),
        source('opendental', 'payplancharge'),
        source('opendental', 'procedurelog'),
        as_of
    ) | indent }}
    union all
    (
        {{ payment_plan_link_credits(
            'settings',
            source('opendental', 'payplanlink'),
            source('opendental', 'payplan'),
            source('opendental', 'procedurelog'),
            source('opendental', 'adjustment'),
            source('opendental', 'claimproc'),
            source('opendental', 'paysplit')
        ) | indent(8) }}
    )
),

accounts as (
    select
        coalesce(patient_id, 0) as patient_id,
        case when transaction_type like 'plan %' then 'plan' else transaction_type end as part,
        case when not_counted_because is null then source_amount else 0 end as amount,
        insurance_paid,
        writeoff,
        insurance_pending,
        writeoff_pending,
        nullif(transaction_date, '0001-01-01') as ledger_date,
        not_counted_because is null as counts
    from ledger_rows
    where not_counted_because is null or not_counted_because = 'pending'
),

totals as (
    select
        patient_id,
        sum(amount) as balance,
        coalesce(sum(amount) filter (where part = 'procedure'), 0) as production,
        coalesce(sum(amount) filter (where part = 'adjustment'), 0) as adjustments,
        sum(insurance_paid) as insurance,
        sum(writeoff) as writeoffs,
        -coalesce(sum(amount) filter (where part = 'patient payment'), 0) as patient_payments,
        coalesce(sum(amount) filter (where part = 'plan'), 0) as payplan,
        sum(insurance_pending) as insurance_pending,
        sum(writeoff_pending) as writeoff_pending,
        min(ledger_date) filter (where counts) as first_date,
        max(ledger_date) filter (
            where insurance_paid > 0 and ledger_date <= '{{ as_of }}'::date
        ) as last_insurance_date,
        max(ledger_date) filter (
            where part = 'patient payment' and amount < 0 and ledger_date <= '{{ as_of }}'::date
        ) as last_patient_date
    from accounts
    group by patient_id
)

select
    totals.patient_id,
    patients.guarantor_id,
    totals.balance as total_ar_balance,
    totals.production as total_production,
    totals.adjustments as total_adjustments,
    totals.insurance as total_insurance_payments,
    totals.writeoffs as total_writeoffs,
    totals.patient_payments as total_patient_payments,
    totals.payplan as total_payplan,
    totals.insurance_pending as insurance_pending_amount,
    totals.writeoff_pending as writeoff_pending_amount,
    totals.first_date as first_transaction_date,
    totals.last_insurance_date as last_insurance_payment_date,
    totals.last_patient_date as last_patient_payment_date
from totals
left join {{ source('opendental', 'patient') }} as patients
    on totals.patient_id = patients.patient_id
