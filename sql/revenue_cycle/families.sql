-- What each family of the dental practice owes by age, as the build's day has it.
select
    guarantor_id,
    billing_type_name,
    balance_0_30,
    balance_31_60,
    balance_61_90,
    balance_over_90,
    balance_total,
    insurance_estimate,
    patient_portion,
    payplan_due,
    is_in_collections
from {{ ref('int_ar_aging_snapshot') }}
where mode = 'running' and patient_id is null
