-- Alerts that are mailed now, and those lately resolved, each with the events a digest goes by.
with candidates as (
    select
        alerts.*,
        rules.counts,
        rules.route,
        rules.title,
        alerts.status = 'resolved' as is_resolved
    from desk.alerts
    inner join desk.alert_rules as rules
        on alerts.rule_code = rules.code
    where
        -- each who was told of it has had a digest within a week or two
        (alerts.status = 'resolved' and alerts.resolved_on >= desk.today() - 30)
        or (
            alerts.status != 'resolved'
            and rules.enabled
            and alerts.silenced_by is null
            and array_position(array['low', 'medium', 'high', 'critical'], alerts.severity)
            >= array_position(array['low', 'medium', 'high', 'critical'], rules.mailed_from)
        )
),

happened as (
    select
        events.alert_id,
        max(events.event_id) as last_event,
        max(events.event_id) filter (
            where events.kind in ('opened', 'risen', 'reopened')
        ) as news_event,
        max(events.as_of) filter (
            where events.kind in ('opened', 'risen', 'reopened')
        ) as news_on,
        (array_agg(events.kind order by events.event_id desc) filter (
            where events.kind in ('opened', 'risen', 'reopened')
        ))[1] as news_kind,
        max(events.event_id) filter (where events.kind = 'escalated') as escalated_event,
        max(events.as_of) filter (where events.kind = 'escalated') as escalated_on,
        max(events.event_id) filter (where events.kind = 'resolved') as resolved_event
    from desk.alert_events as events
    inner join candidates
        on events.alert_id = candidates.alert_id
    group by events.alert_id
)

select
    candidates.alert_id,
    candidates.rule_code,
    candidates.counts,
    candidates.route,
    candidates.title,
    candidates.severity,
    candidates.status,
    candidates.day_count,
    candidates.amount,
    candidates.escalation,
    coalesce(candidates.session_id, candidates.dental_claim_id) as subject_id,
    candidates.file_id,
    coalesce(candidates.source, files.source) as source,
    coalesce(claims.claim_ref, sessions.session_ref, dental_claims.claim_ref) as reference,
    payers.name as payer_name,
    sessions.billing_status,
    coalesce(sessions.assigned_to, dental_claims.assigned_to) as assigned_to,
    staff.display_code as owner_code,
    happened.last_event,
    coalesce(happened.news_event, 0) as news_event,
    happened.news_on,
    happened.news_kind,
    coalesce(happened.escalated_event, 0) as escalated_event,
    happened.escalated_on,
    coalesce(happened.resolved_event, 0) as resolved_event
from candidates
inner join happened
    on candidates.alert_id = happened.alert_id
left join desk.sessions
    on candidates.session_id = sessions.session_id
left join desk.claims
    on sessions.claim_id = claims.claim_id
left join desk.dental_claims
    on candidates.dental_claim_id = dental_claims.dental_claim_id
left join desk.payments
    on candidates.payment_id = payments.payment_id
left join desk.payers
    on coalesce(sessions.payer_id, payments.payer_id) = payers.payer_id
left join desk.staff
    on coalesce(sessions.assigned_to, dental_claims.assigned_to) = staff.user_id
left join ops.file as files
    on candidates.file_id = files.file_id
