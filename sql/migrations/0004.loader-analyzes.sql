-- depends: 0003.batch-owner
-- The first build after a load must not plan with the statistics of an empty table.
set role daysheet_owner;

do $$
begin
    execute 'alter default privileges in schema raw grant maintain on tables to daysheet_loader';
    execute 'grant maintain on all tables in schema raw to daysheet_loader';
end
$$;

reset role;
