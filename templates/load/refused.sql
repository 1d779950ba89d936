create unlogged table {{ refused }} as
with suspect as (
    select
        *,
        case
            when _refusal is not null then array[_refusal]
            else array_remove(array[
                {{ reasons | join(",\n                ") }}
            ]::text[], null)
        end as _reasons
    from {{ staged }}
    where _suspect
)

select
    _line,
    _reasons,
    {% for name, expression in keys.items() %}
    {{ expression }} as {{ name }},
    {% endfor %}
    coalesce(
        _raw_text,
        (to_jsonb(suspect) - array['_line', '_suspect', '_refusal', '_raw_text', '_reasons'])::text
    ) as _raw_text
from suspect
where cardinality(_reasons) > 0
