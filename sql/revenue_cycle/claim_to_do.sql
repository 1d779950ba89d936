-- Work that is open on a session, a claim or a dental claim.
select
    coalesce(session_id, dental_claim_id, claim_id) as subject_id,
    kind,
    due_on,
    snoozed_until
from desk.work_items
where done_at is null and coalesce(session_id, dental_claim_id, claim_id) is not null
