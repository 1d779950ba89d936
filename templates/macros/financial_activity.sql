{# A month as a number that counts on by one, and back to its first day. #}
{% macro month_number(day) -%}
    (extract(year from {{ day }}) * 12 + extract(month from {{ day }}) - 1)::integer
{%- endmacro %}
{% macro month_start(number) -%}
    make_date({{ number }} / 12, {{ number }} % 12 + 1, 1)
{%- endmacro %}

{# Everything about money that happened to a patient, added up by month: the ledger and prepayments,
   and, on the guarantor, the family's statements. A day left blank, or mistyped before 1900, has no
   month. #}
{% macro financial_activity(ledger, splits, statements, contacts, as_of) -%}
select
    coalesce(patient_id, 0) as patient_id,
    case when transaction_date >= '1900-01-01' then {{ month_number('transaction_date') }} end
        as month_number,
    true as is_ledger,
    sum(amount) filter (where transaction_type = 'procedure') as gross_production,
    sum(writeoff) filter (where counts) as writeoffs,
    sum(amount) filter (where transaction_type = 'adjustment') as adjustments,
    sum(collected_amount) filter (where transaction_type = 'insurance') as insurance_collected,
    sum(collected_amount) filter (where transaction_type = 'patient payment') as patient_collected,
    sum(amount) as balance_change,
    sum(payplan_due) as payplan_due_change,
    0 as unearned_change,
    0 as statements_sent,
    0 as financial_contacts,
    min(transaction_date) filter (
        where
            transaction_type = 'procedure'
            and amount > 0
            and transaction_date between '1900-01-01' and '{{ as_of }}'
    ) as first_charge_date,
    min(transaction_date) filter (
        where collected_amount > 0 and transaction_date between '1900-01-01' and '{{ as_of }}'
    ) as first_payment_date,
    null::date as first_statement_date
from {{ ledger }}
where counts or collected_amount != 0 or payplan_due != 0
group by 1, 2
union all
select
    coalesce(patient_id, 0) as patient_id,
    case when payment_date >= '1900-01-01' then {{ month_number('payment_date') }} end
        as month_number,
    true as is_ledger,
    0, 0, 0, 0, 0, 0, 0,
    sum(split_amount) as unearned_change,
    0, 0,
    null, null, null
from {{ splits }}
where is_unearned and not is_hidden_unearned
group by 1, 2
union all
select
    coalesce(guarantor_id, patient_id, 0) as patient_id,
    {{ month_number('statement_date') }} as month_number,
    false as is_ledger,
    0, 0, 0, 0, 0, 0, 0, 0,
    count(*) as statements_sent,
    0,
    null, null,
    min(statement_date) as first_statement_date
from {{ statements }}
where is_demand and statement_date between '1900-01-01' and '{{ as_of }}'
group by 1, 2
union all
select
    coalesce(patient_id, 0) as patient_id,
    {{ month_number('contact_date') }} as month_number,
    false as is_ledger,
    0, 0, 0, 0, 0, 0, 0, 0, 0,
    count(*) as financial_contacts,
    null, null, null
from {{ contacts }}
where contact_date between '1900-01-01' and '{{ as_of }}'
group by 1, 2
{%- endmacro %}

{# That activity, one row for a patient and month. What has no month goes to the account's first,
   what is dated later to the as-of month. #}
{% macro financial_months(ledger, splits, statements, contacts, as_of) -%}
with activity as (
    {{ financial_activity(ledger, splits, statements, contacts, as_of) | indent }}
),

dated_activity as (
    select
        activity.*,
        {{ month_number("'" ~ as_of ~ "'::date") }} as last_month_number,
        least(
            coalesce(month_number, min(month_number) over (partition by patient_id)),
            {{ month_number("'" ~ as_of ~ "'::date") }}
        ) as activity_month_number
    from activity
)

select
    patient_id,
    activity_month_number,
    last_month_number,
    bool_or(is_ledger) as is_ledger,
    coalesce(sum(gross_production), 0) as gross_production,
    coalesce(sum(writeoffs), 0) as writeoffs,
    coalesce(sum(adjustments), 0) as adjustments,
    coalesce(sum(insurance_collected), 0) as insurance_collected,
    coalesce(sum(patient_collected), 0) as patient_collected,
    sum(balance_change) as balance_change,
    sum(payplan_due_change) as payplan_due_change,
    sum(unearned_change) as unearned_change,
    sum(statements_sent) as statements_sent,
    sum(financial_contacts) as financial_contacts,
    min(first_charge_date) as first_charge_date,
    min(first_payment_date) as first_payment_date,
    min(first_statement_date) as first_statement_date
from dated_activity
group by patient_id, activity_month_number, last_month_number
{%- endmacro %}
