-- depends: 0013.alerts
-- What the pages keep of a person's work at a list: filters under a name, and chosen sessions.
set role daysheet_owner;

create table desk.saved_filters (
    filter_id uuid primary key default gen_random_uuid(),
    user_id text not null references desk.staff,
    page text not null,
    name text not null check (length(name) between 1 and 60),
    query text not null check (length(query) <= 1000),
    created_at timestamptz not null default now(),
    unique (user_id, page, name)
);
comment on table desk.saved_filters is
'A list as somebody wants to see it again, under a name of their own; query is that of its URL.';

create table desk.selections (
    selection_id uuid primary key default gen_random_uuid(),
    user_id text not null references desk.staff,
    query text not null,
    session_ids uuid[] not null check (cardinality(session_ids) <= 500),
    row_versions integer[] not null check (cardinality(row_versions) = cardinality(session_ids)),
    outcome jsonb,
    row_version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    expires_at timestamptz not null default now() + interval '8 hours'
);
comment on table desk.selections is
'Sessions somebody chose on a list, as they were then, to do one thing to all of them.';
comment on column desk.selections.query is 'Of the list they were chosen on, to go back to it.';
comment on column desk.selections.outcome is
'What became of the last thing done to them: keys and reasons; the refused stay chosen.';
create index selection_by_user on desk.selections (user_id);
create trigger touch before update on desk.selections
for each row execute function desk.touch();

grant select, insert, update, delete on desk.saved_filters, desk.selections to daysheet_desk;

reset role;
