{# What payment plans add to accounts: debits on the charge's guarantor, credits on the patient,
   and the plan's completed amount. Every row is there, in the shape of the ledger_* macros; the
   practice's PayPlansVersion (`settings`) says which of them count (OpenDental Ledgers). #}
{% macro payment_plan_entries(settings, plans, charges, procedures, as_of) -%}
select
    case when charges.charge_type = 0 then 'plan debit' else 'plan credit' end as transaction_type,
    charges.payplan_charge_id as source_id,
    case
        when charges.charge_type = 0 then charges.guarantor_id
        when settings.payplans_version = '3' or plans.payplan_id is null then charges.patient_id
        else plans.patient_id
    end as patient_id,
    charges.provider_id,
    charges.clinic_id,
    charges.procedure_id,
    charges.charge_date as transaction_date,
    charges._created_at::date as entry_date,
    charted.proc_date as procedure_date,
    case
        when charges.charge_type = 0
            then coalesce(charges.principal, 0) + coalesce(charges.interest, 0)
        else -coalesce(charges.principal, 0)
    end as source_amount,
    case
        when settings.payplans_version = '3' and charges.charge_type = 1
            then {{ not_due('charges.charge_date', as_of) }}
        when settings.payplans_version != '2' then 'plan version'
        when plans.payplan_id is null then 'plan missing'
        when charges.charge_type = 0 and plans.plan_id is not null then 'insurance plan'
        else {{ not_due('charges.charge_date', as_of) }}
    end as not_counted_because,
    0 as insurance_paid,
    0 as writeoff,
    0 as insurance_pending,
    0 as writeoff_pending,
    null::text as claim_line_status,
    0 as expected_payment,
    false as is_income_transfer,
    case
        when
            charges.charge_type = 0
            and charges.charge_date <= '{{ as_of }}'::date + settings.bill_in_advance_days
            and plans.payplan_id is not null
            and plans.plan_id is null
            and not (settings.payplans_version = '2' and coalesce(plans.is_closed, false))
            then coalesce(charges.principal, 0) + coalesce(charges.interest, 0)
        else 0
    end as payplan_due,
    0 as collected_amount,
    null::bigint as label_id,
    {{ row_metadata('charges') }}
from {{ charges }} as charges
cross join {{ settings }} as settings
left join {{ plans }} as plans
    on charges.payplan_id = plans.payplan_id
left join {{ procedures }} as charted
    on charges.procedure_id = charted.procedure_id
union all
select
    'plan completed amount' as transaction_type,
    plans.payplan_id as source_id,
    plans.patient_id,
    null::bigint as provider_id,
    null::bigint as clinic_id,
    null::bigint as procedure_id,
    plans.pay_plan_date as transaction_date,
    null::date as entry_date,
    null::date as procedure_date,
    -coalesce(plans.completed_amt, 0) as source_amount,
    case
        when settings.payplans_version = '1' then null
        when settings.payplans_version = '4' and plans.plan_id is not null then null
        else 'plan version'
    end as not_counted_because,
    0 as insurance_paid,
    0 as writeoff,
    0 as insurance_pending,
    0 as writeoff_pending,
    null::text as claim_line_status,
    0 as expected_payment,
    false as is_income_transfer,
    0 as payplan_due,
    0 as collected_amount,
    null::bigint as label_id,
    {{ row_metadata('plans') }}
from {{ plans }} as plans
cross join {{ settings }} as settings
{%- endmacro %}

{# Charges dated after the as-of day, or on no day, do not count yet. #}
{% macro not_due(charge_date, as_of) -%}
    case when {{ charge_date }} <= '{{ as_of }}'::date then null else 'not due' end
{%- endmacro %}
