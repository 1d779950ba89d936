-- depends: 0012.mail
-- Alerts: one live alert for each rule and subject, what became of it, and who was told.
set role daysheet_owner;

create function desk.is_business_day(day date) returns boolean
language sql stable parallel safe
return extract(isodow from $1) <= 5 and not exists (
    select from desk.holiday
    where holiday.day = $1
);

create function desk.business_days(first_day date, last_day date) returns integer
language sql stable parallel safe
return (
    select count(*)::integer
    from generate_series(first_day + 1, last_day, interval '1 day') as each_day (at)
    where desk.is_business_day(each_day.at::date)
);
comment on function desk.business_days(date, date) is
'Business days after the first day, up to and with the second.';

create function desk.practice_day(moment timestamptz) returns date
language sql stable parallel safe
return timezone(
    coalesce(nullif(current_setting('daysheet.timezone', true), ''), 'UTC'), moment
)::date;
comment on function desk.practice_day(timestamptz) is
'The day it was then in daysheet.timezone.';

create table desk.alert_rules (
    code text primary key,
    enabled boolean not null default true,
    -- over: more days than that; days_left: that many days or fewer; at_once: as soon as it is so
    counts text not null check (counts in ('over', 'days_left', 'at_once')),
    low_at integer,
    medium_at integer,
    high_at integer,
    critical_at integer,
    route text not null check (route in ('owner', 'lead', 'owner_and_lead')),
    -- the severity from which it is mailed; null is never
    mailed_from text check (mailed_from in ('low', 'medium', 'high', 'critical')),
    -- gives way to a more severe alert on the same subject
    yields boolean not null,
    -- nothing in the data ends it: somebody says that it is done
    ends_by_hand boolean not null default false,
    title text not null,
    ends text not null,
    row_version integer not null default 1,
    updated_at timestamptz not null default now(),
    constraint has_a_step check (
        num_nonnulls(low_at, medium_at, high_at, critical_at) > 0
    ),
    constraint at_once_has_one_step check (
        counts != 'at_once' or num_nonnulls(low_at, medium_at, high_at, critical_at) = 1
    )
);
comment on table desk.alert_rules is
'When something is an alert, how severe it is from which number of days on, and who hears of it.';
comment on column desk.alert_rules.ends is 'What has to happen for the alert to end.';
insert into desk.alert_rules (
    code, counts, low_at, medium_at, high_at, critical_at, route, mailed_from, yields,
    ends_by_hand, title, ends
) values
(
    'missing_note', 'over', 3, null, null, null, 'lead', null, true, false,
    'visit without a locked note', 'the note is locked'
),
(
    'late_note', 'over', null, 5, null, null, 'lead', null, true, false,
    'visit long without a locked note', 'the note is locked'
),
(
    'billing_delay', 'over', null, 7, null, null, 'owner', null, true, false,
    'ready to bill and not sent', 'the claim is sent'
),
(
    'no_response', 'over', 14, null, null, null, 'owner', null, true, false,
    'no word from the payer', 'the payer answers'
),
(
    'slow_payer', 'over', null, 30, null, null, 'owner', null, true, false,
    'no word from the payer for long', 'the payer answers'
),
(
    'stalled', 'over', null, 30, null, null, 'owner', null, true, false,
    'pending without a change', 'its status changes'
),
(
    'payment_overdue', 'over', null, null, 45, null, 'lead', null, true, false,
    'approved and not paid', 'the payment is posted'
),
(
    'aged_claim', 'over', null, null, 60, 90, 'owner_and_lead', 'critical', false, false,
    'claim waiting for long', 'it is paid, written off, or owed by the client'
),
(
    'unbilled_aged', 'over', null, null, 60, 90, 'owner_and_lead', 'critical', false, false,
    'never billed', 'the claim is sent, or the session is no longer billable'
),
(
    'filing_deadline', 'days_left', null, 30, 14, 7, 'owner_and_lead', 'high', false, false,
    'filing deadline', 'the claim is sent, or written off'
),
(
    'appeal_deadline', 'days_left', null, 14, 7, 2, 'owner_and_lead', 'high', false, false,
    'appeal deadline', 'the appeal is filed, or the denial accepted'
),
(
    'denied', 'at_once', null, null, 0, null, 'owner_and_lead', null, false, false,
    'denied', 'it is appealed, corrected, written off, or owed by the client'
),
(
    'underpayment', 'at_once', null, 0, null, null, 'owner', null, false, false,
    'paid less than expected', 'the rest is paid, or decided on'
),
(
    'credit', 'at_once', null, 0, null, null, 'owner', null, false, false,
    'paid more than charged', 'the credit is resolved'
),
(
    'unapplied_money', 'over', null, 5, null, null, 'lead', null, false, false,
    'payment on no session', 'all of it is posted, or reversed'
),
(
    'appeal_stale', 'over', null, null, 60, null, 'lead', null, false, false,
    'appeal without a decision', 'the payer decides'
),
(
    'provider_denials', 'at_once', null, 0, null, null, 'lead', null, false, false,
    'many denials of one clinician', 'the rate falls below its limit'
),
(
    'no_file', 'over', null, null, 8, null, 'lead', 'high', false, false,
    'no appointment report', 'a report is dropped'
),
(
    'no_drop', 'over', null, null, 3, null, 'lead', 'high', false, false,
    'no export of the dental practice system', 'an export is dropped'
),
(
    'bad_file', 'at_once', null, null, 0, null, 'lead', 'high', false, true,
    'file refused, or many of its rows', 'a later file of the same kind is loaded, or it is closed'
),
(
    'quarantine_open', 'over', null, 3, null, null, 'lead', null, false, false,
    'refused rows undecided', 'each of them is decided'
);

create table desk.alerts (
    alert_id uuid primary key default gen_random_uuid(),
    rule_code text not null references desk.alert_rules,
    session_id uuid references desk.sessions,
    dental_claim_id uuid references desk.dental_claims,
    payment_id uuid references desk.payments,
    clinician_id uuid references desk.clinicians,
    file_id bigint references ops.file,
    source text,
    severity text not null check (severity in ('low', 'medium', 'high', 'critical')),
    status text not null default 'open' check (
        status in ('open', 'acknowledged', 'snoozed', 'resolved')
    ),
    day_count integer,
    amount numeric(12, 2),
    silenced_by text references desk.alert_rules,
    first_seen_on date not null default desk.today(),
    last_seen_on date not null default desk.today(),
    critical_since date,
    quiet_until date,
    escalation smallint not null default 0 check (escalation between 0 and 2),
    resolved_on date,
    resolved_how text,
    row_version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint about_one check (num_nonnulls(
        session_id, dental_claim_id, payment_id, clinician_id, file_id, source
    ) = 1),
    constraint quiet_until_a_day check (
        (status in ('acknowledged', 'snoozed')) = (quiet_until is not null)
    ),
    constraint resolved_on_a_day check ((status = 'resolved') = (resolved_on is not null)),
    constraint resolved_somehow check ((status = 'resolved') = (resolved_how is not null)),
    constraint critical_since_a_day check ((severity = 'critical') = (critical_since is not null))
);
comment on table desk.alerts is
'What somebody should know of and act on: one that is not resolved for each rule and subject.';
comment on column desk.alerts.day_count is
'What the rule counts: days since, or days left (negative is too late).';
comment on column desk.alerts.silenced_by is
'The rule of a more severe alert on the same subject, as long as there is one.';
comment on column desk.alerts.quiet_until is
'Acknowledged or snoozed: not mailed before this day, and still counted.';
comment on column desk.alerts.escalation is
'Who was called in because nobody acknowledged it: 0 its owner, 1 a lead, 2 an admin.';
comment on column desk.alerts.resolved_how is 'auto, or the user who closed it.';
create unique index one_live_alert on desk.alerts (
    rule_code, session_id, dental_claim_id, payment_id, clinician_id, file_id, source
) nulls not distinct where status != 'resolved';
create index alert_by_session on desk.alerts (session_id);
create index alert_by_dental_claim on desk.alerts (dental_claim_id);

create table desk.alert_events (
    event_id bigint generated always as identity primary key,
    alert_id uuid not null references desk.alerts,
    kind text not null check (kind in (
        'opened', 'risen', 'fallen', 'reopened', 'resolved', 'acknowledged', 'snoozed', 'woken',
        'escalated'
    )),
    as_of date not null default desk.today(),
    severity text not null,
    escalation smallint not null,
    actor text not null check (actor != ''),
    quiet_until date,
    note text,
    at timestamptz not null default clock_timestamp()
);
comment on table desk.alert_events is
'Everything that became of an alert, in order. Append-only.';
create index event_by_alert on desk.alert_events (alert_id, event_id);

create table desk.alert_snapshots (
    as_of date not null,
    rule_code text not null references desk.alert_rules,
    severity text not null,
    alerts integer not null,
    amount numeric(14, 2) not null,
    primary key (as_of, rule_code, severity)
);
comment on table desk.alert_snapshots is
'How many alerts of a rule there were on a day; a second look at the day replaces it.';

create table desk.alert_days (
    as_of date primary key,
    evaluated_at timestamptz not null default now()
);
comment on table desk.alert_days is
'The days on which alerts were brought up to date; days only looked back on are not among them.';

create table ops.mail_line (
    mail_id bigint not null references ops.mail,
    alert_id uuid not null references desk.alerts,
    section text not null check (section in ('new', 'escalated', 'open', 'resolved')),
    event_id bigint not null references desk.alert_events,
    primary key (mail_id, alert_id)
);
comment on table ops.mail_line is
'Which alerts a digest told of, those behind "and n more" too.';
comment on column ops.mail_line.event_id is
'The last thing that had become of the alert: what came later is told by the next digest.';
create index mail_line_by_alert on ops.mail_line (alert_id);

create trigger touch before update on desk.alerts for each row execute function desk.touch();
create trigger touch before update on desk.alert_rules for each row execute function desk.touch();
create trigger append_only before update or delete or truncate on desk.alert_events
for each statement execute function desk.refuse_change();
create trigger append_only before update or delete or truncate on ops.mail_line
for each statement execute function ops.refuse_change();

grant select, insert, update on
desk.alerts, desk.alert_snapshots, desk.alert_days to daysheet_desk;
grant select, update on desk.alert_rules to daysheet_desk;
grant select, insert on desk.alert_events, ops.mail_line to daysheet_desk;
grant delete on desk.alert_snapshots to daysheet_desk;
grant select on desk.alert_rules, desk.alert_snapshots, desk.alert_days to
daysheet_reader, daysheet_mailer;
grant execute on function desk.is_business_day(date), desk.business_days(date, date),
desk.practice_day(timestamptz) to
daysheet_desk, daysheet_mailer, daysheet_reader;

reset role;
