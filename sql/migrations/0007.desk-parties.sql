-- depends: 0006.quality-report
-- The desk: what people change. Who pays, who is treated, who works here, and what today is.
create schema desk authorization daysheet_owner;
set role daysheet_owner;

grant usage on schema desk to
daysheet_loader, daysheet_builder, daysheet_reader, daysheet_desk, daysheet_mailer;

create function desk.today() returns date
language sql stable parallel safe
return coalesce(
    nullif(current_setting('daysheet.as_of', true), '')::date,
    timezone(
        coalesce(nullif(current_setting('daysheet.timezone', true), ''), 'UTC'), now()
    )::date
);
comment on function desk.today() is
'The as-of date of the desk: daysheet.as_of if it is set, else today in daysheet.timezone.';

create function desk.random_code() returns text
language sql volatile
return (
    with random as (
        select uuid_send(gen_random_uuid()) as sixteen
    ),

    -- bytes 6 and 8 of a random uuid are not all random
    places (place) as (
        values (0), (1), (2), (3), (4), (5), (10)
    )

    select
        string_agg(
            substr(
                'ABCDEFGHJKMNPQRSTUVWXYZ23456789',
                1 + get_byte(random.sixteen, places.place) % 31,
                1
            ), ''
        )
    from random
    cross join places
);
comment on function desk.random_code() is
'Seven random characters none of which looks like another; says nothing about a person.';

create function desk.refuse_change() returns trigger
language plpgsql as $$
begin
    raise exception '%.% is append-only', tg_table_schema, tg_table_name
    using errcode = 'restrict_violation', table = tg_table_name, schema = tg_table_schema;
end
$$;

create function desk.touch() returns trigger
language plpgsql as $$
begin
    new.row_version := old.row_version + 1;
    new.updated_at := now();
    return new;
end
$$;

create table desk.secret (
    name text primary key,
    value bytea not null
);
comment on table desk.secret is
'Keys of keyed hashes, made with the database so that a backup holds both; never shown.';
insert into desk.secret
select
    'client_key' as name,
    sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) as value;

create table desk.practice_setting (
    name text primary key,
    value jsonb not null,
    meaning text not null,
    row_version integer not null default 1,
    updated_at timestamptz not null default now()
);
comment on table desk.practice_setting is 'The practice''s own numbers; meaning says of what.';
insert into desk.practice_setting (name, value, meaning) values
('writeoff_limit', '250.00', 'Dollars a lead may write off on one session; more needs an admin.'),
('monthly_budget', 'null', 'Dollars a month the practice means to collect; null for none.'),
('dental_filing_days', '365', 'Days to file with a carrier no payer is named like.');

create table desk.holiday (
    day date primary key,
    name text not null
);
comment on table desk.holiday is
'Days from Monday to Friday that are no business days; the pace of the budget counts by them.';

create table desk.payers (
    payer_id uuid primary key default gen_random_uuid(),
    external_id text unique check (external_id ~ '^[A-Z0-9]{3,10}$'),
    name text not null check (length(name) between 1 and 200),
    billing_route text not null default 'simplepractice'
    check (billing_route in ('simplepractice', 'portal', 'paper')),
    plan_class text not null default 'commercial'
    check (plan_class in ('commercial', 'medicaid', 'medicare', 'tricare', 'other')),
    filing_days integer not null default 90 check (filing_days between 1 and 1095),
    appeal_days integer not null default 60 check (appeal_days between 1 and 1095),
    expected_pay_days integer not null default 30 check (expected_pay_days between 1 and 1095),
    active boolean not null default true,
    needs_review boolean not null default false,
    row_version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table desk.payers is
'Insurers. external_id is the text in parentheses behind the name in exports, upper case: leading '
'zeros and letters are real.';
comment on column desk.payers.billing_route is 'How its claims are sent.';
comment on column desk.payers.filing_days is
'Days from the visit until a first claim must be there.';
comment on column desk.payers.appeal_days is
'Days from a denial, or from the decision on an appeal, until the next appeal must be filed.';
comment on column desk.payers.needs_review is
'First seen in a file: nobody has confirmed yet what it is.';

create table desk.payer_aliases (
    alias_norm text not null,
    payer_id uuid not null references desk.payers,
    created_at timestamptz not null default now(),
    primary key (alias_norm, payer_id)
);
comment on table desk.payer_aliases is
'Every spelling of a payer seen in a file: NFKC, single spaces, case folded, without the id.';

create table desk.insurance_portals (
    portal_id uuid primary key default gen_random_uuid(),
    payer_id uuid not null references desk.payers,
    name text not null,
    url text not null check (url like 'https://%'),
    -- Logins belong in a password manager.
    instructions text not null default ''
    check (instructions !~* '(password|passwd|passcode|pwd|pin)\s*[:=]'),
    active boolean not null default true,
    row_version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table desk.insurance_portals is
'Web pages of payers where claims are entered by hand.';

create table desk.clients (
    client_id uuid primary key default gen_random_uuid(),
    client_key bytea not null unique,
    full_name text not null,
    initials text not null,
    needs_review boolean not null default false,
    row_version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table desk.clients is
'Clients of the counseling practice. Exports carry no client id: the key is an HMAC of the name, '
'so two people of one name cannot be told apart.';

create table desk.clinicians (
    clinician_id uuid primary key default gen_random_uuid(),
    clinician_key text not null unique,
    name text not null,
    active boolean not null default true,
    row_version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table desk.clinicians is
'Who gives the sessions, by name as exports write it; clinician_key is the name without case.';

create table desk.staff (
    user_id text primary key,
    display_code text not null unique check (length(display_code) between 1 and 12),
    email text check (email is null or email ~ '^[^@\s]+@[^@\s]+$'),
    desk_role text not null check (desk_role in ('viewer', 'biller', 'lead', 'admin')),
    active boolean not null default true,
    works_claims boolean not null default false,
    works_payers uuid[] not null default '{}',
    row_version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table desk.staff is
'Who has a right to the desk, by Airflow user name; no row, or an inactive one, is no access. '
'works_payers is empty for someone who covers every payer.';

do $$
declare
    touched text;
begin
    foreach touched in array array[
        'practice_setting', 'payers', 'insurance_portals', 'clients', 'clinicians', 'staff'
    ] loop
        execute format(
            'create trigger touch before update on desk.%I for each row execute function desk.touch()',
            touched
        );
    end loop;
end
$$;

reset role;
