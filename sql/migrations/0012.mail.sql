-- depends: 0011.report-rows
-- The outbox: a mail is a row, written with what it tells, and sent by whoever locks it.
set role daysheet_owner;

create table ops.mail (
    mail_id bigint generated always as identity primary key,
    kind text not null check (kind in ('digest', 'ops')),
    message_id text not null unique check (message_id ~ '^<[^<>\s@]+@[^<>\s@]+>$'),
    recipient text not null,
    staff_id text references desk.staff,
    digest_date date,
    -- a digest sent once more on request is another issue
    issue smallint not null default 1 check (issue > 0),
    cause text,
    repeats integer not null default 0,
    subject text not null check (subject !~ '[\r\n]'),
    text_body text not null,
    html_body text not null,
    line_count integer not null default 0,
    state text not null default 'pending' check (state in ('pending', 'sent', 'failed')),
    attempts integer not null default 0,
    next_attempt_at timestamptz not null default now(),
    problem text,
    created_at timestamptz not null default now(),
    sent_at timestamptz,
    constraint a_digest_is_somebodys_of_a_day check (
        (kind = 'digest') = (staff_id is not null) and (kind = 'digest') = (digest_date is not null)
    ),
    constraint an_ops_mail_has_a_cause check ((kind = 'ops') = (cause is not null)),
    constraint sent_once check ((state = 'sent') = (sent_at is not null)),
    constraint failed_for_a_reason check (state != 'failed' or problem is not null)
);
comment on table ops.mail is
'Every mail: pending until a server takes it, failed when none ever will. Names nobody but its '
'recipient.';
comment on column ops.mail.message_id is
'The same at each try, so that a mail that came twice is seen to be one.';
comment on column ops.mail.cause is 'What an ops mail is about: one at most is sent an hour.';
comment on column ops.mail.repeats is 'How often its cause came again before the next mail of it.';
comment on column ops.mail.problem is
'The last failure: kind and SMTP code, never the server''s text.';
create unique index one_digest_a_day on ops.mail (digest_date, staff_id, issue)
where kind = 'digest';
create index mail_due on ops.mail (next_attempt_at) where state = 'pending';
create index mail_by_cause on ops.mail (cause, created_at) where kind = 'ops';

grant select on ops.mail to daysheet_desk, daysheet_mailer;
grant insert on ops.mail to daysheet_desk, daysheet_mailer;
grant update (state, attempts, next_attempt_at, problem, sent_at, repeats) on ops.mail
to daysheet_mailer;

reset role;
