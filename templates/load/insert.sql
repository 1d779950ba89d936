with begun as (
    insert into {{ raw }} (
        _batch_from, _batch_to, _file_id, _line, _row_time, _row_hash,
        {{ columns | join(", ") }}
    )
    select
        {{ batch }},
        {{ current }},
        {{ file_id }},
        typed._line,
        typed._row_time,
        typed._row_hash,
        typed.{{ columns | join(",\n        typed.") }}
    from {{ typed }} as typed
    inner join {{ verdicts }} as verdicts on typed._line = verdicts._line
    where verdicts.verdict in ('inserted', 'replaced')
    returning _row_hash
)

select
    count(*) as begun,
    {{ digest("_row_hash") }}
from begun
