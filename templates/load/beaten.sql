-- of rows with one key the latest wins, then the greater hash
create unlogged table {{ beaten }} as
with counted as (
    select
        _line,
        _row_time,
        _row_hash,
        {{ keys | join(",\n        ") }}
    from {{ typed }}
    where ({{ keys | join(", ") }}) in (
        select {{ keys | join(", ") }}
        from {{ typed }}
        group by {{ keys | join(", ") }}
        having count(*) > 1
    )
),

ranked as (
    select
        _line,
        _row_hash,
        row_number() over best_first as place,
        first_value(_row_hash) over best_first as best_hash
    from counted
    window best_first as (
        partition by {{ keys | join(", ") }}
        order by _row_time desc, _row_hash desc, _line asc
    )
)

select
    _line,
    case when _row_hash = best_hash then 'unchanged' else 'stale' end as verdict
from ranked
where place > 1
