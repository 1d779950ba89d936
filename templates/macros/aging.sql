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

{# What each bucket holds once credits have paid the oldest first. A bucket below zero, which netted
   rows can make, is empty, and what it lacks is more credit. `charges` has the raw sums charges_0_30
   to charges_over_90 and the credits, as a positive figure, by account and date: `keys`. #}
{% macro buckets_after_credits(charges, keys) -%}
with owed as (
    select
        {{ keys | join(',\n        ') }},
        greatest(charges_0_30, 0) as charges_0_30,
        greatest(charges_31_60, 0) as charges_31_60,
        greatest(charges_61_90, 0) as charges_61_90,
        greatest(charges_over_90, 0) as charges_over_90,
        credits
        - least(charges_0_30, 0)
        - least(charges_31_60, 0)
        - least(charges_61_90, 0)
        - least(charges_over_90, 0) as credits
    from {{ charges }}
),

paid as (
    select
        {{ keys | join(',\n        ') }},
        charges_0_30,
        charges_31_60,
        charges_61_90,
        charges_over_90,
        greatest(credits, 0) as credits_over_90,
        greatest(credits - charges_over_90, 0) as credits_61_90,
        greatest(credits - charges_over_90 - charges_61_90, 0) as credits_31_60,
        greatest(credits - charges_over_90 - charges_61_90 - charges_31_60, 0) as credits_0_30
    from owed
)

select
    {{ keys | join(',\n    ') }},
    greatest(charges_0_30 - credits_0_30, 0) as balance_0_30,
    greatest(charges_31_60 - credits_31_60, 0) as balance_31_60,
    greatest(charges_61_90 - credits_61_90, 0) as balance_61_90,
    greatest(charges_over_90 - credits_over_90, 0) as balance_over_90
from paid
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
