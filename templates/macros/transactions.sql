{# The settings that decide which rows age and how: payment plan version; whether adjustments and
   plan credits are netted within their procedure (unset, 0 and 1 are on, 2 is off); how many days
   ahead plan charges are due. #}
{% macro ledger_settings(preferences) -%}
select
    {{ preference(preferences, 'PayPlansVersion', '2') }} as payplans_version,
    {{ preference(preferences, 'AgingProcLifo', '0') }} != '2' as offsets_by_procedure,
    coalesce(
        substring(
            {{ preference(preferences, 'PayPlansBillInAdvanceDays', '10') }} from '^\d{1,4}$'
        )::integer,
        10
    ) as bill_in_advance_days
{%- endmacro %}

{# One select per kind of ledger row, all of one shape: what a row is, where it belongs, what it
   would add to the balance (source_amount) and why it does not, if so (OpenDental Ledgers). #}
{% macro ledger_procedures(procedures) -%}
select
    'procedure' as transaction_type,
    charted.procedure_id as source_id,
    charted.patient_id,
    charted.provider_id,
    charted.clinic_id,
    charted.procedure_id,
    charted.proc_date as transaction_date,
    charted.date_entry_c as entry_date,
    charted.proc_date as procedure_date,
    coalesce({{ gross_fee('charted') }}, 0) as source_amount,
    null::text as not_counted_because,
    0 as insurance_paid,
    0 as writeoff,
    0 as insurance_pending,
    0 as writeoff_pending,
    null::text as claim_line_status,
    0 as expected_payment,
    false as is_income_transfer,
    0 as payplan_due,
    0 as collected_amount,
    charted.code_id as label_id,
    {{ row_metadata('charted') }}
from {{ procedures }} as charted
where charted.proc_status = 2
{%- endmacro %}

{% macro ledger_adjustments(adjustments) -%}
select
    'adjustment' as transaction_type,
    adjustments.adjustment_id as source_id,
    adjustments.patient_id,
    adjustments.provider_id,
    adjustments.clinic_id,
    adjustments.procedure_id,
    adjustments.adj_date as transaction_date,
    adjustments.date_entry as entry_date,
    adjustments.proc_date as procedure_date,
    coalesce(adjustments.adj_amt, 0) as source_amount,
    null::text as not_counted_because,
    0 as insurance_paid,
    0 as writeoff,
    0 as insurance_pending,
    0 as writeoff_pending,
    null::text as claim_line_status,
    0 as expected_payment,
    false as is_income_transfer,
    0 as payplan_due,
    0 as collected_amount,
    adjustments.adjustment_type_id as label_id,
    {{ row_metadata('adjustments') }}
from {{ adjustments }} as adjustments
{%- endmacro %}
