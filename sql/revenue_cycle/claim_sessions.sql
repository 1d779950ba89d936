-- Sessions as the record of a claim shows them; what is closed has no age and no deadline.
select
    sessions.session_id as subject_id,
    sessions.row_version,
    sessions.session_ref as reference,
    claims.claim_ref,
    sessions.payer_id,
    payers.name as payer_name,
    sessions.client_id,
    clients.initials as client_initials,
    clients.full_name as client_name,
    clinicians.name as clinician,
    sessions.service_on,
    sessions.billing_code,
    sessions.billing_status as status,
    sessions.in_ar or sessions.unbilled as is_open,
    sessions.first_submitted_on as first_sent_on,
    sessions.last_submitted_on as last_sent_on,
    aging_report.age_days,
    aging_report.age_basis,
    desk.today() - sessions.last_submitted_on as last_sent_age_days,
    case
        when sessions.first_submitted_on is null then aging_report.filing_deadline
    end as filing_deadline,
    aging_report.appeal_deadline,
    sessions.ins_charge as charge,
    sessions.amount_paid as paid,
    sessions.ins_paid_reported as paid_reported,
    sessions.write_off,
    sessions.client_transfer as client_share,
    sessions.outstanding,
    sessions.payer_credit as credit,
    sessions.assigned_to,
    staff.display_code as owner,
    sessions.next_action_on
from desk.sessions
inner join desk.clients
    on sessions.client_id = clients.client_id
inner join desk.clinicians
    on sessions.clinician_id = clinicians.clinician_id
left join desk.claims
    on sessions.claim_id = claims.claim_id
left join desk.payers
    on sessions.payer_id = payers.payer_id
left join desk.aging_report
    on sessions.session_id = aging_report.session_id
left join desk.staff
    on sessions.assigned_to = staff.user_id
