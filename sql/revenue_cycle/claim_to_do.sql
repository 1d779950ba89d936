-- Work that is open on a session, a claim or a dental claim.
select
    coalesce(items.session_id, items.dental_claim_id, items.claim_id) as subject_id,
    items.item_id,
    items.row_version,
    items.kind,
    items.due_on,
    items.snoozed_until,
    twins.session_ref as other_reference
from desk.work_items as items
left join desk.sessions as twins
    on (items.detail ->> 'other_session_id')::uuid = twins.session_id
where
    items.done_at is null
    and coalesce(items.session_id, items.dental_claim_id, items.claim_id) is not null
