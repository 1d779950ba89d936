with settings as (
    select
        {{ preference(source('opendental', 'preference'), 'PayPlansVersion', '2') }}
            as payplans_version
)

select
    'int_payment_split' as subject,
    count(*) as row_count,
    sum(hashint8extended(splits.split_id, 0)) as key_digest,
    sum(splits.split_amount) as amount,
    -- Hidden unearned money is on no account; versions 1 and 3 keep plan splits off it too.
    -sum(splits.split_amount) filter (
        where
        splits.counts_in_ar
        and (splits.payplan_id is null or settings.payplans_version in ('2', '4'))
    ) as ledger_amount
from {{ ref('int_payment_split') }} as splits
cross join settings
union all
select
    'opendental.paysplit' as subject,
    count(*) as row_count,
    sum(hashint8extended(split_id, 0)) as key_digest,
    sum(split_amt) as amount,
    -sum(split_amt) as ledger_amount
from {{ source('opendental', 'paysplit') }}
