-- All that happened to a session, a claim or a dental claim: one key a branch, each with an index.
with noted as (
    select
        notes.session_id as subject_id,
        notes.*
    from desk.notes
    union all
    select
        notes.dental_claim_id as subject_id,
        notes.*
    from desk.notes
),

told as (
    {{ query('claim_told') }}
),

events as (
    select
        session_id as subject_id,
        'status' as kind,
        to_status as code,
        from_status as was,
        detail #>> '{entered,decision}' as via,
        null::numeric as amount,
        null::date as on_day,
        reason as free_text,
        actor,
        file_id,
        line,
        at
    from desk.session_status_history
    union all
    select
        submissions.claim_id,
        'sent' as kind,
        submissions.kind as code,
        null as was,
        insurance_portals.name as via,
        null as amount,
        submissions.submitted_on as on_day,
        null as free_text,
        submissions.by_user as actor,
        null as file_id,
        null as line,
        submissions.at
    from desk.submissions
    left join desk.insurance_portals
        on submissions.portal_id = insurance_portals.portal_id
    union all
    select
        claim_id,
        'answer' as kind,
        outcome as code,
        null as was,
        null as via,
        null as amount,
        null as on_day,
        reject_reason as free_text,
        by_user as actor,
        null as file_id,
        null as line,
        at
    from desk.submission_outcomes
    union all
    select
        paid.session_id,
        case when paid.reverses_allocation_id is null then 'payment' else 'taken_back' end as kind,
        payments.method as code,
        null as was,
        null as via,
        paid.amount,
        payments.received_on as on_day,
        null as free_text,
        paid.by_user as actor,
        paid.file_id,
        paid.line,
        paid.created_at as at
    from desk.payment_allocations as paid
    inner join desk.payments
        on paid.payment_id = payments.payment_id
    union all
    select
        session_id,
        case when reverses_adjustment_id is null then 'adjustment' else 'undone' end as kind,
        kind as code,
        null as was,
        null as via,
        amount,
        null as on_day,
        reason as free_text,
        by_user as actor,
        file_id,
        line,
        created_at as at
    from desk.adjustments
    where session_id is not null
    union all
    select
        subject_id,
        'note' as kind,
        kind as code,
        null as was,
        null as via,
        null as amount,
        next_action_on as on_day,
        concat_ws(' → ', body, outcome) as free_text,
        by_user as actor,
        null as file_id,
        null as line,
        at
    from noted
    union all
    select told.* from told
)

select
    events.*,
    coalesce(staff.display_code, events.actor) as who
from events
left join desk.staff
    on events.actor = staff.user_id
