with types (transaction_type) as (
    values
    ('procedure'), ('insurance'), ('adjustment'), ('patient payment'),
    ('plan debit'), ('plan credit'), ('plan link'), ('plan completed amount')
),

by_type as (
    select
        transaction_type,
        count(*) as row_count,
        sum(hashint8extended(source_id, 0)) as key_digest,
        sum(amount) as amount
    from {{ ref('int_ar_transaction_history') }}
    group by transaction_type
)

select
    'int_ar_transaction_history' as subject,
    types.transaction_type as part,
    by_type.row_count,
    by_type.key_digest,
    by_type.amount
from types
left join by_type
    on types.transaction_type = by_type.transaction_type
