-- depends: 0007.desk-parties
-- Sessions and the claims they were sent on, with a history nobody can rewrite.
set role daysheet_owner;

create table desk.claims (
    claim_id uuid primary key default gen_random_uuid(),
    claim_ref text not null unique default 'RC-' || desk.random_code()
    check (claim_ref ~ '^RC-[A-HJKMNP-Z2-9]{7}$'),
    payer_id uuid references desk.payers,
    client_id uuid references desk.clients,
    clearinghouse_ref text unique,
    payer_claim_no text,
    source_status text,
    -- the day of the first file that said so
    source_status_on date,
    submitted_on date,
    portal_id uuid references desk.insurance_portals,
    source_as_of date,
    row_version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- deferrable: two claims may change numbers in one statement
    unique (payer_id, payer_claim_no) deferrable
);
comment on table desk.claims is
'What was sent to a payer: one or more sessions. claim_ref is ours and random, for links and mail; '
'the clearinghouse and payer numbers identify a person and stay here.';

create table desk.sessions (
    session_id uuid primary key default gen_random_uuid(),
    session_ref text not null unique default 'RS-' || desk.random_code()
    check (session_ref ~ '^RS-[A-HJKMNP-Z2-9]{7}$'),
    service_on date not null,
    service_time time,
    client_id uuid not null references desk.clients,
    clinician_id uuid not null references desk.clinicians,
    billing_code text not null,
    modifiers text[] not null default '{}',

    -- as the newest export says
    payer_id uuid references desk.payers,
    secondary_payer_id uuid references desk.payers,
    units numeric(6, 2),
    total_fee numeric(12, 2) not null default 0,
    client_charge numeric(12, 2) not null default 0,
    client_uninvoiced numeric(12, 2) not null default 0,
    client_paid numeric(12, 2) not null default 0,
    client_unpaid numeric(12, 2) not null default 0,
    ins_charge numeric(12, 2) not null default 0 check (ins_charge >= 0),
    ins_paid_reported numeric(12, 2) not null default 0,
    ins_unpaid_reported numeric(12, 2) not null default 0,
    write_off_reported numeric(12, 2) not null default 0 check (write_off_reported >= 0),
    client_status_label text,
    ins_status_label text,
    note_status text,
    source_as_of date,
    source_file_id bigint references ops.file,
    row_hash uuid,

    -- ours: no import overwrites these
    billing_status text not null check (billing_status in (
        'scheduled', 'completed', 'documented', 'ready_to_bill', 'submitted', 'pending', 'approved',
        'paid', 'denied', 'appealing', 'client_responsibility', 'written_off', 'voided'
    )),
    status_since date not null default desk.today(),
    claim_id uuid references desk.claims,
    note_attested_on date,
    first_submitted_on date,
    last_submitted_on date,
    paid_on date,
    paid_on_source text check (paid_on_source in ('remittance', 'manual', 'unknown')),
    denied_on date,
    appeal_deadline date,
    first_adjudicated_on date,
    first_outcome text check (
        first_outcome in ('paid', 'partial', 'denied', 'patient', 'approved')
    ),
    -- true while the day is only that of the file which told
    first_outcome_is_estimated boolean not null default false,
    expected_allowed numeric(12, 2),
    ins_paid_posted numeric(12, 2),
    write_off_posted numeric(12, 2) check (write_off_posted >= 0),
    client_transfer numeric(12, 2) not null default 0 check (client_transfer >= 0),
    clean_claim boolean,
    needs_disposition boolean not null default false,
    keeps_credit boolean not null default false,
    hold_reason text,
    assigned_to text references desk.staff,
    next_action_on date,

    amount_paid numeric(12, 2) not null
    generated always as (coalesce(ins_paid_posted, ins_paid_reported)) stored,
    write_off numeric(12, 2) not null
    generated always as (coalesce(write_off_posted, write_off_reported)) stored,
    outstanding numeric(12, 2) not null generated always as (greatest(
        ins_charge - coalesce(ins_paid_posted, ins_paid_reported)
        - coalesce(write_off_posted, write_off_reported) - client_transfer, 0
    )) stored,
    payer_credit numeric(12, 2) not null generated always as (greatest(
        coalesce(ins_paid_posted, ins_paid_reported)
        + coalesce(write_off_posted, write_off_reported) + client_transfer - ins_charge, 0
    )) stored,
    in_ar boolean not null generated always as (
        billing_status in ('submitted', 'pending', 'approved', 'denied', 'appealing')
        or (billing_status = 'ready_to_bill' and first_submitted_on is not null)
    ) stored,
    unbilled boolean not null generated always as (
        billing_status in ('completed', 'documented', 'ready_to_bill')
        and first_submitted_on is null and ins_charge > 0
    ) stored,

    row_version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),

    constraint submitted_in_order check (last_submitted_on >= first_submitted_on),
    constraint submitted_after_service check (first_submitted_on >= service_on),
    constraint denied_on_a_day check (billing_status != 'denied' or denied_on is not null),
    constraint paid_on_a_day_or_unknown check (
        billing_status != 'paid' or coalesce(paid_on_source = 'unknown', false)
        or paid_on is not null
    )
);
comment on table desk.sessions is
'One service code on one visit, the unit every count uses. Paid above billed is normal and shown '
'as payer_credit.';
comment on column desk.sessions.source_as_of is 'Day of the newest export that speaks of it.';
comment on column desk.sessions.client_transfer is
'What was moved from the insurer to the client here; client_charge is what the export says.';
comment on column desk.sessions.note_attested_on is
'Day on which the clinical note was written, as a person says.';
comment on column desk.sessions.first_submitted_on is
'Day it was first sent to the payer, from which its age counts; null if never sent, or unknown.';
comment on column desk.sessions.paid_on is 'Day of the last payment, once it is paid.';
comment on column desk.sessions.paid_on_source is
'Who told the day: the payer''s remittance, a person (manual), or nobody (unknown).';
comment on column desk.sessions.first_adjudicated_on is
'Day of the payer''s first answer, the earliest known; the denial rate counts by it.';
comment on column desk.sessions.first_outcome is
'That answer; patient is that the client owes it. A later answer does not change it.';
comment on column desk.sessions.first_outcome_is_estimated is
'The day of the first answer is only that of the file which told.';
comment on column desk.sessions.expected_allowed is
'What payer and client together should pay, as the payer said; null if it never did.';
comment on column desk.sessions.ins_paid_posted is
'Sum of its allocations, kept by the database; null before the first of them.';
comment on column desk.sessions.write_off_posted is
'Sum of its write-offs made here, kept by the database; null while none stands.';
comment on column desk.sessions.clean_claim is
'Whether it went through at the first sending; null before that is known.';
comment on column desk.sessions.needs_disposition is
'Paid in part, and nobody has said what becomes of the rest.';
comment on column desk.sessions.keeps_credit is 'A credit that somebody, or a file, let stand.';
comment on column desk.sessions.amount_paid is
'What the insurer paid: by the payments posted here if there are any, else by the newest export.';
comment on column desk.sessions.write_off is
'What was taken off: by the adjustments made here if there are any, else by the newest export.';
comment on column desk.sessions.outstanding is
'ins_charge - amount_paid - write_off - client_transfer, never below 0.';
comment on column desk.sessions.payer_credit is 'By how much these go beyond ins_charge.';
comment on column desk.sessions.in_ar is 'Sent and still open: accounts receivable.';
comment on column desk.sessions.unbilled is 'Took place, has an insurance charge, was never sent.';
create unique index session_identity on desk.sessions (
    service_on, coalesce(service_time, '00:00'), client_id, clinician_id, billing_code, modifiers
);
create index session_by_claim on desk.sessions (claim_id);
create index session_by_client on desk.sessions (client_id, service_on);
create index session_owed on desk.sessions (payer_id) where in_ar or unbilled;
create index session_by_owner on desk.sessions (assigned_to) where in_ar or unbilled;

create table desk.submissions (
    claim_id uuid not null references desk.claims,
    n integer not null check (n > 0),
    submitted_on date,
    kind text not null check (kind in ('original', 'corrected', 'appeal')),
    portal_id uuid references desk.insurance_portals,
    by_user text not null,
    at timestamptz not null default now(),
    primary key (claim_id, n)
);
comment on table desk.submissions is
'Each sending of a claim; what the payer answered is in desk.submission_outcomes. Append-only.';

create table desk.submission_outcomes (
    claim_id uuid not null,
    n integer not null,
    outcome text not null check (outcome in ('accepted', 'rejected')),
    reject_reason text,
    by_user text not null,
    at timestamptz not null default now(),
    primary key (claim_id, n),
    foreign key (claim_id, n) references desk.submissions
);
comment on table desk.submission_outcomes is
'Whether the payer took a sending: accepted is that it works on it, not that it pays. Append-only.';

create table desk.session_status_history (
    history_id bigint generated always as identity primary key,
    session_id uuid not null references desk.sessions deferrable initially deferred,
    from_status text,
    to_status text not null,
    transition smallint,
    at timestamptz not null default clock_timestamp(),
    as_of date not null default desk.today(),
    actor text not null check (actor != ''),
    source text not null check (source in ('ui', 'import', 'dag')),
    reason text,
    file_id bigint references ops.file,
    line bigint,
    batch_id uuid,
    detail jsonb not null default '{}'
);
comment on table desk.session_status_history is
'Every status a session ever had; the last row of a session is its status. transition is the row '
'number of the lifecycle, null for the first; batch_id ties the rows of one bulk change.';
create index history_by_session on desk.session_status_history (session_id, history_id);

create function desk.check_status_history() returns trigger
language plpgsql as $$
declare
    said text;
begin
    select to_status into said from desk.session_status_history
    where session_id = new.session_id order by history_id desc limit 1;
    if said is distinct from (
        select billing_status from desk.sessions where session_id = new.session_id
    ) then
        raise exception 'a session''s status is not what its history says'
        using errcode = 'integrity_constraint_violation',
        table = 'sessions', schema = 'desk', constraint = 'status_has_history';
    end if;
    return null;
end
$$;
create constraint trigger status_has_history
after insert or update of billing_status on desk.sessions
deferrable initially deferred for each row execute function desk.check_status_history();
create constraint trigger history_is_status
after insert on desk.session_status_history
deferrable initially deferred for each row execute function desk.check_status_history();

create trigger touch before update on desk.claims
for each row execute function desk.touch();
-- A newer export that says the same is no change: who edits the session need not look again.
create trigger touch before update on desk.sessions
for each row when (
    old.source_as_of is not distinct from new.source_as_of
    or old.row_hash is distinct from new.row_hash
) execute function desk.touch();

do $$
declare
    one text;
begin
    foreach one in array array['submissions', 'submission_outcomes', 'session_status_history'] loop
        execute format(
            'create trigger append_only before update or delete or truncate on desk.%I '
            'for each statement execute function desk.refuse_change()', one
        );
    end loop;
end
$$;

reset role;
