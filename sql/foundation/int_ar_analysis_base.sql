-- The practice system's ledger in running mode: rows dated after the as-of day count, except
-- payment plan charges. Which plan rows count is the practice's PayPlansVersion, 1 to 4.
with settings as (
    select
        {{ preference(source('opendental', 'preference'), 'PayPlansVersion', '2') }}
            as payplans_version
),

hidden_unearned_types as (
    select definition_id
    from {{ source('opendental', 'definition') }}
    where category = 29 and item_value != ''
),

plan_entries as (
    {{ payment_plan_entries(
        'settings',
        source('opendental', 'payplan'),
        source('opendental', 'payplancharge'),
        as_of
    ) | indent }}
),

plan_link_credits as (
    {{ payment_plan_link_credits(
        'settings',
        source('opendental', 'payplanlink'),
        source('opendental', 'payplan'),
        source('opendental', 'procedurelog'),
        source('opendental', 'adjustment'),
        source('opendental', 'claimproc'),
        source('opendental', 'paysplit')
    ) | indent }}
),

ledger_rows as (
    select
        charted.patient_id,
        charted.proc_date as ledger_date,
        'production' as part,
        {{ gross_fee('charted') }} as amount,
        0 as writeoff_amount
    from {{ source('opendental', 'procedurelog') }} as charted
    where charted.proc_status = 2
    union all
    select
        claim_lines.patient_id,
        claim_lines.date_cp as ledger_date,
        case when claim_lines.status = 0 then 'pending' else 'insurance' end as part,
        case
            when claim_lines.status = 0 then claim_lines.ins_pay_est
            when claim_lines.payplan_id is null then -claim_lines.ins_pay_amt
        end as amount,
        claim_lines.write_off as writeoff_amount
    from {{ source('opendental', 'claimproc') }} as claim_lines
    left join {{ source('opendental', 'procedurelog') }} as charted
        on claim_lines.procedure_id = charted.procedure_id
    where
        (claim_lines.status = 0 or {{ is_paid_line('claim_lines.status') }})
        and (claim_lines.procedure_id is null or charted.proc_status = 2)
    union all
    select
        patient_id,
        adj_date as ledger_date,
        'adjustment' as part,
        adj_amt as amount,
        0 as writeoff_amount
    from {{ source('opendental', 'adjustment') }}
    union all
    select
        splits.patient_id,
        splits.date_pay as ledger_date,
        'patient payment' as part,
        -splits.split_amt as amount,
        0 as writeoff_amount
    from {{ source('opendental', 'paysplit') }} as splits
    cross join settings
    left join hidden_unearned_types
        on splits.unearned_type_id = hidden_unearned_types.definition_id
    where
        hidden_unearned_types.definition_id is null
        and (splits.payplan_id is null or settings.payplans_version in ('2', '4'))
    union all
    select
        patient_id,
        entry_date as ledger_date,
        'payment plan' as part,
        amount,
        0 as writeoff_amount
    from plan_entries
    union all
    select
        patient_id,
        item_date as ledger_date,
        'payment plan' as part,
        amount,
        0 as writeoff_amount
    from plan_link_credits
),

totals as (
    select
        coalesce(patient_id, 0) as patient_id,
        sum(coalesce(amount, 0) - coalesce(writeoff_amount, 0)) filter (where part != 'pending')
            as balance,
        sum(amount) filter (where part = 'production') as production,
        sum(amount) filter (where part = 'adjustment') as adjustments,
        -sum(amount) filter (where part = 'insurance') as insurance,
        sum(writeoff_amount) filter (where part = 'insurance') as writeoffs,
        -sum(amount) filter (where part = 'patient payment') as patient_payments,
        sum(amount) filter (where part = 'payment plan') as payplan,
        sum(amount) filter (where part = 'pending') as insurance_pending,
        sum(writeoff_amount) filter (where part = 'pending') as writeoff_pending,
        min(ledger_date) filter (
            where part != 'pending' and ledger_date > '0001-01-01'
        ) as first_date,
        max(ledger_date) filter (
            where part = 'insurance' and amount < 0 and ledger_date <= '{{ as_of }}'::date
        ) as last_insurance_date,
        max(ledger_date) filter (
            where part = 'patient payment' and amount < 0 and ledger_date <= '{{ as_of }}'::date
        ) as last_patient_date
    from ledger_rows
    group by coalesce(patient_id, 0)
)

select
    totals.patient_id,
    patients.guarantor_id,
    coalesce(totals.balance, 0) as total_ar_balance,
    coalesce(totals.production, 0) as total_production,
    coalesce(totals.adjustments, 0) as total_adjustments,
    coalesce(totals.insurance, 0) as total_insurance_payments,
    coalesce(totals.writeoffs, 0) as total_writeoffs,
    coalesce(totals.patient_payments, 0) as total_patient_payments,
    coalesce(totals.payplan, 0) as total_payplan,
    coalesce(totals.insurance_pending, 0) as insurance_pending_amount,
    coalesce(totals.writeoff_pending, 0) as writeoff_pending_amount,
    totals.first_date as first_transaction_date,
    nullif(totals.last_insurance_date, '0001-01-01') as last_insurance_payment_date,
    nullif(totals.last_patient_date, '0001-01-01') as last_patient_payment_date
from totals
left join {{ source('opendental', 'patient') }} as patients
    on totals.patient_id = patients.patient_id
