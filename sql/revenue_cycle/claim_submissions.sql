-- Each sending of a claim and what the payer answered.
select
    submissions.claim_id as subject_id,
    submissions.n,
    submissions.submitted_on,
    submissions.kind,
    insurance_portals.name as portal_name,
    submission_outcomes.outcome,
    submission_outcomes.reject_reason,
    submission_outcomes.at as answered_at,
    coalesce(staff.display_code, submissions.by_user) as who
from desk.submissions
left join desk.submission_outcomes
    on submissions.claim_id = submission_outcomes.claim_id and submissions.n = submission_outcomes.n
left join desk.insurance_portals
    on submissions.portal_id = insurance_portals.portal_id
left join desk.staff
    on submissions.by_user = staff.user_id
