{# The aged figures the practice system kept on guarantors, beside ours: one row per family, all
   null where its last aging was not on the as-of day. A family is comparable when none of its
   ledger rows was changed on that day or later: such changes may not be in what was kept. #}
{% macro families_and_caches(snapshot, ledger, patients, preferences, as_of) -%}
with agings as (
    select count(*) > 0 as is_of_the_day
    from {{ preferences }}
    where pref_name = 'DateLastAging' and left(value_string, 10) = '{{ as_of }}'
),

changed as (
    select distinct guarantor_id
    from {{ ledger }}
    where _updated_at >= '{{ as_of }}'::date
)

select
    ours.guarantor_id,
    agings.is_of_the_day and changed.guarantor_id is null as is_comparable,
    ours.balance_total - kept.bal_total as balance_total,
    ours.balance_0_30 - kept.bal_0_30 as balance_0_30,
    ours.balance_31_60 - kept.bal_31_60 as balance_31_60,
    ours.balance_61_90 - kept.bal_61_90 as balance_61_90,
    ours.balance_over_90 - kept.bal_over90 as balance_over_90,
    ours.insurance_estimate - kept.ins_est as insurance_estimate,
    ours.payplan_due - kept.pay_plan_due as payplan_due
from {{ snapshot }} as ours
cross join agings
inner join {{ patients }} as kept
    on ours.guarantor_id = kept.patient_id
left join changed
    on ours.guarantor_id = changed.guarantor_id
where ours.mode = 'running' and ours.patient_id is null
{%- endmacro %}

{# Whether a family of `families_and_caches` differs in any figure. #}
{% macro differs_from_caches() -%}
is_comparable
    and (
        balance_total != 0
        or balance_0_30 != 0
        or balance_31_60 != 0
        or balance_61_90 != 0
        or balance_over_90 != 0
        or insurance_estimate != 0
        or payplan_due != 0
    )
{%- endmacro %}
