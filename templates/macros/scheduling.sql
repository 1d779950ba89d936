{# Whole minutes from one moment to a later one; null when either is missing or they are reversed. #}
{% macro minutes_between(earlier, later) -%}
case
        when {{ later }} >= {{ earlier }}
            then floor(extract(epoch from {{ later }} - {{ earlier }}) / 60)::integer
    end
{%- endmacro %}

{# The minutes of a day from one time to another; none unless the second is later. #}
{% macro minutes_of_day(start_time, stop_time) -%}
case
            when {{ stop_time }} > {{ start_time }}
                then int4range(
                    (extract(epoch from {{ start_time }}) / 60)::integer,
                    (extract(epoch from {{ stop_time }}) / 60)::integer
                )
            else 'empty'
        end
{%- endmacro %}

{# How many minutes a set of ranges holds; making the set has counted overlaps once. #}
{% macro minutes_in(ranges) -%}
(
        select coalesce(sum(upper(spans.span) - lower(spans.span)), 0)
        from unnest({{ ranges }}) as spans (span)
    )
{%- endmacro %}
