-- Method: the practice's own list, else what only one processor does, else the words of the type,
-- else a card processor. A finished card transaction (IsCcCompleted) says nothing about validity.
with listed_methods as (
    select
        pay_type_id,
        replace(nullif(lower(trim(payment_method_group)), ''), 'ach', 'ACH') as method_group
    from {{ source('practice', 'payment_method') }}
),

worded_methods as (
    select
        definition_id,
        case
            when item_name ~* 'financ|care ?credit|lending|sunbit|alphaeon|cherry' then 'financing'
            when item_name ~* '\m(ach|eft)\M|\me-?check|bank (draft|transfer)' then 'ACH'
            when item_name ~* 'card|\mcc\M|visa|amex|american express|discover|debit' then 'card'
            when item_name ~* '\mche(ck|que)' then 'check'
            when item_name ~* '\mcash\M' then 'cash'
        end as method_group
    from {{ source('opendental', 'definition') }}
    where category = 10
)

select
    splits.split_id,
    splits.payment_id,
    splits.patient_id,
    splits.provider_id,
    splits.clinic_id,
    splits.procedure_id,
    splits.adjustment_id,
    splits.payplan_id,
    splits.deposit_id,
    splits.payment_date,
    splits.entry_date,
    splits.deposit_date,
    splits.procedure_date,
    splits.split_amount as allocated_amount,
    case splits.split_target when 'plan charge' then 'plan' else splits.split_target end
        as allocation_kind,
    splits.payment_type_name,
    coalesce(
        listed_methods.method_group,
        case
            when payments.payment_source in (7, 20) then 'ACH'
            when payments.payment_source = 10 then 'financing'
        end,
        worded_methods.method_group,
        case when payments.payment_source not in (0, 13) then 'card' end,
        'other'
    ) as payment_method_group,
    splits.is_income_transfer,
    splits.is_refund,
    splits.is_unearned,
    splits.is_hidden_unearned,
    not splits.is_income_transfer and not splits.is_hidden_unearned as is_collected_income,
    not splits.is_hidden_unearned
    and coalesce(splits.payment_date <= '{{ as_of }}'::date, true) as include_in_ar,
    coalesce(payments.is_recurring_cc, false) as is_recurring_card,
    {{ label('CreditCardSource', 'payments.payment_source') }} as payment_source,
    {{ label('ProcessStat', 'payments.process_status') }} as process_status,
    {{ days_between("nullif(splits.procedure_date, '0001-01-01')",
                    "nullif(splits.payment_date, '0001-01-01')") }} as days_service_to_payment,
    {{ row_metadata('splits') }}
from {{ ref('int_payment_split') }} as splits
left join {{ source('opendental', 'payment') }} as payments
    on splits.payment_id = payments.payment_id
left join listed_methods
    on splits.payment_type_id = listed_methods.pay_type_id
left join worded_methods
    on splits.payment_type_id = worded_methods.definition_id
