-- the inner "with" keeps the planner from casting each cell twice, once of it for the hash
create unlogged table {{ typed }} as
with casted as (
    with passed as (
        select staged.*
        from {{ staged }} as staged
        where
            not exists (
                select from {{ refused }} as refused
                where refused._line = staged._line
            )
    )

    select
        _line,
        {{ expressions | join(",\n        ") }}
    from passed
)

select
    *,
    coalesce({{ changed_at }}, {{ exported_on }}) as _row_time,
    md5(row({{ columns | join(", ") }})::text)::uuid as _row_hash
from casted
