-- Class: the practice's own list, else a preference that names the type, else its name and sign.
with adjustment_types as (
    select
        definition_id,
        item_name,
        nullif(lower(trim(item_value)), '') as type_direction
    from {{ source('opendental', 'definition') }}
    where category = 1
),

listed_classes as (
    select
        adjustment_type_id,
        nullif(lower(trim(adjustment_class)), '') as adjustment_class
    from {{ source('practice', 'adjustment_class') }}
),

preference_classes as (
    select
        value_string as adjustment_type_text,
        min(case pref_name
            when 'BrokenAppointmentAdjustmentType' then 'broken appointment'
            when 'TreatPlanDiscountAdjustmentType' then 'discount'
            when 'FinanceChargeAdjustmentType' then 'finance charge'
            when 'BillingChargeAdjustmentType' then 'finance charge'
            when 'LateChargeAdjustmentType' then 'late charge'
            when 'SalesTaxAdjustmentType' then 'sales tax'
        end) as adjustment_class
    from {{ source('opendental', 'preference') }}
    group by value_string
),

paid as (
    select
        adjustment_id,
        sum(split_amt) as paid_amount
    from {{ source('opendental', 'paysplit') }}
    where adjustment_id is not null
    group by adjustment_id
)

select
    adjustments.adjustment_id,
    adjustments.patient_id,
    adjustments.provider_id,
    adjustments.clinic_id,
    adjustments.procedure_id,
    charted.procedure_status,
    adjustments.adj_date as adjustment_date,
    adjustments.date_entry as entry_date,
    adjustments.proc_date as procedure_date,
    adjustments.adj_amt as adjustment_amount,
    adjustments.adjustment_type_id,
    adjustment_types.item_name as adjustment_type_name,
    adjustment_types.type_direction,
    coalesce(
        (adjustment_types.type_direction = '+' and adjustments.adj_amt < 0)
        or (adjustment_types.type_direction in ('-', 'dp') and adjustments.adj_amt > 0),
        false
    ) as is_sign_mismatch,
    coalesce(
        listed_classes.adjustment_class,
        preference_classes.adjustment_class,
        case
            when adjustment_types.item_name ilike '%refund%' then 'refund'
            when adjustment_types.type_direction = '+' then 'charge'
            when adjustment_types.type_direction in ('-', 'dp') then 'discount'
        end
    ) as adjustment_class,
    adjustments.procedure_id is not null as is_procedure_attached,
    adjustments.adj_date > nullif(adjustments.proc_date, '0001-01-01') as is_retroactive,
    charted.unit_fee,
    round(100 * adjustments.adj_amt / nullif(charted.gross_fee, 0), 2) as pct_of_fee,
    coalesce(paid.paid_amount, 0) as paid_amount,
    {{ row_metadata('adjustments') }}
from {{ source('opendental', 'adjustment') }} as adjustments
left join adjustment_types
    on adjustments.adjustment_type_id = adjustment_types.definition_id
left join listed_classes
    on adjustments.adjustment_type_id = listed_classes.adjustment_type_id
left join preference_classes
    on adjustments.adjustment_type_id::text = preference_classes.adjustment_type_text
left join {{ ref('int_procedure_complete') }} as charted
    on adjustments.procedure_id = charted.procedure_id
left join paid
    on adjustments.adjustment_id = paid.adjustment_id
