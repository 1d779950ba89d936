-- depends: 0001.roles-and-schemas
set role daysheet_owner;

create table ops.batch (
    batch integer generated always as identity primary key,
    state text not null default 'open' check (state in ('open', 'committed')),
    opened_at timestamptz not null default now(),
    committed_at timestamptz
);
-- At most one batch is open: a run that finds one resumes it.
create unique index one_open_batch on ops.batch (state) where state = 'open';

create table ops.file (
    file_id bigint generated always as identity primary key,
    source text not null,
    table_name text,
    file_name text not null,
    sha256 text not null,
    bytes bigint not null,
    mode text not null check (mode in ('full', 'changes')),
    exported_on timestamp not null,
    state text not null check (
        state in ('loaded', 'loaded_with_quarantine', 'duplicate', 'held', 'rejected', 'parked')
    ),
    problem text,
    batch integer references ops.batch,
    rows_read bigint not null default 0,
    rows_inserted bigint not null default 0,
    rows_replaced bigint not null default 0,
    rows_unchanged bigint not null default 0,
    rows_stale bigint not null default 0,
    rows_quarantined bigint not null default 0,
    rows_skipped bigint not null default 0,
    rows_closed bigint not null default 0,
    warnings text[] not null default '{}',
    archived_as text,
    released_by text,
    release_reason text,
    received_at timestamptz not null default now(),
    seconds numeric(12, 3),
    -- Row accounting closes for every file that was applied, or the transaction fails.
    constraint rows_accounted_for check (
        state not in ('loaded', 'loaded_with_quarantine')
        or rows_read = rows_inserted + rows_replaced + rows_unchanged + rows_stale
        + rows_quarantined + rows_skipped
    )
);
create index file_by_table on ops.file (source, table_name, mode, file_id);

create table ops.source_state (
    source text not null,
    table_name text not null,
    batch integer not null references ops.batch,
    row_count bigint not null,
    digest_high numeric not null,
    digest_low numeric not null,
    newest_full timestamp,
    primary key (source, table_name, batch)
);
comment on table ops.source_state is
'Order-free digest of a source table as known at a batch: row count and the sums of both '
'64-bit halves of _row_hash. The newest row at or before a batch holds for it.';

create table ops.build (
    build integer generated always as identity primary key,
    batch integer not null,
    as_of date not null,
    reason text not null,
    opened_by text not null default session_user,
    publish text not null default 'if_newer' check (publish in ('if_newer', 'always', 'never')),
    base_build integer references ops.build,
    from_phase integer not null default 0,
    models text[],
    forced boolean not null default false,
    state text not null default 'open' check (
        state in ('open', 'running', 'published', 'kept', 'superseded', 'failed', 'abandoned')
    ),
    owner text,
    problem text,
    pinned boolean not null default false,
    opened_at timestamptz not null default now(),
    started_at timestamptz,
    touched_at timestamptz,
    ended_at timestamptz,
    dropped_at timestamptz
);

create table ops.model_version (
    fingerprint text primary key check (fingerprint ~ '^[0-9a-f]{64}$'),
    model text not null,
    table_name text not null unique,
    state text not null check (state in ('ready', 'failed')),
    row_count bigint not null,
    byte_size bigint not null,
    seconds numeric(12, 3) not null,
    inputs jsonb not null,
    rendered_sql text not null,
    built_in integer not null references ops.build,
    created_at timestamptz not null default now()
);
create index version_by_model on ops.model_version (model, created_at);

create table ops.build_model (
    build integer not null references ops.build,
    model text not null,
    phase integer not null,
    fingerprint text not null,
    checks_hash text not null,
    action text not null check (action in ('built', 'linked', 'inherited', 'failed')),
    seconds numeric(12, 3) not null,
    recorded_at timestamptz not null default now(),
    primary key (build, model)
);

create table ops.check_result (
    fingerprint text not null,
    checks_hash text not null,
    check_name text not null,
    severity text not null check (severity in ('error', 'warn')),
    failing bigint not null,
    failing_keys jsonb not null default '[]',
    checked_at timestamptz not null default now(),
    primary key (fingerprint, checks_hash, check_name)
);
comment on column ops.check_result.failing_keys is
'Keys of up to 1,000 offending rows; never other columns.';

create table ops.build_check (
    build integer not null references ops.build,
    check_name text not null,
    severity text not null check (severity in ('error', 'warn')),
    failing bigint not null,
    detail jsonb not null default '{}',
    checked_at timestamptz not null default now(),
    primary key (build, check_name)
);

create table ops.current_build (
    singleton boolean primary key default true check (singleton),
    build integer references ops.build,
    batch integer,
    as_of date,
    published_at timestamptz
);
insert into ops.current_build default values;

create table ops.audit (
    audit_id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    actor text not null,
    action text not null,
    subject text not null,
    detail jsonb not null default '{}'
);

create table quarantine.refused_row (
    file_id bigint not null references ops.file,
    line bigint not null,
    reasons text[] not null,
    raw_text text not null,
    refused_at timestamptz not null default now(),
    primary key (file_id, line)
);

grant select on all tables in schema ops to
daysheet_loader, daysheet_builder, daysheet_reader, daysheet_desk, daysheet_mailer;
grant insert, update on ops.batch, ops.file, ops.source_state to daysheet_loader;
grant insert, update, delete on
ops.build, ops.build_model, ops.model_version, ops.check_result, ops.build_check
to daysheet_builder;
grant update on ops.current_build to daysheet_builder;
grant insert on ops.audit to daysheet_loader, daysheet_builder, daysheet_desk;
grant select, insert on quarantine.refused_row to daysheet_loader;

reset role;
