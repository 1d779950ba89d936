-- error: Statements and contacts are credited with no more than families paid, each payment once.
with paid as (
    select
        guarantor_id,
        sum(collected_amount) as amount
    from {{ ref('int_ar_shared_calculations') }}
    where transaction_type = 'patient payment' and collected_amount > 0
    group by guarantor_id
),

credited as (
    select
        'int_billing_statements' as subject,
        guarantor_id,
        sum(attributed_within_30) as amount
    from {{ ref('int_billing_statements') }}
    group by guarantor_id
    union all
    select
        'int_collection_communication' as subject,
        guarantor_id,
        sum(attributed_within_30) as amount
    from {{ ref('int_collection_communication') }}
    group by guarantor_id
)

select
    credited.subject,
    credited.guarantor_id,
    credited.amount as credited_amount,
    coalesce(paid.amount, 0) as paid_amount
from credited
left join paid
    on credited.guarantor_id = paid.guarantor_id
where credited.amount > coalesce(paid.amount, 0)
