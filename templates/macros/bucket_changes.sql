{# Ledger rows by account and the day they age by, days that are over 90 at every snapshot date as
   one. A plan credit is listed from its own day, wherever it ages. Until then its procedure's other
   rows of that day may age by another day: they are put there, and moved when it comes. #}
{% macro aged_ledger_rows(ledger, as_of) -%}
with moves as (
    select
        patient_id,
        is_netted or amount > 0 as is_charge,
        aging_date,
        case when transaction_type = 'plan credit' then transaction_date end as listed_from,
        amount
    from {{ ledger }}
    where
        amount != 0
        and (transaction_type = 'plan credit' or aging_date = aging_date_without_credits)
    union all
    select
        rows_moved.patient_id,
        true as is_charge,
        steps.aging_date,
        steps.listed_from,
        steps.amount
    from {{ ledger }} as rows_moved
    cross join lateral (
        values
        (rows_moved.aging_date_without_credits, null, rows_moved.amount),
        (rows_moved.aging_date_without_credits, rows_moved.transaction_date, -rows_moved.amount),
        (rows_moved.aging_date, rows_moved.transaction_date, rows_moved.amount)
    ) as steps (aging_date, listed_from, amount)
    where
        rows_moved.transaction_type != 'plan credit'
        and rows_moved.aging_date is distinct from rows_moved.aging_date_without_credits
)

select
    patient_id,
    greatest(aging_date, {{ first_snapshot_date(as_of) }} - 91) as aging_date,
    listed_from,
    coalesce(sum(amount) filter (where is_charge), 0) as charges,
    coalesce(sum(amount) filter (where not is_charge), 0) as credits
from moves
where aging_date is not null
group by
    patient_id,
    greatest(aging_date, {{ first_snapshot_date(as_of) }} - 91),
    listed_from
{%- endmacro %}

{# How each account's buckets change on which snapshot date: charges enter one and leave it for the
   next at 31, 61 and 91 days, credits stay. #}
{% macro bucket_changes(ledger, as_of) -%}
with aged_rows as (
    {{ aged_ledger_rows(ledger, as_of) | indent }}
)

select
    aged.patient_id,
    {{ next_snapshot_date('greatest(aged.aging_date + steps.age, aged.listed_from)', as_of) }}
        as as_of_date,
    sum(aged.charges * steps.in_0_30) as charges_0_30,
    sum(aged.charges * steps.in_31_60) as charges_31_60,
    sum(aged.charges * steps.in_61_90) as charges_61_90,
    sum(aged.charges * steps.in_over_90) as charges_over_90,
    sum(-aged.credits) filter (where steps.age = 0) as credits,
    sum(aged.charges + aged.credits) filter (where steps.age = 0) as balance_total
from aged_rows as aged
cross join (
    values (0, 1, 0, 0, 0), (31, -1, 1, 0, 0), (61, 0, -1, 1, 0), (91, 0, 0, -1, 1)
) as steps (age, in_0_30, in_31_60, in_61_90, in_over_90)
group by
    aged.patient_id,
    {{ next_snapshot_date('greatest(aged.aging_date + steps.age, aged.listed_from)', as_of) }}
{%- endmacro %}
