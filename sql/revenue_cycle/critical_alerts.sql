-- The five dearest of the live critical alerts; those without an amount come last.
with dearest as (
    select *
    from desk.alerts
    where severity = 'critical' and status != 'resolved'
    order by amount desc nulls last, critical_since asc, alert_id asc
    limit 5
)

select
    alert_rules.title,
    alert_rules.counts,
    dearest.day_count,
    dearest.amount,
    dearest.status,
    dearest.quiet_until,
    dearest.critical_since,
    dearest.alert_id,
    coalesce(sessions.session_ref, dental_claims.claim_ref) as reference,
    coalesce(session_owners.display_code, dental_owners.display_code) as owner
from dearest
inner join desk.alert_rules
    on dearest.rule_code = alert_rules.code
left join desk.sessions
    on dearest.session_id = sessions.session_id
left join desk.dental_claims
    on dearest.dental_claim_id = dental_claims.dental_claim_id
left join desk.staff as session_owners
    on sessions.assigned_to = session_owners.user_id
left join desk.staff as dental_owners
    on dental_claims.assigned_to = dental_owners.user_id
