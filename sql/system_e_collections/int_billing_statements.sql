-- A payment on the day of a statement may have come before it, so windows start the day after.
with line_counts as (
    select
        statement_id,
        count(*) filter (where prod_type = 0) as procedure_count,
        count(*) filter (where prod_type = 1) as adjustment_count,
        count(*) filter (where prod_type = 2) as payplan_charge_count
    from {{ source('opendental', 'statementprod') }}
    group by statement_id
),

statements as (
    select
        statements.*,
        addressees.guarantor_id,
        case
            when statements.is_invoice then 'invoice'
            when statements.is_receipt then 'receipt'
            when statements.statement_type = 'LimitedStatement' then 'limited'
            else 'statement'
        end as document_kind,
        coalesce(statements.is_sent, false)
        and statements.is_invoice is not true
        and statements.is_receipt is not true as is_demand,
        case when statements.is_bal_valid then statements.bal_total end as statement_balance,
        case when statements.is_bal_valid then statements.ins_est end
            as statement_insurance_estimate,
        case
            when statements.is_bal_valid
                then coalesce(statements.bal_total, 0) - coalesce(statements.ins_est, 0)
        end as amount_due,
        {{ snapshot_day('statements.date_sent', as_of) }} as snapshot_date
    from {{ source('opendental', 'statement') }} as statements
    left join {{ source('opendental', 'patient') }} as addressees
        on statements.patient_id = addressees.patient_id
),

demands as (
    select
        statement_id,
        count(*) over family_statements as sequence_for_family,
        date_sent - lag(date_sent) over family_statements as days_since_previous,
        least(date_sent + 30, lead(date_sent) over family_statements) as attributed_until
    from statements
    where is_demand and guarantor_id is not null and date_sent is not null
    window family_statements as (partition by guarantor_id order by date_sent, statement_id)
),

payments as (
    {{ family_payments(
        ref('int_payment_split'), source('opendental', 'patient'), as_of
    ) | indent }}
),

payments_after as (
    select
        statements.statement_id,
        coalesce(
            sum(payments.paid) filter (where payments.payment_date <= statements.date_sent + 7), 0
        ) as paid_within_7,
        coalesce(
            sum(payments.paid) filter (where payments.payment_date <= statements.date_sent + 14), 0
        ) as paid_within_14,
        coalesce(sum(payments.paid), 0) as paid_within_30,
        sum(payments.paid) filter (where payments.payment_date <= demands.attributed_until)
            as attributed_within_30,
        min(payments.payment_date) filter (
            where payments.paid > 0 and payments.payment_date <= demands.attributed_until
        ) - statements.date_sent as days_to_first_payment
    from statements
    left join payments
        on
            statements.guarantor_id = payments.guarantor_id
            and statements.date_sent < payments.payment_date
            and statements.date_sent + 30 >= payments.payment_date
    left join demands
        on statements.statement_id = demands.statement_id
    where statements.is_sent
    group by statements.statement_id, statements.date_sent
),

families as (
    {{ family_aging(ref('int_ar_aging_snapshot')) | indent }}
)

select
    statements.statement_id,
    statements.patient_id,
    statements.guarantor_id,
    statements.super_family_id,
    guarantors.clinic_id,
    guarantors.billing_type_name,
    statements.date_sent as statement_date,
    statements.is_sent,
    statements.is_demand,
    case statements.mode
        when 1 then 'in person'
        else lower({{ label('StatementMode', 'statements.mode') }})
    end as delivery_method,
    statements.document_kind,
    statements.document_id,
    statements.statement_balance,
    statements.statement_insurance_estimate,
    statements.amount_due,
    statements.date_range_from,
    case when statements.date_range_to < '2200-01-01' then statements.date_range_to end
        as date_range_to,
    coalesce(line_counts.procedure_count, 0) as procedure_count,
    coalesce(line_counts.adjustment_count, 0) as adjustment_count,
    coalesce(line_counts.payplan_charge_count, 0) as payplan_charge_count,
    {{ label('AutoCommStatus', 'statements.sms_send_status') }} as text_notice_status,
    families.balance_total as family_balance_at_snapshot,
    families.oldest_age_days as oldest_age_days_at_snapshot,
    families.as_of_date as snapshot_date,
    demands.sequence_for_family,
    demands.days_since_previous,
    payments_after.paid_within_7,
    payments_after.paid_within_14,
    payments_after.paid_within_30,
    case
        when
            demands.statement_id is null
            or statements.date_sent > '{{ as_of }}'::date
            or statements.super_family_id is not null
            or coalesce(statements.amount_due, 0) <= 0
            then null
        when payments_after.paid_within_30 >= statements.amount_due then 'full'
        when payments_after.paid_within_30 > 0 then 'partial'
        else 'none'
    end as payment_result,
    coalesce(payments_after.attributed_within_30, 0) as attributed_within_30,
    payments_after.days_to_first_payment,
    {{ row_metadata('statements') }}
from statements
left join line_counts
    on statements.statement_id = line_counts.statement_id
left join demands
    on statements.statement_id = demands.statement_id
left join payments_after
    on statements.statement_id = payments_after.statement_id
left join families
    on
        statements.guarantor_id = families.guarantor_id
        and statements.snapshot_date = families.as_of_date
left join {{ ref('int_patient_profile') }} as guarantors
    on statements.guarantor_id = guarantors.patient_id
