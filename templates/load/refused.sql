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
    coalesce(
        _raw_text,
        (to_jsonb(suspect) - array['_line', '_suspect', '_refusal', '_raw_text', '_reasons'])::text
    ) as _raw_text,
    {{ typed_keys | join(",\n    ") }}
from suspect
where cardinality(_reasons) > 0
