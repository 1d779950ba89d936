-- Denials of sessions with the appeals against each, lowest level first.
select
    denials.session_id as subject_id,
    denials.denial_id,
    denials.denied_on,
    denials.is_estimated,
    denials.category,
    denials.carc,
    denials.group_code,
    denials.note,
    denials.amount,
    denials.resolved_on,
    denials.resolution,
    denials.by_user as actor,
    denials.created_at as at,
    sent.claim_id is not null as was_sent,
    appeals.level,
    appeals.filed_on,
    appeals.method,
    appeals.due_on,
    appeals.decided_on,
    appeals.decision,
    appeals.by_user as appealed_by,
    appeals.created_at as appealed_at
from desk.denials
inner join desk.sessions
    on denials.session_id = sessions.session_id
-- every claim that was sent was sent a first time
left join desk.submissions as sent
    on sessions.claim_id = sent.claim_id and sent.n = 1
left join desk.appeals
    on denials.denial_id = appeals.denial_id
