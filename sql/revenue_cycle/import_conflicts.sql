-- What files told that somebody has to decide on: a session or a claim, and the other of a pair.
select
    items.item_id,
    items.row_version,
    items.kind,
    items.opened_on,
    items.session_id,
    sessions.row_version as session_version,
    sessions.session_ref,
    sessions.billing_status,
    sessions.service_on,
    sessions.service_time,
    sessions.ins_charge,
    sessions.amount_paid,
    claims.claim_ref,
    coalesce(sessions.client_id, claims.client_id) as client_id,
    coalesce(clients.initials, claim_clients.initials) as initials,
    payers.name as payer_name,
    array_to_string(sessions.billing_code || sessions.modifiers, '-') as billing_code,
    coalesce(items.detail ->> 'reason', items.detail ->> 'why') as why,
    items.detail ->> 'claim_status' as claim_status,
    (items.detail ->> 'missing_since')::date as missing_since,
    (items.detail ->> 'file_id')::bigint as file_id,
    (items.detail ->> 'line')::bigint as line,
    items.detail ->> 'this_is' as this_is,
    other_sessions.session_ref as other_ref,
    other_sessions.billing_status as other_status,
    other_sessions.service_on as other_service_on,
    other_sessions.service_time as other_service_time,
    other_sessions.ins_charge as other_charge,
    other_sessions.amount_paid as other_paid,
    array_to_string(other_sessions.billing_code || other_sessions.modifiers, '-')
        as other_billing_code,
    items.assigned_to,
    staff.display_code as owner
from desk.work_items as items
left join desk.sessions
    on items.session_id = sessions.session_id
left join desk.claims
    on items.claim_id = claims.claim_id
left join desk.clients
    on sessions.client_id = clients.client_id
left join desk.clients as claim_clients
    on claims.client_id = claim_clients.client_id
left join desk.payers
    on coalesce(sessions.payer_id, claims.payer_id) = payers.payer_id
left join desk.sessions as other_sessions
    on (items.detail ->> 'other_session_id')::uuid = other_sessions.session_id
left join desk.staff
    on items.assigned_to = staff.user_id
where
    items.done_at is null
    and items.kind in ('conflict', 'possible_correction', 'deleted_at_source')
    -- of a pair the newer asks, as long as it does
    and (
        items.detail ->> 'this_is' is distinct from 'old'
        or not exists (
            select twins.item_id
            from desk.work_items as twins
            where
                twins.session_id = other_sessions.session_id
                and twins.kind = items.kind
                and twins.done_at is null
        )
    )
