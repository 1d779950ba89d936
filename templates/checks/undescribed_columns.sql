-- warn: Models and columns of the build without a description in Postgres.
select
    relations.relname as subject,
    attributes.attname as column_name
from pg_class as relations
inner join pg_namespace as homes
    on relations.relnamespace = homes.oid
inner join pg_attribute as attributes
    on relations.oid = attributes.attrelid
left join pg_description as descriptions
    on
        relations.oid = descriptions.objoid
        and attributes.attnum = descriptions.objsubid
        and descriptions.classoid = 'pg_class'::regclass
where
    homes.nspname = 'build_{{ build }}'
    and relations.relkind = 'v'
    and attributes.attnum > 0
    and not attributes.attisdropped
    and descriptions.description is null
order by relations.relname, attributes.attnum
