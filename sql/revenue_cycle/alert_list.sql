-- Live alerts with what each is about and who works on that.
with live as (
    {{ query('claim_alerts') }}
)

select
    live.alert_id,
    live.row_version,
    live.title,
    live.ends,
    live.ends_by_hand,
    live.counts,
    live.severity,
    case live.severity
        when 'critical' then 'critical'
        when 'low' then 'info'
        else 'warning'
    end as level,
    live.status,
    live.day_count,
    live.quiet_until,
    live.silenced_by,
    live.told,
    live.amount,
    live.payment_id,
    live.file_id,
    live.source,
    clinicians.name as clinician,
    payers.name as payer_name,
    staff.user_id as assigned_to,
    staff.display_code as owner,
    coalesce(sessions.session_ref, dental_claims.claim_ref) as reference
from live
left join desk.sessions
    on live.session_id = sessions.session_id
left join desk.dental_claims
    on live.dental_claim_id = dental_claims.dental_claim_id
left join desk.payments
    on live.payment_id = payments.payment_id
left join desk.clinicians
    on live.clinician_id = clinicians.clinician_id
left join desk.payers
    on coalesce(sessions.payer_id, payments.payer_id) = payers.payer_id
left join desk.staff
    on coalesce(
        sessions.assigned_to,
        dental_claims.assigned_to,
        (
            select min(items.assigned_to)
            from desk.work_items as items
            where items.done_at is null and items.payment_id = live.payment_id
        )
    ) = staff.user_id
