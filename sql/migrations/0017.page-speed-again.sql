-- depends: 0016.page-speed
-- What the dashboard and the claim tracker read of many sessions, read from indexes alone.
set role daysheet_owner;

drop index desk.session_by_first_answer;
create index session_by_first_answer on desk.sessions (first_adjudicated_on) include (first_outcome)
where first_adjudicated_on is not null;
drop index desk.session_by_day_paid;
create index session_by_day_paid on desk.sessions (paid_on)
include (amount_paid, first_submitted_on, service_on)
where billing_status = 'paid';
drop index desk.session_by_day_settled;
create index session_by_day_settled on desk.sessions (coalesce(paid_on, status_since))
include (paid_on, status_since, amount_paid, first_submitted_on)
where billing_status = 'paid';
create index session_never_sent on desk.sessions (service_on)
where (in_ar or unbilled) and not in_ar;
create index session_by_claim_or_alone on desk.sessions (coalesce(claim_id, session_id));
create index critical_alerts on desk.alerts (amount desc nulls last, critical_since, alert_id)
where severity = 'critical' and status != 'resolved';

reset role;
