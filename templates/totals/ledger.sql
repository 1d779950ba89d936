{% set measures = [
    'row_count', 'key_digest', 'source_amount', 'amount', 'insurance_paid', 'writeoff',
    'insurance_pending', 'writeoff_pending'
] %}
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
        sum(source_amount) as source_amount,
        sum(amount) as amount,
        sum(insurance_paid) as insurance_paid,
        sum(writeoff) as writeoff,
        sum(insurance_pending) as insurance_pending,
        sum(writeoff_pending) as writeoff_pending
    from {{ ref('int_ar_shared_calculations') }}
    group by transaction_type
)

select
    'int_ar_shared_calculations' as subject,
    types.transaction_type as part,
{% for measure in measures %}
    by_type.{{ measure }}{{ ',' if not loop.last }}
{% endfor %}
from types
left join by_type
    on types.transaction_type = by_type.transaction_type
{% for part, condition in [('plans', "like 'plan %'"), ('all', 'is not null')] %}
    union all
    select
        'int_ar_shared_calculations' as subject,
        '{{ part }}' as part,
    {% for measure in measures %}
        sum({{ measure }}) as {{ measure }}{{ ',' if not loop.last }}
    {% endfor %}
    from by_type
    where transaction_type {{ condition }}
{% endfor %}
