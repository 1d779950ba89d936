-- A resubmitted or rejected claim never gets younger: age counts from the first submission.
with as_of as materialized ( -- asked once, not for each row
    select desk.today() as as_of_day
),

open_sessions as (
    select
        sessions.*,
        as_of.as_of_day,
        as_of.as_of_day - coalesce(sessions.first_submitted_on, sessions.service_on) as age_days
    from desk.sessions
    cross join as_of
    where sessions.in_ar or sessions.unbilled
)

select
    open_sessions.session_id,
    open_sessions.session_ref,
    open_sessions.claim_id,
    open_sessions.client_id,
    open_sessions.clinician_id,
    open_sessions.payer_id,
    open_sessions.service_on,
    open_sessions.first_submitted_on,
    open_sessions.last_submitted_on,
    open_sessions.billing_status,
    open_sessions.ins_charge,
    open_sessions.amount_paid,
    open_sessions.write_off,
    open_sessions.outstanding,
    open_sessions.assigned_to,
    open_sessions.next_action_on,
    open_sessions.in_ar,
    case
        when open_sessions.first_submitted_on is null then 'service'
        else 'submission'
    end as age_basis,
    open_sessions.age_days,
    open_sessions.as_of_day - open_sessions.service_on as days_since_service,
    case
        when not open_sessions.in_ar then 'not_submitted'
        when open_sessions.age_days <= 30 then '0-30'
        when open_sessions.age_days <= 60 then '31-60'
        when open_sessions.age_days <= 90 then '61-90'
        else '90+'
    end as age_bracket,
    open_sessions.service_on + payers.filing_days as filing_deadline,
    case
        when open_sessions.billing_status in ('denied', 'appealing')
            then open_sessions.appeal_deadline
    end as appeal_deadline
from open_sessions
left join desk.payers
    on open_sessions.payer_id = payers.payer_id
