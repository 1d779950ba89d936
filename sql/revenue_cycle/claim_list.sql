-- Sessions with their claims, and dental claims, as the claim tracker finds and groups them.
-- Left joins only: what a list does not read of them is not even looked up.
with dental as (
    select
        dental_claims.dental_claim_id,
        dental_claims.claim_ref,
        dental_claims.assigned_to,
        details.*
    from desk.dental_claims
    left join lateral (
        select
            min(told.claim_status) as claim_status,
            min(told.claim_status_name) as claim_status_name,
            min(told.carrier_name) as payer_name,
            min(coalesce(told.original_sent_date, told.sent_date)) as first_sent_on,
            min(coalesce(told.sent_date, told.original_sent_date)) as last_sent_on,
            min(told.service_date) as service_on,
            sum(told.billed_amount) as charge,
            sum(told.estimated_insurance_amount) filter (
                where told.line_status = 'NotReceived' and told.claim_status in ('S', 'P')
            ) as outstanding
        from {{ ref('int_claim_details') }} as told
        where told.claim_id = dental_claims.claim_id
    ) as details on true
),

-- not beside the first: a union with a `with` of its own is read with all its columns
claims_of_both as (
    select
        'simplepractice' as source,
        coalesce(sessions.claim_id, sessions.session_id) as row_key,
        sessions.session_id,
        coalesce(claims.claim_ref, sessions.session_ref) as row_ref,
        sessions.session_ref,
        sessions.billing_status as status,
        case
            when sessions.billing_status in ('scheduled', 'completed', 'documented')
                then 'not_ready'
            when sessions.billing_status = 'ready_to_bill' then 'ready'
            when sessions.billing_status in ('client_responsibility', 'written_off', 'voided')
                then 'closed'
            else sessions.billing_status
        end as tab,
        payers.name as payer_name,
        sessions.clinician_id,
        clients.initials,
        clients.full_name,
        sessions.client_id,
        claims.clearinghouse_ref,
        claims.payer_claim_no,
        sessions.first_submitted_on as first_sent_on,
        sessions.last_submitted_on as last_sent_on,
        coalesce(sessions.first_submitted_on, sessions.service_on) as counts_from,
        sessions.in_ar or sessions.unbilled as is_open,
        insurance_portals.name as portal_name,
        insurance_portals.url as portal_url,
        sessions.ins_charge as charge,
        sessions.outstanding,
        sessions.assigned_to
    from desk.sessions
    left join desk.claims
        on sessions.claim_id = claims.claim_id
    left join desk.insurance_portals
        on claims.portal_id = insurance_portals.portal_id
    left join desk.payers
        on sessions.payer_id = payers.payer_id
    left join desk.clients
        on sessions.client_id = clients.client_id
    union all
    select
        'opendental' as source,
        dental.dental_claim_id as row_key,
        null as session_id,
        dental.claim_ref as row_ref,
        dental.claim_ref as session_ref,
        coalesce(dental.claim_status_name, 'gone from the practice system') as status,
        case
            when dental.claim_status in ('U', 'H', 'I') then 'not_ready'
            when dental.claim_status = 'W' then 'ready'
            when dental.claim_status in ('S', 'P') then 'submitted'
            else 'closed'
        end as tab,
        dental.payer_name,
        null as clinician_id,
        null as initials,
        null as full_name,
        null as client_id,
        null as clearinghouse_ref,
        null as payer_claim_no,
        case
            when dental.claim_status in ('S', 'P', 'R') then dental.first_sent_on
        end as first_sent_on,
        case
            when dental.claim_status in ('S', 'P', 'R') then dental.last_sent_on
        end as last_sent_on,
        coalesce(
            case when dental.claim_status in ('S', 'P') then dental.first_sent_on end,
            dental.service_on
        ) as counts_from,
        dental.claim_status in ('U', 'H', 'I', 'W', 'S', 'P') as is_open,
        null as portal_name,
        null as portal_url,
        dental.charge,
        nullif(round(dental.outstanding, 2), 0) as outstanding,
        dental.assigned_to
    from dental
)

select *
from claims_of_both
