{# What payment plans add to accounts: debits due on the charge's guarantor, credits on the patient,
   and, in versions that do not age plans, the completed amount. Which of them count is the
   practice's PayPlansVersion (`settings`). Patient, day, signed amount (OpenDental Ledgers). #}
{% macro payment_plan_entries(settings, plans, charges, as_of) -%}
with due_charges as (
    select
        charges.charge_type,
        charges.guarantor_id,
        charges.patient_id,
        charges.charge_date,
        coalesce(charges.principal, 0) as principal,
        coalesce(charges.interest, 0) as interest,
        plans.patient_id as plan_patient_id,
        plans.payplan_id is not null as has_plan,
        plans.plan_id is not null as tracks_insurance,
        settings.payplans_version
    from {{ charges }} as charges
    cross join {{ settings }} as settings
    left join {{ plans }} as plans
        on charges.payplan_id = plans.payplan_id
    where charges.charge_date <= '{{ as_of }}'::date
)

select
    guarantor_id as patient_id,
    charge_date as entry_date,
    principal + interest as amount
from due_charges
where charge_type = 0 and payplans_version = '2' and has_plan and not tracks_insurance
union all
select
    plan_patient_id as patient_id,
    charge_date as entry_date,
    -principal as amount
from due_charges
where charge_type = 1 and payplans_version = '2' and has_plan
union all
select
    patient_id,
    charge_date as entry_date,
    -principal as amount
from due_charges
where charge_type = 1 and payplans_version = '3'
union all
select
    plans.patient_id,
    plans.pay_plan_date as entry_date,
    -coalesce(plans.completed_amt, 0) as amount
from {{ plans }} as plans
cross join {{ settings }} as settings
where
    settings.payplans_version = '1'
    or (settings.payplans_version = '4' and plans.plan_id is not null)
{%- endmacro %}
