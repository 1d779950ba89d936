-- The five dearest live critical alerts; without an amount later, last those whose day has passed.
with critical as not materialized ( -- each half is read from its index, to the fifth row
    select
        alerts.*,
        alert_rules.title,
        alert_rules.counts,
        alert_rules.counts = 'days_left' and coalesce(alerts.day_count < 0, false) as is_too_late
    from desk.alerts
    inner join desk.alert_rules
        on alerts.rule_code = alert_rules.code
    where alerts.severity = 'critical' and alerts.status != 'resolved'
),

in_time as (
    select *
    from critical
    where not is_too_late
    order by amount desc nulls last, critical_since asc, alert_id asc
    limit 5
),

too_late as (
    select *
    from critical
    where is_too_late and (select count(*) < 5 from in_time)
    order by amount desc nulls last, critical_since asc, alert_id asc
    limit 5
),

dearest as (
    select * from in_time
    union all
    select * from too_late
    order by
        is_too_late asc,
        amount desc nulls last,
        critical_since asc,
        alert_id asc
    limit 5
)

select
    dearest.title,
    dearest.counts,
    dearest.day_count,
    dearest.amount,
    dearest.status,
    dearest.quiet_until,
    dearest.critical_since,
    dearest.alert_id,
    dearest.is_too_late,
    coalesce(sessions.session_ref, dental_claims.claim_ref) as reference,
    coalesce(session_owners.display_code, dental_owners.display_code) as owner
from dearest
left join desk.sessions
    on dearest.session_id = sessions.session_id
left join desk.dental_claims
    on dearest.dental_claim_id = dental_claims.dental_claim_id
left join desk.staff as session_owners
    on sessions.assigned_to = session_owners.user_id
left join desk.staff as dental_owners
    on dental_claims.assigned_to = dental_owners.user_id
