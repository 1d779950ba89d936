-- depends: 0009.desk-money
-- What is to be done, by whom and until when; and the metrics, with their targets.
set role daysheet_owner;

create table desk.dental_claims (
    dental_claim_id uuid primary key default gen_random_uuid(),
    claim_ref text not null unique default 'DC-' || desk.random_code()
    check (claim_ref ~ '^DC-[A-HJKMNP-Z2-9]{7}$'),
    claim_id bigint not null unique,
    assigned_to text references desk.staff,
    next_action_on date,
    row_version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table desk.dental_claims is
'What the desk keeps of a claim of the dental practice system: a random reference, who works on '
'it. claim_id is the practice system''s key; everything else is read from the published build.';

create table desk.notes (
    note_id uuid primary key default gen_random_uuid(),
    session_id uuid references desk.sessions,
    dental_claim_id uuid references desk.dental_claims,
    kind text not null check (kind in ('note', 'call', 'portal_check', 'follow_up')),
    body text not null check (length(body) between 1 and 4000),
    outcome text,
    next_action_on date,
    by_user text not null,
    at timestamptz not null default now(),
    constraint about_one check (num_nonnulls(session_id, dental_claim_id) = 1),
    -- no touch without a next step
    constraint follow_up_has_a_next_step check (
        kind != 'follow_up' or (outcome is not null and next_action_on is not null)
    )
);
comment on table desk.notes is
'What people found or did. Never edited: a later note corrects an earlier one.';
create index note_by_session on desk.notes (session_id);
create index note_by_dental_claim on desk.notes (dental_claim_id);
create trigger append_only before update or delete or truncate on desk.notes
for each statement execute function desk.refuse_change();

create table desk.work_items (
    item_id uuid primary key default gen_random_uuid(),
    kind text not null check (kind in (
        'bill_it', 'follow_up', 'denial', 'appeal_due', 'more_info', 'rejection', 'disposition',
        'credit', 'unmatched_money', 'unmatched_takeback', 'quarantined_row', 'conflict',
        'confirm_sent', 'payer_review', 'possible_correction', 'deleted_at_source'
    )),
    session_id uuid references desk.sessions,
    dental_claim_id uuid references desk.dental_claims,
    claim_id uuid references desk.claims,
    payment_id uuid references desk.payments,
    payer_id uuid references desk.payers,
    file_id bigint references ops.file,
    line bigint,
    score integer not null default 0 check (score between 0 and 100),
    score_parts jsonb not null default '{}',
    queue text not null default 'on_track' check (queue in ('now', 'this_week', 'on_track')),
    amount numeric(12, 2),
    due_on date,
    detail jsonb not null default '{}',
    assigned_to text references desk.staff,
    snoozed_until date,
    snooze_reason text,
    opened_on date not null default desk.today(),
    done_at timestamptz,
    done_by text,
    outcome text,
    row_version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint about_one check (num_nonnulls(
        session_id, dental_claim_id, claim_id, payment_id, payer_id, file_id
    ) = 1),
    constraint a_row_has_file_and_line check ((file_id is null) = (line is null)),
    constraint snoozed_for_a_reason check ((snoozed_until is null) = (snooze_reason is null)),
    constraint done_by_somebody check ((done_at is null) = (done_by is null))
);
comment on table desk.work_items is
'What is to be done about a session, claim, payment, payer or refused row: one open item a kind.';
comment on column desk.work_items.score is
'0 to 100: amount (up to 35), age (30), days left (25) and state (10), each in score_parts.';
comment on column desk.work_items.due_on is
'Last day on which something can be done; null for none.';
comment on column desk.work_items.detail is 'Codes and keys only, never names.';
create unique index one_open_item on desk.work_items (
    kind, session_id, dental_claim_id, claim_id, payment_id, payer_id, file_id, line
) nulls not distinct where done_at is null;
create index open_items on desk.work_items (assigned_to, score desc) where done_at is null;
create index item_by_session on desk.work_items (session_id);

create table desk.metric_targets (
    metric text not null,
    month date check (extract(day from month) = 1),
    green numeric not null,
    red numeric not null,
    unique nulls not distinct (metric, month)
);
comment on table desk.metric_targets is
'Where a metric is green and where it is red; month null holds for months without their own row.';
insert into desk.metric_targets (metric, green, red) values
('unbilled_sessions', 10, 15),
('outstanding_claims_amount', 5000, 6250),
('avg_days_to_payment', 45, 60),
('aging_over_90', 0, 1),
('denial_rate_pct', 5, 10),
-- in percent of the budget's pace
('collections_mtd', 100, 90),
-- the most of one person over the mean
('claims_per_staff_mean', 1.5, 1.5),
('days_in_ar', 30, 40),
('clean_claim_rate_pct', 95, 95),
('first_pass_rate_pct', 90, 90),
('net_collection_rate_pct', 95, 95);

create table desk.metric_snapshots (
    metric text not null,
    as_of date not null,
    value numeric,
    num numeric,
    den numeric,
    taken_at timestamptz not null default now(),
    primary key (metric, as_of)
);
comment on table desk.metric_snapshots is
'A metric as it was on a day, with what was divided by what; a second look at the day replaces it.';
comment on column desk.metric_snapshots.metric is
'A column of desk.dashboard_metrics, explained there, or one of these, over 90 days: days_in_ar '
'(receivables by the charges of a day), clean_claim_rate_pct (of the sessions the payer answered, '
'those that went through at once), first_pass_rate_pct (of first answers, those that paid '
'in full), net_collection_rate_pct (what was paid of what was expected, of visits 90 to 180 days '
'ago), appeals_overturned_pct (of appeals decided, those won), denial_writeoff_pct (what was '
'written off after a denial, of what was expected).';

do $$
declare
    one text;
begin
    foreach one in array array['dental_claims', 'work_items'] loop
        execute format(
            'create trigger touch before update on desk.%I for each row execute function desk.touch()',
            one
        );
    end loop;
end
$$;

reset role;
