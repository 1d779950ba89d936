-- The foundation's totals, with what has been learnt since: age, claims, visits and collections.
with snapshot as (
    select
        guarantor_id,
        patient_id,
        balance_0_30,
        balance_31_60,
        balance_61_90,
        balance_over_90,
        billing_type_name,
        is_in_collections,
        difference_to_cache
    from {{ ref('int_ar_aging_snapshot') }}
    where mode = 'running'
),

prepayments as (
    select
        patient_id,
        sum(split_amount) as unearned_amount
    from {{ ref('int_payment_split') }}
    where is_unearned and not is_hidden_unearned
    group by patient_id
),

claims as (
    select
        patient_id,
        count(*) as open_claim_count
    from {{ source('opendental', 'claim') }}
    where claim_status in ('U', 'H', 'W', 'I', 'P', 'S') and coalesce(claim_type != 'PreAuth', true)
    group by patient_id
),

visits as (
    select
        patient_id,
        max(apt_date_time::date) filter (
            where apt_status = 2 and apt_date_time::date <= '{{ as_of }}'::date
        ) as last_visit_date,
        min(apt_date_time::date) filter (
            where apt_status = 1 and apt_date_time::date >= '{{ as_of }}'::date
        ) as next_visit_date
    from {{ source('opendental', 'appointment') }}
    group by patient_id
)

select
    '{{ as_of }}'::date as as_of_date,
    base.patient_id,
    base.guarantor_id,
    base.total_ar_balance,
    alone.balance_0_30,
    alone.balance_31_60,
    alone.balance_61_90,
    alone.balance_over_90,
    base.insurance_pending_amount,
    base.writeoff_pending_amount,
    base.total_ar_balance - base.insurance_pending_amount - base.writeoff_pending_amount
        as patient_portion,
    coalesce(prepayments.unearned_amount, 0) as unearned_amount,
    base.total_insurance_payments,
    base.total_patient_payments,
    base.last_insurance_payment_date,
    base.last_patient_payment_date,
    coalesce(claims.open_claim_count, 0) as open_claim_count,
    visits.last_visit_date,
    visits.next_visit_date,
    alone.billing_type_name,
    coalesce(alone.is_in_collections, false) as is_in_collections,
    families.difference_to_cache as reconciliation_difference
from {{ ref('int_ar_analysis_base') }} as base
left join snapshot as alone
    on base.patient_id = alone.patient_id
left join snapshot as families
    on
        base.patient_id = families.guarantor_id
        and families.patient_id is null
left join prepayments
    on base.patient_id = prepayments.patient_id
left join claims
    on base.patient_id = claims.patient_id
left join visits
    on base.patient_id = visits.patient_id
