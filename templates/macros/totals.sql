{# The totals of one build that must be equal: (subject, measure, subject, measure) each. A pair
   that was not measured is an offender too. #}
{% macro totals_apart(build, pairs) -%}
with pairs (subject, measure, must_equal, of_measure) as (
    values
    {% for pair in pairs %}
    ('{{ pair | join("', '") }}'){{ ',' if not loop.last }}
    {% endfor %}
),

measured as (
    select
        subject,
        measure,
        value
    from ops.build_total
    where build = {{ build }}
)

select
    pairs.subject,
    pairs.measure,
    pairs.must_equal,
    one_side.value as here,
    other_side.value as there
from pairs
left join measured as one_side
    on pairs.subject = one_side.subject and pairs.measure = one_side.measure
left join measured as other_side
    on pairs.must_equal = other_side.subject and pairs.of_measure = other_side.measure
where one_side.value is distinct from other_side.value or one_side.value is null
{%- endmacro %}
