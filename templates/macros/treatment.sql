{# What treatment plans say of a procedure. A live plan holds it by treatplanattach, a saved plan by
   its own frozen copy (proctp), and only live plans can be active. One row per procedure; the plan
   named is the active one, else the latest. #}
{% macro plan_facts(attachments, copies, plans) -%}
with plan_items as (
    select
        procedure_id,
        treat_plan_id
    from {{ attachments }}
    where procedure_id is not null
    union all
    select
        proc_num_orig_id as procedure_id,
        treat_plan_id
    from {{ copies }}
    where proc_num_orig_id is not null
)

select
    items.procedure_id,
    bool_or(coalesce(plans.tp_status = 1, false)) as is_on_active_plan,
    (array_agg(
        items.treat_plan_id
        order by
            plans.tp_status = 1 desc nulls last,
            plans.date_tp desc nulls last,
            items.treat_plan_id desc nulls last
    ))[1] as treatment_plan_id,
    min(plans.date_t_signed) as plan_signed_at,
    (array_agg(
        plans.user_num_presenter_id
        order by plans.date_tp desc nulls last, items.treat_plan_id desc nulls last
    ) filter (where plans.user_num_presenter_id is not null))[1] as presenter_user_id
from plan_items as items
left join {{ plans }} as plans
    on items.treat_plan_id = plans.treat_plan_id
group by items.procedure_id
{%- endmacro %}

{# The newest frozen copy of a procedure on a saved plan: what it was to cost and who was to pay. #}
{% macro newest_estimates(copies, plans) -%}
select distinct on (copies.proc_num_orig_id)
    copies.proc_num_orig_id as procedure_id,
    coalesce(copies.date_tp, plans.date_tp) as planned_date,
    copies.fee_amt as planned_fee,
    copies.pri_ins_amt + copies.sec_ins_amt as insurance_amount,
    copies.pat_amt as patient_amount
from {{ copies }} as copies
left join {{ plans }} as plans
    on copies.treat_plan_id = plans.treat_plan_id
where copies.proc_num_orig_id is not null
order by copies.proc_num_orig_id asc, plans.date_tp desc nulls last, copies.proc_tp_id desc
{%- endmacro %}

{# When completed procedures were first paid on and when nothing was left, from the rows of `ledger`
   attached to them, day by day up to the as-of date. What came before the work counts on its day.
   Payment plans only move what is owed, so they settle nothing. Rounded to cents, as it is paid. #}
{% macro settlements(ledger, as_of) -%}
with days as (
    select
        rows.procedure_id,
        charges.transaction_date as charge_date,
        charges.amount as fee,
        greatest(rows.transaction_date, charges.transaction_date) as settled_on,
        sum(rows.amount) as amount,
        min(nullif(rows.transaction_date, '0001-01-01')) filter (
            where rows.insurance_paid > 0
            or (rows.transaction_type = 'patient payment' and rows.amount < 0)
        ) as payment_date
    from {{ ledger }} as rows
    inner join {{ ledger }} as charges
        on
            rows.procedure_id = charges.source_id
            and charges.transaction_type = 'procedure'
            and rows.patient_id is not distinct from charges.patient_id
    where
        rows.counts
        and rows.transaction_type in ('procedure', 'insurance', 'adjustment', 'patient payment')
        and rows.transaction_date <= '{{ as_of }}'::date
    group by
        rows.procedure_id,
        charges.transaction_date,
        charges.amount,
        greatest(rows.transaction_date, charges.transaction_date)
),

owed_days as (
    select
        *,
        sum(amount) over (partition by procedure_id order by settled_on) as owed
    from days
)

select
    procedure_id,
    min(payment_date) as first_payment_date,
    max(fee) > 0 and round(sum(amount), 2) <= 0 as is_paid_in_full,
    case
        when max(fee) > 0 and round(sum(amount), 2) <= 0
            then nullif(max(settled_on) filter (
                where round(owed, 2) <= 0
                and (round(owed - amount, 2) > 0 or settled_on = charge_date)
            ), '0001-01-01')
    end as paid_in_full_date
from owed_days
group by procedure_id
{%- endmacro %}

{# Codes that are no treatment: those the practice lists, else missed and cancelled visits. #}
{% macro administrative_codes(listed) -%}
select proc_code_id as procedure_code
from {{ listed }}
union distinct
select defaults.procedure_code
from (values ('D9986'), ('D9987')) as defaults (procedure_code)
where not exists (select 1 from {{ listed }})
{%- endmacro %}
