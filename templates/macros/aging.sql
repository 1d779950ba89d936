{# The as-of dates of the aging snapshot: the build's own, and the 24 month ends strictly before. #}
{% macro snapshot_dates(as_of) -%}
select
    '{{ as_of }}'::date as as_of_date,
    'running' as mode
union all
select
    (date_trunc('month', '{{ as_of }}'::timestamp) - months * interval '1 month')::date - 1
        as as_of_date,
    'historic' as mode
from generate_series(0, 23) as months
{%- endmacro %}

{# The oldest of them. #}
{% macro first_snapshot_date(as_of) -%}
((date_trunc('month', '{{ as_of }}'::timestamp) - interval '23 months')::date - 1)
{%- endmacro %}

{# The first snapshot date on or after a day; null when there is none, or no day. #}
{% macro next_snapshot_date(day, as_of) -%}
case
    when {{ day }} <= '{{ as_of }}'::date
        then least(
            greatest(
                (date_trunc('month', ({{ day }})::timestamp) + interval '1 month')::date - 1,
                {{ first_snapshot_date(as_of) }}
            ),
            '{{ as_of }}'::date
        )
end
{%- endmacro %}

{# What credits leave of a charge when they pay `older` charges first: all of it, part or nothing. #}
{% macro left_after_credits(charge, older, credits) -%}
greatest(least({{ charge }}, {{ older }} + {{ charge }} - ({{ credits }})), 0)
{%- endmacro %}

{# Aged figures as the practice system stores them: to mills, then to cents, halves away from zero
   (OpenDental Ledgers: three decimals in the query, two on the row). #}
{% macro aged_cents(amount) -%}
round(round({{ amount }}, 3), 2)
{%- endmacro %}

{# A figure of the account on the row's date: its changes up to then, and in running mode
   everything, whatever its day. #}
{% macro up_to_date(figure) -%}
coalesce(sum({{ figure }}) over history, 0)
{%- endmacro %}

{% macro on_date(changes, figure) -%}
case
            when dates.mode = 'running' then accounts.{{ figure }}
            else {{ up_to_date(changes ~ '.' ~ figure) }}
        end
{%- endmacro %}
