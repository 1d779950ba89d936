-- A query, not a view: a view would go on reading the build it was made with.
with as_of as materialized ( -- asked once, not for each row
    select desk.today() as as_of_day
),

actions as (
    select
        session_id as subject_id,
        to_status as last_action,
        at as last_action_at
    from desk.session_status_history
    where source = 'ui'
    union all
    select
        coalesce(session_id, dental_claim_id) as subject_id,
        kind as last_action,
        at as last_action_at
    from desk.notes
),

last_actions as (
    select distinct on (subject_id)
        subject_id,
        last_action,
        last_action_at
    from actions
    order by subject_id asc, last_action_at desc
),

snoozes as (
    {{ query('snoozed_subjects') }}
),

dental as (
    {{ query('dental_receivables') }}
),

owed as (
    select
        'simplepractice' as source,
        aging_report.session_ref as reference,
        claims.claim_ref,
        aging_report.session_id,
        null::uuid as dental_claim_id,
        null::bigint as dental_claim_number,
        null::bigint as patient_id,
        payers.name as payer_name,
        aging_report.service_on,
        aging_report.first_submitted_on as first_sent_on,
        aging_report.last_submitted_on as last_sent_on,
        aging_report.ins_charge as charge,
        aging_report.amount_paid as paid,
        aging_report.outstanding as amount,
        aging_report.billing_status as status,
        aging_report.assigned_to,
        aging_report.next_action_on
    from desk.aging_report
    left join desk.claims
        on aging_report.claim_id = claims.claim_id
    left join desk.payers
        on aging_report.payer_id = payers.payer_id
    where aging_report.in_ar
    union all
    select
        'opendental' as source,
        dental.claim_ref as reference,
        dental.claim_ref,
        null as session_id,
        dental.dental_claim_id,
        dental.dental_claim_number,
        dental.patient_id,
        dental.payer_name,
        dental.service_on,
        dental.first_sent_on,
        dental.last_sent_on,
        dental.charge,
        dental.paid,
        dental.amount,
        dental.status,
        dental.assigned_to,
        dental.next_action_on
    from dental
),

aged as (
    select
        owed.*,
        as_of.as_of_day,
        case when owed.first_sent_on is null then 'service' else 'submission' end as age_basis,
        as_of.as_of_day - coalesce(owed.first_sent_on, owed.service_on) as age_days
    from owed
    cross join as_of
)

select
    aged.source,
    aged.reference,
    aged.claim_ref,
    aged.session_id,
    aged.dental_claim_id,
    aged.dental_claim_number,
    aged.patient_id,
    aged.payer_name,
    aged.service_on,
    aged.first_sent_on,
    aged.last_sent_on,
    aged.age_basis,
    aged.age_days,
    aged.as_of_day - aged.last_sent_on as last_sent_age_days,
    case
        when aged.age_days <= 30 then '0-30'
        when aged.age_days <= 60 then '31-60'
        when aged.age_days <= 90 then '61-90'
        when aged.age_days > 90 then '90+'
    end as age_bracket,
    aged.charge,
    aged.paid,
    aged.amount,
    aged.status,
    aged.assigned_to,
    aged.next_action_on,
    last_actions.last_action,
    last_actions.last_action_at,
    snoozes.snoozed_until
from aged
left join last_actions
    on coalesce(aged.session_id, aged.dental_claim_id) = last_actions.subject_id
left join snoozes
    on coalesce(aged.session_id, aged.dental_claim_id) = snoozes.subject_id
