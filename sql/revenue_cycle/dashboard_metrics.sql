-- Each figure with the rows it is made of: what a page lists behind it is of the same view.
with receivable as (
    select
        count(*) filter (where not in_ar and days_since_service >= 0) as unbilled_sessions,
        coalesce(sum(outstanding) filter (where in_ar), 0) as outstanding_amount,
        count(*) filter (where in_ar and age_days > 90) as over_90,
        count(*) filter (where assigned_to is null) as unassigned
    from desk.aging_report
),

speed as (
    select
        count(*) as paid_sessions,
        round(avg(days_to_payment), 2) as mean_days,
        percentile_cont(0.5) within group (order by days_to_payment) as median_days,
        round(avg(days_from_service), 2) as mean_days_from_service
    from desk.days_to_payment
),

answered as (
    select
        count(*) as adjudicated,
        count(*) filter (where is_denied) as denied
    from desk.first_answers
),

collected as (
    select
        coalesce(sum(amount), 0) as received,
        coalesce(sum(amount) filter (where is_insurance), 0) as insurance
    from desk.month_collections
),

workload as (
    select
        round(avg(open_rows), 1) as mean_rows,
        max(open_rows) as most_rows,
        min(open_rows) as fewest_rows
    from desk.workloads
)

select
    desk.today() as as_of,
    receivable.unbilled_sessions,
    receivable.outstanding_amount as outstanding_claims_amount,
    speed.mean_days as avg_days_to_payment,
    speed.median_days as median_days_to_payment,
    speed.mean_days_from_service as avg_days_service_to_payment,
    speed.paid_sessions as days_to_payment_sample,
    receivable.over_90 as aging_over_90,
    round(
        100.0 * answered.denied / nullif(answered.adjudicated, 0), 1
    ) as denial_rate_pct,
    answered.adjudicated as denial_rate_sample,
    collected.received as collections_mtd,
    collected.insurance as collections_mtd_insurance,
    workload.mean_rows as claims_per_staff_mean,
    workload.most_rows as claims_per_staff_max,
    workload.fewest_rows as claims_per_staff_min,
    receivable.unassigned as claims_unassigned
from receivable
cross join speed
cross join answered
cross join collected
cross join workload
