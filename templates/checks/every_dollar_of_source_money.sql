-- error: Every dollar of source money is in exactly one row of each ledger model.
with sums as (
    select
        'int_adjustments' as subject,
        (select sum(adjustment_amount) from {{ ref('int_adjustments') }}) as model_sum,
        (select sum(adj_amt) from {{ source('opendental', 'adjustment') }}) as source_sum
    union all
    select
        'int_payment_split' as subject,
        (select sum(split_amount) from {{ ref('int_payment_split') }}) as model_sum,
        (select sum(split_amt) from {{ source('opendental', 'paysplit') }}) as source_sum
    union all
    select
        'int_patient_payment_allocated' as subject,
        (select sum(allocated_amount) from {{ ref('int_patient_payment_allocated') }}) as model_sum,
        (select sum(split_amt) from {{ source('opendental', 'paysplit') }}) as source_sum
    union all
    select
        'int_insurance_payment_allocated' as subject,
        (
            select sum(coalesce(insurance_paid_amount, 0) + coalesce(writeoff_amount, 0))
            from {{ ref('int_insurance_payment_allocated') }}
        ) as model_sum,
        (
            select sum(coalesce(paid_lines.ins_pay_amt, 0) + coalesce(paid_lines.write_off, 0))
            from {{ source('opendental', 'claimproc') }} as paid_lines
            where {{ is_paid_line('paid_lines.status') }}
        ) as source_sum
)

select
    subject,
    coalesce(model_sum, 0) - coalesce(source_sum, 0) as difference
from sums
where coalesce(model_sum, 0) != coalesce(source_sum, 0)
