-- What is to be said of a session as it stands; days are counted and not yet held against a rule.
with as_of as materialized ( -- asked once, not for each row
    select desk.today() as as_of_day
),

undecided_appeals as (
    select
        denials.session_id,
        max(appeals.filed_on) as filed_on
    from desk.appeals
    inner join desk.denials
        on appeals.denial_id = denials.denial_id
    where appeals.decided_on is null
    group by denials.session_id
),

underpaid as (
    select distinct session_id
    from desk.work_items
    where done_at is null and detail @> '{"underpaid": true}'
),

standing as (
    select
        sessions.session_id,
        sessions.billing_status,
        sessions.amount_paid,
        sessions.outstanding,
        sessions.payer_credit,
        sessions.note_attested_on is not null
        or coalesce(upper(sessions.note_status) in ({{ locked_notes }}), false) as has_note,
        underpaid.session_id is not null as is_underpaid,
        as_of.as_of_day - sessions.service_on as days_since_service,
        as_of.as_of_day - {{ status_day }} as days_in_status,
        as_of.as_of_day - least(undecided_appeals.filed_on, sessions.status_since)
            as days_since_appeal,
        {{ session_deadline }} - as_of.as_of_day as days_left
    from desk.sessions
    cross join as_of
    left join desk.payers
        on sessions.payer_id = payers.payer_id
    left join undecided_appeals
        on sessions.session_id = undecided_appeals.session_id
    left join underpaid
        on sessions.session_id = underpaid.session_id
    where
        sessions.service_on <= as_of.as_of_day
        and sessions.billing_status != 'voided'
        and (
            sessions.billing_status not in (
                'scheduled', 'paid', 'client_responsibility', 'written_off'
            )
            or sessions.payer_credit > 0
            or underpaid.session_id is not null
        )
)

select
    rules.rule_code,
    standing.session_id,
    rules.day_count,
    rules.amount
from standing
cross join
    lateral (
        values
        (
            'missing_note', standing.billing_status = 'completed' and not standing.has_note,
            standing.days_since_service, standing.outstanding
        ),
        (
            'late_note', standing.billing_status = 'completed' and not standing.has_note,
            standing.days_since_service, standing.outstanding
        ),
        (
            'billing_delay', standing.billing_status = 'ready_to_bill',
            standing.days_in_status, standing.outstanding
        ),
        (
            'no_response', standing.billing_status = 'submitted',
            standing.days_in_status, standing.outstanding
        ),
        (
            'slow_payer', standing.billing_status = 'submitted',
            standing.days_in_status, standing.outstanding
        ),
        (
            'stalled', standing.billing_status = 'pending',
            standing.days_in_status, standing.outstanding
        ),
        (
            'payment_overdue', standing.billing_status = 'approved' and standing.amount_paid = 0,
            standing.days_in_status, standing.outstanding
        ),
        (
            'appeal_stale', standing.billing_status = 'appealing',
            standing.days_since_appeal, standing.outstanding
        ),
        (
            'filing_deadline',
            standing.billing_status != 'denied' and standing.days_left is not null,
            standing.days_left, standing.outstanding
        ),
        (
            'appeal_deadline',
            standing.billing_status = 'denied' and standing.days_left is not null,
            standing.days_left, standing.outstanding
        ),
        ('denied', standing.billing_status = 'denied', null, standing.outstanding),
        ('underpayment', standing.is_underpaid, null, standing.outstanding),
        ('credit', standing.payer_credit > 0, null, standing.payer_credit)
    ) as rules (rule_code, is_so, day_count, amount)
where rules.is_so
