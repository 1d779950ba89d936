-- TODO: what the query cannot say (a decision, an odd habit of the source), or no comment at all.
select
    '{{ as_of }}'::date as as_of_date,
    claims.claim_id,
    claims.patient_id,
    claims.date_sent as sent_date,
    {{ days_between('claims.date_sent', "'" ~ as_of ~ "'") }} as days_since_sent
from {{ source('opendental', 'claim') }} as claims
where
    claims.date_sent <= '{{ as_of }}'::date
    and (claims.date_received is null or claims.date_received > '{{ as_of }}'::date)
