-- What stands beside the seven metrics: the other side of a share, what was left out, the budget.
with as_of as (
    select
        desk.today() as as_of_day,
        desk.today() - 89 as ninety_days_ago,
        date_trunc('month', desk.today())::date as month_start,
        (date_trunc('month', desk.today()) + interval '1 month')::date as next_month_start
),

open_sessions as (
    select
        aging_report.*,
        staff.user_id is not null as is_worked_on
    from desk.aging_report
    left join desk.staff
        on
            aging_report.assigned_to = staff.user_id
            and staff.active
            and staff.works_claims
),

receivable as (
    select
        coalesce(sum(outstanding) filter (
            where not in_ar and days_since_service >= 0
        ), 0) as unbilled_amount,
        min(service_on) filter (where not in_ar) as oldest_unbilled_on,
        count(*) filter (where in_ar) as sessions_in_ar,
        coalesce(sum(outstanding) filter (where in_ar and age_days > 90), 0) as over_90_amount,
        count(*) filter (where not in_ar and days_since_service > 90) as over_90_unbilled,
        count(*) filter (where is_worked_on) as rows_of_staff
    from open_sessions
),

staffed as (
    select count(*) as staff_count
    from desk.staff
    where active and works_claims
),

credits as (
    select coalesce(sum(payer_credit), 0) as payer_credits
    from desk.sessions
    where payer_credit > 0 and billing_status != 'voided'
),

recently_paid as (
    select sessions.paid_on - sessions.first_submitted_on as days_to_payment
    from desk.sessions
    cross join as_of
    where
        sessions.billing_status = 'paid'
        and sessions.amount_paid > 0
        and coalesce(sessions.paid_on, sessions.status_since)
        between as_of.ninety_days_ago and as_of.as_of_day
),

speed as (
    select
        coalesce(sum(days_to_payment) filter (where days_to_payment >= 0), 0) as days_to_payment,
        count(*) filter (where days_to_payment is null) as unknown_payment_days,
        count(*) filter (where days_to_payment < 0) as paid_before_submission
    from recently_paid
),

denials as (
    select count(*) as denied
    from desk.first_answers
    where is_denied
),

-- in sums, which is what desk.payment_balances comes to: payment by payment it takes long
entries as (
    select amount
    from desk.payments
    where payer_id is not null
    union all
    select -amount as amount
    from desk.payment_allocations
    union all
    select -adjustments.amount as amount
    from desk.adjustments
    inner join desk.payments
        on adjustments.payment_id = payments.payment_id
    where payments.payer_id is not null
),

unapplied as (
    select coalesce(sum(amount), 0) as unapplied_amount
    from entries
),

days as (
    select
        generate_series(
            month_start, next_month_start - 1, interval '1 day'
        )::date as calendar_day
    from as_of
),

business_days as (
    select
        count(*) as in_month,
        count(*) filter (where days.calendar_day <= desk.today()) as elapsed
    from days
    left join desk.holiday
        on days.calendar_day = holiday.day
    where extract(isodow from days.calendar_day) <= 5 and holiday.day is null
),

budget as (
    select (value #>> '{}')::numeric as monthly_budget
    from desk.practice_setting
    where name = 'monthly_budget'
)

select
    receivable.unbilled_amount,
    receivable.oldest_unbilled_on,
    receivable.sessions_in_ar,
    receivable.over_90_amount,
    receivable.over_90_unbilled,
    receivable.rows_of_staff,
    staffed.staff_count,
    credits.payer_credits,
    speed.days_to_payment,
    speed.unknown_payment_days,
    speed.paid_before_submission,
    denials.denied,
    unapplied.unapplied_amount,
    round(
        budget.monthly_budget * business_days.elapsed / nullif(business_days.in_month, 0), 2
    ) as budget_pace
from receivable
cross join staffed
cross join credits
cross join speed
cross join denials
cross join unapplied
cross join business_days
left join budget
    on true
