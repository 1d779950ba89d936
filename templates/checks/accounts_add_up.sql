-- error: An account's balance is the same in the base, the analysis, by procedure and by month.
with by_procedure as (
    select
        patient_id,
        sum(current_balance) as amount
    from {{ ref('int_ar_balance') }}
    group by patient_id
),

months as (
    select
        patient_id,
        month_start,
        opening_balance,
        closing_balance,
        lag(closing_balance, 1, 0::numeric) over account as closed_before,
        lead(month_start) over account is null as is_last
    from {{ ref('int_patient_financial_journey') }}
    window account as (partition by patient_id order by month_start)
),

by_month as (
    select
        patient_id,
        sum(closing_balance) filter (where is_last) as amount,
        count(*) filter (where opening_balance != closed_before) as broken_months
    from months
    group by patient_id
),

accounts as (
    select
        coalesce(
            base.patient_id, analysis.patient_id, by_procedure.patient_id, by_month.patient_id
        ) as patient_id,
        coalesce(base.total_ar_balance, 0) as in_base,
        coalesce(analysis.total_ar_balance, 0) as in_analysis,
        coalesce(by_procedure.amount, 0) as by_procedure,
        coalesce(by_month.amount, 0) as by_month,
        coalesce(by_month.broken_months, 0) as broken_months
    from {{ ref('int_ar_analysis_base') }} as base
    full join {{ ref('int_ar_analysis') }} as analysis
        on base.patient_id = analysis.patient_id
    full join by_procedure
        on base.patient_id = by_procedure.patient_id
    full join by_month
        on base.patient_id = by_month.patient_id
)

select
    patient_id,
    in_base,
    in_analysis,
    by_procedure,
    by_month,
    broken_months
from accounts
where
    in_base != in_analysis
    or in_base != by_procedure
    or in_base != by_month
    or broken_months > 0
order by patient_id
