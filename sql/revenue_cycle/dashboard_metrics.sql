with as_of as (
    select
        desk.today() as as_of_day,
        desk.today() - 89 as ninety_days_ago,
        date_trunc('month', desk.today())::date as month_start
),

receivable as (
    select
        count(*) filter (where not in_ar and days_since_service >= 0) as unbilled_sessions,
        coalesce(sum(outstanding) filter (where in_ar), 0) as outstanding_amount,
        count(*) filter (where in_ar and age_days > 90) as over_90,
        count(*) filter (where assigned_to is null) as unassigned
    from desk.aging_report
),

recently_paid as (
    select
        sessions.paid_on - sessions.first_submitted_on as days_to_payment,
        sessions.paid_on - sessions.service_on as days_from_service
    from desk.sessions
    cross join as_of
    where
        sessions.billing_status = 'paid'
        and sessions.amount_paid > 0
        and sessions.first_submitted_on is not null
        and sessions.paid_on between as_of.ninety_days_ago and as_of.as_of_day
        and sessions.paid_on >= sessions.first_submitted_on
),

speed as (
    select
        count(*) as paid_sessions,
        round(avg(days_to_payment), 2) as mean_days,
        percentile_cont(0.5) within group (order by days_to_payment) as median_days,
        round(avg(days_from_service), 2) as mean_days_from_service
    from recently_paid
),

first_outcomes as (
    select
        count(*) as adjudicated,
        count(*) filter (where sessions.first_outcome = 'denied') as denied
    from desk.sessions
    cross join as_of
    where sessions.first_adjudicated_on between as_of.ninety_days_ago and as_of.as_of_day
),

collected as (
    select
        coalesce(sum(payments.amount) filter (where payments.payer_id is not null), 0) as insurance,
        coalesce(sum(payments.amount) filter (where payments.payer_id is null), 0) as clients
    from desk.payments
    cross join as_of
    where payments.received_on between as_of.month_start and as_of.as_of_day
),

workloads as (
    select
        staff.user_id,
        count(aging_report.session_id) as open_rows
    from desk.staff
    left join desk.aging_report
        on staff.user_id = aging_report.assigned_to
    where staff.active and staff.works_claims
    group by staff.user_id
),

workload as (
    select
        round(avg(open_rows), 1) as mean_rows,
        max(open_rows) as most_rows,
        min(open_rows) as fewest_rows
    from workloads
)

select
    as_of.as_of_day as as_of,
    receivable.unbilled_sessions,
    receivable.outstanding_amount as outstanding_claims_amount,
    speed.mean_days as avg_days_to_payment,
    speed.median_days as median_days_to_payment,
    speed.mean_days_from_service as avg_days_service_to_payment,
    speed.paid_sessions as days_to_payment_sample,
    receivable.over_90 as aging_over_90,
    round(
        100.0 * first_outcomes.denied / nullif(first_outcomes.adjudicated, 0), 1
    ) as denial_rate_pct,
    first_outcomes.adjudicated as denial_rate_sample,
    collected.insurance + collected.clients as collections_mtd,
    collected.insurance as collections_mtd_insurance,
    workload.mean_rows as claims_per_staff_mean,
    workload.most_rows as claims_per_staff_max,
    workload.fewest_rows as claims_per_staff_min,
    receivable.unassigned as claims_unassigned
from as_of
cross join receivable
cross join speed
cross join first_outcomes
cross join collected
cross join workload
