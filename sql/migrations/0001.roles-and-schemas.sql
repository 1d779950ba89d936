-- Roles are shared by the whole server: several warehouses may live on it.
do $$
declare
    role_name text;
begin
    foreach role_name in array array[
        'daysheet_owner', 'daysheet_loader', 'daysheet_builder',
        'daysheet_reader', 'daysheet_desk', 'daysheet_mailer'
    ] loop
        if not exists (select from pg_roles where rolname = role_name) then
            execute format('create role %I nologin', role_name);
        end if;
    end loop;
end
$$;

create schema raw authorization daysheet_owner;
create schema quarantine authorization daysheet_owner;
create schema load authorization daysheet_loader;
create schema ops authorization daysheet_owner;
create schema store authorization daysheet_builder;
create schema reporting authorization daysheet_builder;

do $$
begin
    execute format('grant create on database %I to daysheet_builder', current_database());
    execute format('revoke all on database %I from public', current_database());
    execute format(
        'grant connect on database %I to daysheet_loader, daysheet_builder, daysheet_reader, '
        'daysheet_desk, daysheet_mailer', current_database()
    );
end
$$;

revoke all on schema public from public;

grant usage on schema raw to daysheet_loader, daysheet_builder;
grant usage on schema quarantine to daysheet_loader;
grant usage on schema ops to
daysheet_loader, daysheet_builder, daysheet_reader, daysheet_desk, daysheet_mailer;
grant usage on schema reporting to daysheet_reader;

alter default privileges for role daysheet_owner in schema raw
grant select, insert, update on tables to daysheet_loader;
alter default privileges for role daysheet_owner in schema raw
grant select on tables to daysheet_builder;
alter default privileges for role daysheet_builder in schema reporting
grant select on tables to daysheet_reader;
