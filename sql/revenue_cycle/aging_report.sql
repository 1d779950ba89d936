-- A resubmitted or rejected claim never gets younger: age counts from the first submission.
-- Without a `with`, so that who asks for one session by its key has one looked up.
select
    sessions.session_id,
    sessions.session_ref,
    sessions.claim_id,
    sessions.client_id,
    sessions.clinician_id,
    sessions.payer_id,
    sessions.service_on,
    sessions.first_submitted_on,
    sessions.last_submitted_on,
    sessions.billing_status,
    sessions.ins_charge,
    sessions.amount_paid,
    sessions.write_off,
    sessions.outstanding,
    sessions.assigned_to,
    sessions.next_action_on,
    sessions.in_ar,
    case
        when sessions.first_submitted_on is null then 'service'
        else 'submission'
    end as age_basis,
    -- selected, the day is asked for once and not for each row
    (select desk.today()) - coalesce(sessions.first_submitted_on, sessions.service_on) as age_days,
    (select desk.today()) - sessions.service_on as days_since_service,
    case
        when not sessions.in_ar then 'not_submitted'
        when
            (select desk.today()) - coalesce(sessions.first_submitted_on, sessions.service_on) <= 30
            then '0-30'
        when
            (select desk.today()) - coalesce(sessions.first_submitted_on, sessions.service_on) <= 60
            then '31-60'
        when
            (select desk.today()) - coalesce(sessions.first_submitted_on, sessions.service_on) <= 90
            then '61-90'
        else '90+'
    end as age_bracket,
    sessions.service_on + payers.filing_days as filing_deadline,
    case
        when sessions.billing_status in ('denied', 'appealing') then sessions.appeal_deadline
    end as appeal_deadline
from desk.sessions
left join desk.payers
    on sessions.payer_id = payers.payer_id
where sessions.in_ar or sessions.unbilled
