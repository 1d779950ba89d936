-- Alerts that are not resolved, and who has been mailed of each.
select
    coalesce(alerts.session_id, alerts.dental_claim_id) as subject_id,
    alerts.session_id,
    alerts.dental_claim_id,
    alerts.payment_id,
    alerts.clinician_id,
    alerts.file_id,
    alerts.source,
    alerts.alert_id,
    alerts.row_version,
    alert_rules.title,
    alert_rules.ends,
    alert_rules.ends_by_hand,
    alert_rules.counts,
    alerts.severity,
    alerts.status,
    alerts.day_count,
    alerts.amount,
    alerts.quiet_until,
    more_severe.title as silenced_by,
    (
        select string_agg(distinct staff.display_code, ', ')
        from ops.mail_line
        inner join ops.mail
            on mail_line.mail_id = mail.mail_id
        inner join desk.staff
            on mail.staff_id = staff.user_id
        where mail_line.alert_id = alerts.alert_id and mail.state = 'sent'
    ) as told
from desk.alerts
inner join desk.alert_rules
    on alerts.rule_code = alert_rules.code
left join desk.alert_rules as more_severe
    on alerts.silenced_by = more_severe.code
where alerts.status != 'resolved'
