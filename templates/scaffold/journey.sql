-- TODO: what the query cannot say (a decision, an odd habit of the source), or no comment at all.
select
    claims.claim_id,
    claims.patient_id,
    claims.date_service as service_date,
    claims.date_sent as sent_date,
    claims.date_received as received_date,
    {{ days_between('claims.date_sent', 'claims.date_received') }} as days_sent_to_received,
    case
        when claims.date_received is not null then 'received'
        when claims.date_sent is not null then 'sent'
        else 'begun'
    end as claim_stage
from {{ source('opendental', 'claim') }} as claims
