-- one row per typed row, and one per current row that this full file no longer holds
create unlogged table {{ verdicts }} as
select
    typed._line,
    current_row.ctid as old_row,
    case
        when current_row._row_hash is null
            then case
                when typed._row_time <= {{ stale_until }} then 'stale'
                else 'inserted'
            end
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
    end as later_time
from {{ typed }} as typed
left join {{ raw }} as current_row
    on
        current_row._batch_to = {{ current }}
        {% for key in keys %}
        and typed.{{ key }} = current_row.{{ key }}
        {% endfor %}
where not exists (
    select from {{ beaten }} as beaten
    where beaten._line = typed._line
)
union all
select
    _line,
    null,
    verdict,
    null
from {{ beaten }}
{% if closes %}
union all
select
    null,
    current_row.ctid,
    'closed',
    null
from {{ raw }} as current_row
where
    current_row._batch_to = {{ current }}
    and current_row._row_time <= {{ exported_on }}
    {% for given in [typed, refused] %}
    and not exists (
        select from {{ given }} as given
        where
            {% for key in keys %}
            {{ "and " if not loop.first }}given.{{ key }} = current_row.{{ key }}
            {% endfor %}
    )
    {% endfor %}
{% endif %}
