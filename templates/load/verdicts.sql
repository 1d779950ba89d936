-- one verdict for each typed row, and for each current row that a newest full file lacks
create unlogged table {{ verdicts }} as
select
    typed._line,
    current_row.ctid as old_row,
    case
        when current_row._row_hash is null
            then case when typed._row_time <= {{ stale_until }} then 'stale' else 'inserted' end
        when current_row._row_hash = typed._row_hash then 'unchanged'
        when
            (typed._row_time, typed._row_hash) > (current_row._row_time, current_row._row_hash)
            then 'replaced'
        else 'stale'
    end as verdict,
    case
        when
            current_row._row_hash = typed._row_hash
            and current_row._row_time < typed._row_time
            then typed._row_time
    end as later_time,
    current_row._row_hash != typed._row_hash
    and current_row._row_time = typed._row_time as tied
from {{ typed }} as typed
left join {{ raw }} as current_row
    on
        (typed.{{ keys | join(", typed.") }})
        = (current_row.{{ keys | join(", current_row.") }})
        and current_row._batch_to = {{ current }}
where
    not exists (
        select from {{ beaten }} as beaten
        where beaten._line = typed._line
    )
union all
select
    _line,
    null as old_row,
    verdict,
    null as later_time,
    false as tied
from {{ beaten }}
{% if closes %}
    union all
    select
        null as _line,
        current_row.ctid as old_row,
        'closed' as verdict,
        null as later_time,
        false as tied
    from {{ raw }} as current_row
    where
        current_row._batch_to = {{ current }}
        and current_row._row_time <= {{ exported_on }}
        and not exists (
            select from {{ typed }} as typed
            where
                (typed.{{ keys | join(", typed.") }})
                = (current_row.{{ keys | join(", current_row.") }})
        )
        and not exists (
            select from {{ refused }} as refused
            where
                (refused.{{ keys | join(", refused.") }})
                = (current_row.{{ keys | join(", current_row.") }})
        )
{% endif %}
