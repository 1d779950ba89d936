-- Sessions a payment can be for; what was scheduled or voided owes nobody anything.
select
    sessions.session_id,
    sessions.row_version,
    sessions.session_ref as reference,
    claims.claim_ref,
    claims.clearinghouse_ref,
    claims.payer_claim_no,
    sessions.payer_id,
    sessions.secondary_payer_id,
    sessions.client_id,
    clients.full_name as client_name,
    clients.initials as client_initials,
    sessions.service_on,
    sessions.billing_code,
    sessions.billing_status as status,
    sessions.in_ar,
    sessions.ins_charge as charge,
    sessions.amount_paid as paid,
    sessions.outstanding,
    sessions.payer_credit as credit
from desk.sessions
inner join desk.clients
    on sessions.client_id = clients.client_id
left join desk.claims
    on sessions.claim_id = claims.claim_id
where sessions.billing_status not in ('scheduled', 'voided')
