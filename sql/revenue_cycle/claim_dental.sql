-- A claim of the dental practice system: its lines of the build added up, and who works on it.
with claims as (
    select
        claim_id,
        min(carrier_name) as payer_name,
        min(patient_id) as patient_id,
        min(claim_status_name) as status,
        min(service_date) as service_on,
        min(coalesce(original_sent_date, sent_date)) as first_sent_on,
        min(coalesce(sent_date, original_sent_date)) as last_sent_on,
        sum(billed_amount) as charge,
        sum(paid_amount) as paid,
        sum(writeoff_amount) as write_off,
        sum(patient_portion) as client_share
    from {{ ref('int_claim_details') }}
    group by claim_id
)

select
    dental_claims.dental_claim_id as subject_id,
    dental_claims.claim_id as dental_claim_number,
    dental_claims.row_version,
    dental_claims.claim_ref as reference,
    null as claim_ref,
    null::uuid as payer_id,
    claims.payer_name,
    claims.patient_id as client_id,
    null as client,
    null as clinician,
    claims.service_on,
    null as billing_code,
    coalesce(claims.status, 'gone from the practice system') as status,
    false as is_open,
    claims.first_sent_on,
    claims.last_sent_on,
    null::integer as age_days,
    null as age_basis,
    null::integer as last_sent_age_days,
    null::date as filing_deadline,
    null::date as appeal_deadline,
    coalesce(claims.charge, 0) as charge,
    coalesce(claims.paid, 0) as paid,
    coalesce(claims.paid, 0) as paid_reported,
    coalesce(claims.write_off, 0) as write_off,
    coalesce(claims.client_share, 0) as client_share,
    null::numeric as outstanding,
    0 as credit,
    dental_claims.assigned_to,
    staff.display_code as owner,
    dental_claims.next_action_on
from desk.dental_claims
left join claims
    on dental_claims.claim_id = claims.claim_id
left join desk.staff
    on dental_claims.assigned_to = staff.user_id
