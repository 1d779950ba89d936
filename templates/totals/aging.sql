select
    'int_ar_aging_snapshot' as subject,
    'families' as part,
    sum(balance_0_30) as balance_0_30,
    sum(balance_31_60) as balance_31_60,
    sum(balance_61_90) as balance_61_90,
    sum(balance_over_90) as balance_over_90,
    sum(balance_total) as balance_total,
    sum(insurance_estimate) as insurance_estimate,
    sum(payplan_due) as payplan_due
from {{ ref('int_ar_aging_snapshot') }}
where mode = 'running' and patient_id is null
