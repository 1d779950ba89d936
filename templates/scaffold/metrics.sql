-- TODO: what the query cannot say (a decision, an odd habit of the source), or no comment at all.
with counted as (
    select
        claims.prov_treat_id as provider_id,
        count(*) as claim_count,
        count(*) filter (where claims.claim_status = 'R') as received_claim_count
    from {{ source('opendental', 'claim') }} as claims
    where claims.prov_treat_id is not null
    group by claims.prov_treat_id
)

select
    provider_id,
    claim_count,
    received_claim_count,
    received_claim_count::numeric / nullif(claim_count, 0) as received_claim_rate
from counted
