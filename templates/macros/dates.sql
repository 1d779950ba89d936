{# Whole days from one date to another; null when either is. #}
{% macro days_between(earlier, later) -%}
    {{ later }}::date - {{ earlier }}::date
{%- endmacro %}

{# Age of a charge on the as-of day, in the vendor's brackets: both ends inclusive. #}
{% macro age_bucket(days) -%}
case
    when {{ days }} < 0 then 'future'
    when {{ days }} <= 30 then '0-30'
    when {{ days }} <= 60 then '31-60'
    when {{ days }} <= 90 then '61-90'
    when {{ days }} > 90 then 'over-90'
end
{%- endmacro %}
