-- depends: 0014.pages
-- Every row of the audit is sealed when it is committed: whoever changes, deletes, inserts or
-- reorders one later breaks the chain, and `daysheet audit verify` says where.
set role daysheet_owner;

create table ops.audit_seal (
    seal bigint primary key check (seal > 0),
    audit_id bigint not null unique references ops.audit,
    digest bytea not null check (length(digest) = 32)
);
comment on table ops.audit_seal is
'One row for each of ops.audit, numbered without gaps in the order they were committed. digest '
'is sha256 over the one before it and every column of the row. Written by a trigger only.';

create trigger append_only before update or delete or truncate on ops.audit_seal
for each statement execute function ops.refuse_change();

create function ops.seal(sealed ops.audit) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    -- The newest seal is read by statements that see what was committed before they began.
    if current_setting('transaction_isolation') != 'read committed' then
        raise exception 'a row of the audit is written in a READ COMMITTED transaction'
        using errcode = 'invalid_transaction_state', schema = 'ops', table = 'audit';
    end if;
    -- Its number is in daysheet.warehouse.locks. Held from here to the end of the commit only.
    perform pg_advisory_xact_lock(10, 0);
    insert into ops.audit_seal (seal, audit_id, digest)
    select
        coalesce(newest.seal, 0) + 1,
        sealed.audit_id,
        sha256(coalesce(newest.digest, '') || convert_to(
            jsonb_build_array(
                sealed.audit_id,
                (extract(epoch from sealed.at) * 1000000)::bigint,
                sealed.actor,
                sealed.action,
                sealed.subject,
                sealed.detail
            )::text, 'UTF8'
        ))
    from (values (0)) as always (nothing)
    left join (
        select seal, digest from ops.audit_seal order by seal desc limit 1
    ) as newest on true;
end
$$;
comment on function ops.seal(ops.audit) is 'Appends the seal of a row of the audit.';

create function ops.seal_at_commit() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform ops.seal(new);
    return null;
end
$$;
-- Whoever may execute them can seal a row that was never written.
revoke execute on function ops.seal(ops.audit), ops.seal_at_commit() from public;

-- Deferred, so that a long transaction with an audit row keeps nobody waiting until it commits.
create constraint trigger seal_at_commit after insert on ops.audit
deferrable initially deferred for each row execute function ops.seal_at_commit();

do $$
declare
    found ops.audit;
begin
    for found in select * from ops.audit order by audit_id loop
        perform ops.seal(found);
    end loop;
end
$$;

-- When something was written, and its number, are for the database to say.
revoke insert on ops.audit from daysheet_loader, daysheet_builder, daysheet_desk;
grant insert (actor, action, subject, detail) on ops.audit to
daysheet_loader, daysheet_builder, daysheet_desk;
grant select on ops.audit_seal to
daysheet_loader, daysheet_builder, daysheet_reader, daysheet_desk, daysheet_mailer;

-- Who saw a client: detail -> 'clients' lists whom a look or an export was of.
create index audit_by_client on ops.audit using gin ((detail -> 'clients') jsonb_path_ops);
create index audit_by_subject on ops.audit (subject);

reset role;
