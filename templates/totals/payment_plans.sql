select
    'opendental.payplancharge' as subject,
    kinds.part,
    count(charges.payplan_charge_id) as row_count,
    sum(hashint8extended(charges.payplan_charge_id, 0)) as key_digest,
    sum(
        case kinds.part
            when 'debit' then coalesce(charges.principal, 0) + coalesce(charges.interest, 0)
            else -coalesce(charges.principal, 0)
        end
    ) as amount
from (values ('debit'), ('credit')) as kinds (part)
left join {{ source('opendental', 'payplancharge') }} as charges
    on (charges.charge_type = 0) = (kinds.part = 'debit')
group by kinds.part
union all
select
    'opendental.payplan' as subject,
    'plan' as part,
    count(*) as row_count,
    sum(hashint8extended(payplan_id, 0)) as key_digest,
    -sum(completed_amt) as amount
from {{ source('opendental', 'payplan') }}
union all
select
    'opendental.payplanlink' as subject,
    'link' as part,
    count(*) as row_count,
    sum(hashint8extended(payplan_link_id, 0)) as key_digest,
    0 as amount
from {{ source('opendental', 'payplanlink') }}
where link_type in (1, 2)
