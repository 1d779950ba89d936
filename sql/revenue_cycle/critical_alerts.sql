-- Alerts nobody can put off: the dearest of them first, those without an amount last.
select
    alert_rules.title,
    alert_rules.counts,
    alerts.day_count,
    alerts.amount,
    alerts.status,
    alerts.quiet_until,
    alerts.critical_since,
    coalesce(sessions.session_ref, dental_claims.claim_ref) as reference,
    coalesce(session_owners.display_code, dental_owners.display_code) as owner
from desk.alerts
inner join desk.alert_rules
    on alerts.rule_code = alert_rules.code
left join desk.sessions
    on alerts.session_id = sessions.session_id
left join desk.dental_claims
    on alerts.dental_claim_id = dental_claims.dental_claim_id
left join desk.staff as session_owners
    on sessions.assigned_to = session_owners.user_id
left join desk.staff as dental_owners
    on dental_claims.assigned_to = dental_owners.user_id
where alerts.severity = 'critical' and alerts.status != 'resolved'
