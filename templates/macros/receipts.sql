{# Ledger rows of money received, in the shape of ledger_procedures.

   Lines paid or awaiting payment. Payment and write-off are one amount; a payment tracked by a
   plan stays out of it, its write-off does not. A line of a procedure that is not completed or not
   there counts neither as paid nor as pending. #}
{% macro ledger_claim_lines(claim_lines, procedures) -%}
select
    'insurance' as transaction_type,
    lines.claim_procedure_id as source_id,
    lines.patient_id,
    lines.provider_id,
    lines.clinic_id,
    lines.procedure_id,
    lines.date_cp as transaction_date,
    coalesce(lines.date_entry, lines._created_at::date) as entry_date,
    lines.proc_date as procedure_date,
    -parts.insurance_paid - parts.writeoff as source_amount,
    parts.not_counted_because,
    case when parts.not_counted_because is null then parts.insurance_paid else 0 end
        as insurance_paid,
    case when parts.not_counted_because is null then parts.writeoff else 0 end as writeoff,
    case when parts.not_counted_because = 'pending' then coalesce(lines.ins_pay_est, 0) else 0 end
        as insurance_pending,
    case when parts.not_counted_because = 'pending' then coalesce(lines.write_off, 0) else 0 end
        as writeoff_pending,
    {{ label('ClaimProcStatus', 'lines.status') }} as claim_line_status,
    coalesce(lines.ins_pay_est, 0) as expected_payment,
    false as is_income_transfer,
    0 as payplan_due,
    case when lines.status = 0 then 0 else coalesce(lines.ins_pay_amt, 0) end as collected_amount,
    null::bigint as label_id,
    {{ row_metadata('lines') }}
from {{ claim_lines }} as lines
left join {{ procedures }} as charted
    on lines.procedure_id = charted.procedure_id
cross join lateral (
    select
        case
            when lines.procedure_id is not null and coalesce(charted.proc_status != 2, true)
                then 'procedure not completed'
            when lines.status = 0 then 'pending'
        end as not_counted_because,
        case
            when lines.status = 0 or lines.payplan_id is not null then 0
            else coalesce(lines.ins_pay_amt, 0)
        end as insurance_paid,
        case when lines.status = 0 then 0 else coalesce(lines.write_off, 0) end as writeoff
) as parts
where lines.status = 0 or {{ is_paid_line('lines.status') }}
{%- endmacro %}

{# Money follows the split's own patient. Hidden unearned money is not on the account; neither is
   a split to a plan where the version keeps plans off it (1 and 3). #}
{% macro ledger_splits(settings, splits, payments, definitions, plans) -%}
select
    'patient payment' as transaction_type,
    splits.split_id as source_id,
    splits.patient_id,
    splits.provider_id,
    splits.clinic_id,
    splits.procedure_id,
    splits.date_pay as transaction_date,
    splits.date_entry as entry_date,
    null::date as procedure_date,
    -coalesce(splits.split_amt, 0) as source_amount,
    case
        when hidden_types.definition_id is not null then 'hidden unearned'
        when splits.payplan_id is not null and settings.payplans_version not in ('2', '4')
            then 'plan version'
    end as not_counted_because,
    0 as insurance_paid,
    0 as writeoff,
    0 as insurance_pending,
    0 as writeoff_pending,
    null::text as claim_line_status,
    0 as expected_payment,
    coalesce(payments.pay_type_id = 0, false) as is_income_transfer,
    case
        when
            splits.payplan_id is not null
            and hidden_types.definition_id is null
            and not (settings.payplans_version = '2' and coalesce(plans.is_closed, false))
            then -coalesce(splits.split_amt, 0)
        else 0
    end as payplan_due,
    case
        when hidden_types.definition_id is null and coalesce(payments.pay_type_id != 0, true)
            then coalesce(splits.split_amt, 0)
        else 0
    end as collected_amount,
    payments.pay_type_id as label_id,
    {{ row_metadata('splits') }}
from {{ splits }} as splits
cross join {{ settings }} as settings
left join {{ definitions }} as hidden_types
    on
        splits.unearned_type_id = hidden_types.definition_id
        and hidden_types.category = 29
        and hidden_types.item_value != ''
left join {{ payments }} as payments
    on splits.payment_id = payments.payment_id
left join {{ plans }} as plans
    on splits.payplan_id = plans.payplan_id
{%- endmacro %}
