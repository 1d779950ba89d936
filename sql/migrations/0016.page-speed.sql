-- depends: 0015.audit-chain
-- What the pages look for among all sessions and all that is to be done, found without reading all.
set role daysheet_owner;

create index session_by_first_answer on desk.sessions (first_adjudicated_on)
where first_adjudicated_on is not null;
create index session_by_day_paid on desk.sessions (paid_on) where billing_status = 'paid';
create index session_by_day_settled on desk.sessions (coalesce(paid_on, status_since))
where billing_status = 'paid';
create index session_by_status on desk.sessions (billing_status, status_since);
create index payer_credits on desk.sessions (payer_id, payer_credit) where payer_credit > 0;
create index snoozed_items on desk.work_items (snoozed_until) where done_at is null;
create index open_items_by_subject on desk.work_items (
    (coalesce(session_id, dental_claim_id))
) where done_at is null;
create index live_alerts on desk.alerts (severity, amount) where status != 'resolved';
create index live_alerts_by_subject on desk.alerts (
    (coalesce(session_id, dental_claim_id))
) where status != 'resolved';

reset role;
