-- Work that is open on a session, a claim or a dental claim.
select
    session_id,
    claim_id,
    dental_claim_id,
    kind,
    due_on,
    snoozed_until
from desk.work_items
where done_at is null
