-- Each rate as what is divided by what; a rate is of the last 90 days unless it says otherwise.
with as_of as (
    select
        desk.today() as as_of_day,
        desk.today() - 89 as ninety_days_ago
),

contractual as (
    select
        session_id,
        sum(amount) as amount
    from desk.adjustments
    where kind = 'contractual'
    group by session_id
),

denied as (
    select distinct session_id
    from desk.denials
),

billable as (
    select
        sessions.*,
        sessions.ins_charge - coalesce(
            case when sessions.write_off_posted is null then sessions.write_off_reported end,
            contractual.amount,
            0
        ) as expected_amount
    from desk.sessions
    left join contractual
        on sessions.session_id = contractual.session_id
    where sessions.ins_charge > 0 and sessions.billing_status not in ('scheduled', 'voided')
),

flagged as (
    select
        billable.*,
        billable.service_on between as_of.ninety_days_ago and as_of.as_of_day as is_recent_visit,
        billable.service_on between as_of.as_of_day - 180 and as_of.as_of_day - 90
            as is_settled_visit,
        billable.first_adjudicated_on between as_of.ninety_days_ago and as_of.as_of_day
            as is_recently_adjudicated,
        billable.first_submitted_on between as_of.ninety_days_ago and as_of.as_of_day
        -- the payer has said something of it
        and (billable.billing_status != 'submitted' or billable.clean_claim is not null)
            as is_answered,
        billable.billing_status = 'written_off'
        and denied.session_id is not null
        and billable.status_since between as_of.ninety_days_ago and as_of.as_of_day
            as is_written_off_denied
    from billable
    cross join as_of
    left join denied
        on billable.session_id = denied.session_id
),

sums as (
    select
        coalesce(sum(outstanding) filter (where in_ar), 0) as ar_amount,
        sum(ins_charge) filter (where is_recent_visit) as recent_charges,
        sum(expected_amount) filter (where is_recent_visit) as recent_expected,
        coalesce(sum(write_off) filter (where is_written_off_denied), 0) as denied_write_offs,
        count(*) filter (where is_answered) as answered,
        count(*) filter (where is_answered and clean_claim is not false) as answered_clean,
        count(*) filter (where is_recently_adjudicated) as adjudicated,
        count(*) filter (
            where is_recently_adjudicated and first_outcome = 'paid' and clean_claim is not false
        ) as paid_at_once,
        coalesce(sum(amount_paid) filter (where is_settled_visit), 0) as settled_paid,
        sum(expected_amount) filter (where is_settled_visit) as settled_expected
    from flagged
),

decided_appeals as (
    select
        count(*) as decided,
        count(*) filter (where appeals.decision = 'overturned') as overturned
    from desk.appeals
    cross join as_of
    where appeals.decided_on between as_of.ninety_days_ago and as_of.as_of_day
)

select
    sums.ar_amount,
    round(sums.recent_charges / 90, 2) as daily_charges,
    sums.answered_clean,
    sums.answered,
    sums.paid_at_once,
    sums.adjudicated,
    sums.settled_paid,
    sums.settled_expected,
    decided_appeals.overturned,
    decided_appeals.decided,
    sums.denied_write_offs,
    sums.recent_expected
from sums
cross join decided_appeals
