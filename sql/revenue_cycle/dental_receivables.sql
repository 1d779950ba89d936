-- Dental claims that are sent and not settled, by the build, and who works on them at the desk.
-- Without a `with`, so that of columns nobody reads nothing is added up.
select
    told.claim_id as dental_claim_number,
    dental_claims.dental_claim_id,
    dental_claims.claim_ref,
    dental_claims.assigned_to,
    dental_claims.next_action_on,
    min(told.patient_id) as patient_id,
    min(told.carrier_name) as payer_name,
    min(told.claim_status_name) as status,
    min(coalesce(told.original_sent_date, told.sent_date)) as first_sent_on,
    min(coalesce(told.sent_date, told.original_sent_date)) as last_sent_on,
    min(told.service_date) as service_on,
    sum(told.billed_amount) as charge,
    coalesce(sum(told.paid_amount), 0) as paid,
    -- 0 is that nobody estimated it
    nullif(round(sum(told.estimated_insurance_amount) filter (
        where told.line_status = 'NotReceived'
    ), 2), 0) as amount
from {{ ref('int_claim_details') }} as told
left join desk.dental_claims
    on told.claim_id = dental_claims.claim_id
where told.claim_status in ('S', 'P') and not told.is_preauth
group by told.claim_id, dental_claims.dental_claim_id
