with ended as (
    update {{ raw }} as current_row
    set _batch_to = {{ batch }}
    from {{ verdicts }} as verdicts
    where
        current_row.ctid = verdicts.old_row
        and verdicts.verdict in ('replaced', 'closed')
    returning current_row._row_hash, verdicts.verdict
)

select
    count(*) filter (where verdict = 'replaced') as replaced,
    count(*) filter (where verdict = 'closed') as closed,
    {{ digest("_row_hash") }}
from ended
