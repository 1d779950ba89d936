-- depends: 0010.desk-work
-- Each row of a practice report has one verdict, kept by file and line; and who may do what.
set role daysheet_owner;

create table ops.row_verdict (
    file_id bigint not null references ops.file,
    line bigint not null,
    verdict text not null check (verdict in (
        'inserted', 'updated', 'unchanged', 'linked', 'posted', 'accepted_with_warning',
        'duplicate_dropped', 'skipped', 'quarantined'
    )),
    reasons text[] not null default '{}',
    warnings text[] not null default '{}',
    session_id uuid references desk.sessions deferrable initially deferred,
    claim_id uuid references desk.claims deferrable initially deferred,
    payment_id uuid references desk.payments deferrable initially deferred,
    -- digest of what identifies the row, where it could be read: a corrected file brings it again
    row_key bytea,
    decision text check (decision in ('retried', 'accepted', 'discarded', 'superseded')),
    decided_by text,
    decided_at timestamptz,
    decision_reason text,
    primary key (file_id, line),
    constraint decided_by_somebody check ((decision is null) = (decided_by is null))
);
comment on table ops.row_verdict is
'What became of each row of a SimplePractice report. Reason codes and keys only: the text of a '
'refused row is in quarantine.refused_row, that of others in the archived file.';
create index verdict_by_session on ops.row_verdict (session_id) where session_id is not null;
create index undecided_rows on ops.row_verdict (file_id)
where verdict = 'quarantined' and decision is null;
create index undecided_keys on ops.row_verdict (row_key)
where verdict = 'quarantined' and decision is null;

alter table ops.file
add column rows_dropped bigint not null default 0,
add column layout text[],
drop constraint rows_accounted_for,
add constraint rows_accounted_for check (
    state not in ('loaded', 'loaded_with_quarantine')
    or rows_read = rows_inserted + rows_replaced + rows_unchanged + rows_stale
    + rows_quarantined + rows_skipped + rows_dropped
);
comment on column ops.file.rows_dropped is
'Rows of a report that say again, cell by cell, what another row of the same file says.';

comment on column ops.file.layout is
'Of a report: which column of its contract each cell of a row is, so that a refused row can be '
'read again; null for a cell nobody knows.';

create table quarantine.correction (
    file_id bigint not null,
    line bigint not null,
    n integer not null,
    cells jsonb not null,
    by_user text not null,
    at timestamptz not null default now(),
    primary key (file_id, line, n),
    foreign key (file_id, line) references quarantine.refused_row
);
comment on table quarantine.correction is
'What a person typed in place of refused cells; the row as it came stays beside it.';

create function ops.refuse_change() returns trigger
language plpgsql as $$
begin
    raise exception '%.% is append-only', tg_table_schema, tg_table_name
    using errcode = 'restrict_violation', table = tg_table_name, schema = tg_table_schema;
end
$$;
create trigger append_only before update or delete or truncate on ops.audit
for each statement execute function ops.refuse_change();

grant select on ops.row_verdict to
daysheet_loader, daysheet_builder, daysheet_reader, daysheet_desk, daysheet_mailer;
grant insert, update on ops.row_verdict to daysheet_loader, daysheet_desk;
grant usage on schema quarantine to daysheet_desk;
grant select on quarantine.refused_row, quarantine.correction to daysheet_desk, daysheet_loader;
grant insert on quarantine.correction to daysheet_desk, daysheet_loader;
grant update on ops.file to daysheet_desk;
-- A refused row that a person has mended becomes known like any other, at a batch.
grant insert, update on ops.batch, ops.source_state to daysheet_desk;
grant usage on schema raw to daysheet_desk;

-- The desk changes what people may change; ingestion does the same through the same functions.
grant select, insert, update on all tables in schema desk to daysheet_desk, daysheet_loader;
grant execute on function desk.today() to
daysheet_loader, daysheet_builder, daysheet_reader, daysheet_desk, daysheet_mailer;
-- Whoever may execute a trigger function can hang it on a table of their own, with values of types
-- whose casts then run as its owner.
revoke execute on function
desk.post_allocations(), desk.post_adjustment(), desk.check_reversal() from public;
revoke update on
desk.submissions, desk.submission_outcomes, desk.session_status_history, desk.payments,
desk.payment_allocations, desk.adjustments, desk.reconciliation_clearances, desk.notes
from daysheet_desk, daysheet_loader;
-- Row locks need it; no column but this one can be changed.
grant update (is_reversed) on desk.payments to daysheet_desk, daysheet_loader;
-- What only triggers or the database itself write, and what is never said anew.
do $$
declare
    kept record;
    others text;
begin
    for kept in values
    ('sessions', 'insert', array['ins_paid_posted', 'write_off_posted', 'client_transfer']),
    ('sessions', 'update', array['ins_paid_posted', 'write_off_posted', 'client_transfer']),
    ('payments', 'insert', array['is_reversed']),
    ('denials', 'update', array['session_id', 'amount', 'paid_before']),
    ('session_status_history', 'insert', array['history_id', 'at'])
    loop
        select string_agg(quote_ident(attname), ', ') into others from pg_attribute
        where attrelid = format('desk.%I', kept.column1)::regclass
        and attnum > 0 and not attisdropped and attname != all(kept.column3);
        execute format(
            'revoke %s on desk.%I from daysheet_desk, daysheet_loader', kept.column2, kept.column1
        );
        execute format(
            'grant %s (%s) on desk.%I to daysheet_desk, daysheet_loader',
            kept.column2, others, kept.column1
        );
    end loop;
end
$$;
revoke insert, update on desk.secret, desk.staff, desk.holiday, desk.practice_setting,
desk.metric_targets
from daysheet_loader;
revoke insert, update on desk.secret from daysheet_desk;
grant delete on desk.holiday, desk.metric_targets to daysheet_desk;
grant select on desk.staff, desk.holiday to daysheet_mailer;
-- No names in these.
grant select on
desk.payers, desk.holiday, desk.metric_targets, desk.metric_snapshots
to daysheet_reader;

reset role;

-- the loader's schema
grant usage, create on schema load to daysheet_desk;
