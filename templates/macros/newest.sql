{# Aggregate: the value of the newest row; of those of one moment the one with the highest key. #}
{% macro newest(value, moment, key) -%}
    (array_agg({{ value }} order by {{ moment }} desc nulls last, {{ key }} desc))[1]
{%- endmacro %}
