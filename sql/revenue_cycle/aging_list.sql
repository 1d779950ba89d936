-- The list people work from: what insurers owe in both worlds, and sessions none was asked to pay.
with as_of as materialized ( -- asked once, not for each row
    select desk.today() as as_of_day
),

dental as (
    {{ query('dental_receivables') }}
),

snoozes as (
    {{ query('snoozed_subjects') }}
),

owed as (
    select
        'simplepractice' as source,
        aging_report.session_ref as reference,
        claims.claim_ref,
        aging_report.session_id,
        null::uuid as dental_claim_id,
        null::bigint as dental_claim_number,
        aging_report.client_id,
        null::bigint as patient_id,
        aging_report.clinician_id,
        payers.name as payer_name,
        aging_report.service_on,
        aging_report.first_submitted_on as first_sent_on,
        aging_report.last_submitted_on as last_sent_on,
        aging_report.ins_charge as charge,
        aging_report.amount_paid as paid,
        aging_report.outstanding as amount,
        aging_report.billing_status as status,
        aging_report.in_ar,
        -- filing counts for what is still to be sent, or sent again
        case
            when not aging_report.in_ar or aging_report.billing_status = 'ready_to_bill'
                then aging_report.filing_deadline
            else aging_report.appeal_deadline
        end as deadline,
        aging_report.assigned_to,
        aging_report.next_action_on,
        snoozes.snoozed_until
    from desk.aging_report
    left join desk.claims
        on aging_report.claim_id = claims.claim_id
    left join desk.payers
        on aging_report.payer_id = payers.payer_id
    left join snoozes
        on aging_report.session_id = snoozes.subject_id
    where aging_report.in_ar or aging_report.service_on <= (select desk.today())
    union all
    select
        'opendental' as source,
        dental.claim_ref as reference,
        dental.claim_ref,
        null as session_id,
        dental.dental_claim_id,
        dental.dental_claim_number,
        null as client_id,
        dental.patient_id,
        null as clinician_id,
        dental.payer_name,
        dental.service_on,
        dental.first_sent_on,
        dental.last_sent_on,
        dental.charge,
        dental.paid,
        dental.amount,
        dental.status,
        true as in_ar,
        null as deadline,
        dental.assigned_to,
        dental.next_action_on,
        snoozes.snoozed_until
    from dental
    left join snoozes
        on dental.dental_claim_id = snoozes.subject_id
)

select
    owed.source,
    owed.reference,
    owed.claim_ref,
    owed.session_id,
    owed.dental_claim_id,
    owed.dental_claim_number,
    owed.client_id,
    owed.patient_id,
    sessions.row_version,
    clients.initials as client_initials,
    clients.full_name as client_name,
    owed.clinician_id,
    clinicians.name as clinician,
    owed.payer_name,
    owed.service_on,
    owed.first_sent_on,
    owed.last_sent_on,
    case when {{ first_day }} is null then 'service' else 'submission' end as age_basis,
    as_of.as_of_day - coalesce({{ first_day }}, owed.service_on) as age_days,
    as_of.as_of_day - owed.last_sent_on as last_sent_age_days,
    owed.charge,
    owed.paid,
    owed.amount,
    owed.status,
    owed.in_ar,
    owed.deadline,
    owed.assigned_to,
    staff.display_code as owner,
    owed.next_action_on,
    owed.snoozed_until,
    coalesce(sessions.needs_disposition, false) as needs_disposition,
    live_alerts.alerts,
    live_alerts.alert_rank
from owed
cross join as_of
left join desk.sessions
    on owed.session_id = sessions.session_id
left join desk.clients
    on owed.client_id = clients.client_id
left join desk.clinicians
    on owed.clinician_id = clinicians.clinician_id
left join desk.staff
    on owed.assigned_to = staff.user_id
left join lateral ( -- of the few rows that are shown, each by its key
    select
        count(*) as alerts,
        min(
            array_position(array['critical', 'high', 'medium', 'low'], alerts.severity)
        ) as alert_rank
    from desk.alerts
    where
        alerts.status != 'resolved'
        and coalesce(alerts.session_id, alerts.dental_claim_id)
        = coalesce(owed.session_id, owed.dental_claim_id)
) as live_alerts on true
