{# What every account is made of, by part, in the ledger's signs: credits are negative. #}
select
    'int_ar_analysis_base' as subject,
    sum(total_ar_balance) as balance,
    sum(total_production) as production,
    sum(total_adjustments) as adjustments,
    sum(total_insurance_payments) as insurance_paid,
    sum(total_writeoffs) as writeoff,
    -sum(total_patient_payments) as patient_payments,
    sum(total_payplan) as payplan,
    sum(insurance_pending_amount) as insurance_pending,
    sum(writeoff_pending_amount) as writeoff_pending
from {{ ref('int_ar_analysis_base') }}
union all
select
    'int_ar_balance' as subject,
    sum(current_balance) as balance,
    sum(gross_fee) as production,
    sum(adjustment_total) as adjustments,
    sum(insurance_paid) as insurance_paid,
    sum(insurance_writeoff) as writeoff,
    -sum(patient_paid) as patient_payments,
    sum(payplan_total) as payplan,
    sum(insurance_pending) as insurance_pending,
    sum(writeoff_pending) as writeoff_pending
from {{ ref('int_ar_balance') }}
