-- The credit is the split's, never the payment's: patient, provider and clinic may differ there.
with payment_types as (
    select
        definition_id,
        item_name
    from {{ source('opendental', 'definition') }}
    where category = 10
),

unearned_types as (
    select
        definition_id,
        item_name,
        item_value != '' as is_hidden
    from {{ source('opendental', 'definition') }}
    where category = 29
),

split_counts as (
    select
        payment_id,
        count(*) as splits_in_payment
    from {{ source('opendental', 'paysplit') }}
    group by payment_id
)

select
    splits.split_id,
    splits.payment_id,
    splits.patient_id,
    splits.provider_id,
    coalesce(nullif(providers.abbr, ''), providers.l_name) as provider_label,
    splits.clinic_id,
    splits.procedure_id,
    splits.adjustment_id,
    splits.payplan_id,
    splits.payplan_charge_id,
    payments.patient_id as payment_patient_id,
    payments.deposit_id,
    splits.date_pay as payment_date,
    splits.date_entry as entry_date,
    deposits.date_deposit as deposit_date,
    charted.procedure_date,
    adjustments.adjustment_date,
    plan_charges.charge_date as plan_charge_date,
    coalesce(splits.split_amt, 0) as split_amount,
    payments.pay_amt as payment_amount,
    split_counts.splits_in_payment,
    payments.pay_type_id as payment_type_id,
    case
        when payments.pay_type_id = 0 then 'Income transfer'
        else payment_types.item_name
    end as payment_type_name,
    unearned_types.item_name as unearned_type_name,
    splits.unearned_type_id is not null as is_unearned,
    coalesce(unearned_types.is_hidden, false) as is_hidden_unearned,
    coalesce(payments.pay_type_id = 0, false) as is_income_transfer,
    coalesce(payments.pay_amt < 0, false) as is_refund,
    case
        when splits.procedure_id is not null then 'procedure'
        when splits.adjustment_id is not null then 'adjustment'
        when coalesce(splits.payplan_charge_id, splits.payplan_id) is not null then 'plan charge'
        when splits.unearned_type_id is not null then 'unearned'
        else 'unattached'
    end as split_target,
    (splits.procedure_id is not null and charted.procedure_id is null)
    or (splits.adjustment_id is not null and adjustments.adjustment_id is null)
    or (splits.payplan_id is not null and payment_plans.payplan_id is null)
    or (splits.payplan_charge_id is not null and plan_charges.payplan_charge_id is null)
        as is_target_missing,
    payments.payment_id is null as is_payment_missing,
    not coalesce(unearned_types.is_hidden, false) as counts_in_ar,
    {{ row_metadata('splits') }}
from {{ source('opendental', 'paysplit') }} as splits
left join {{ source('opendental', 'payment') }} as payments
    on splits.payment_id = payments.payment_id
left join split_counts
    on splits.payment_id = split_counts.payment_id
left join payment_types
    on payments.pay_type_id = payment_types.definition_id
left join {{ source('opendental', 'deposit') }} as deposits
    on payments.deposit_id = deposits.deposit_id
left join {{ source('opendental', 'provider') }} as providers
    on splits.provider_id = providers.provider_id
left join unearned_types
    on splits.unearned_type_id = unearned_types.definition_id
left join {{ ref('int_procedure_complete') }} as charted
    on splits.procedure_id = charted.procedure_id
left join {{ ref('int_adjustments') }} as adjustments
    on splits.adjustment_id = adjustments.adjustment_id
left join {{ source('opendental', 'payplan') }} as payment_plans
    on splits.payplan_id = payment_plans.payplan_id
left join {{ source('opendental', 'payplancharge') }} as plan_charges
    on splits.payplan_charge_id = plan_charges.payplan_charge_id
