{# How many open payment plans a person pays, by month: from the plan's day to the as-of month, a
   closed one to its last charge, or its own day where it has none. Plans that track insurance are
   none. #}
{% macro payplans_by_month(plans, charges, as_of) -%}
with last_charges as (
    select
        payplan_id,
        max(charge_date) as last_charge_date
    from {{ charges }}
    group by payplan_id
)

select
    coalesce(plans.guarantor_id, plans.patient_id) as patient_id,
    month_number,
    count(*) as active_payplan_count
from {{ plans }} as plans
left join last_charges
    on plans.payplan_id = last_charges.payplan_id
cross join
    lateral generate_series(
        {{ month_number("greatest(plans.pay_plan_date, '1900-01-01')") }},
        {{ month_number(
            "least(
                case
                    when plans.is_closed
                        then coalesce(last_charges.last_charge_date, plans.pay_plan_date)
                end,
                '" ~ as_of ~ "'
            )"
        ) }}
    ) as month_number
where plans.plan_id is null and coalesce(plans.pay_plan_date <= '{{ as_of }}'::date, true)
group by 1, 2
{%- endmacro %}
