-- All that was done with a payment and its reversals: each branch finds them by index.
with entries as (
    select
        coalesce(reverses_payment_id, payment_id) as root_id,
        case when reverses_payment_id is null then 'entered' else 'reversed' end as kind,
        null as session_ref,
        amount,
        coalesce(forced_reason, reversal_reason) as free_text,
        by_user,
        null::bigint as file_id,
        null::bigint as line,
        created_at as at
    from desk.payments
    union all
    select
        coalesce(payments.reverses_payment_id, payments.payment_id) as root_id,
        case
            when allocations.reverses_allocation_id is not null then 'taken_off'
            when allocations.split = 'auto' then 'split_over'
            else 'allocated'
        end as kind,
        sessions.session_ref,
        allocations.amount,
        null as free_text,
        allocations.by_user,
        allocations.file_id,
        allocations.line,
        allocations.created_at as at
    from desk.payments
    inner join desk.payment_allocations as allocations
        on payments.payment_id = allocations.payment_id
    inner join desk.sessions
        on allocations.session_id = sessions.session_id
    union all
    select
        coalesce(payments.reverses_payment_id, payments.payment_id) as root_id,
        case
            when adjustments.reverses_adjustment_id is not null then 'released'
            else adjustments.kind
        end as kind,
        null as session_ref,
        adjustments.amount,
        adjustments.reason as free_text,
        adjustments.by_user,
        adjustments.file_id,
        adjustments.line,
        adjustments.created_at as at
    from desk.payments
    inner join desk.adjustments
        on payments.payment_id = adjustments.payment_id
)

select
    entries.*,
    coalesce(staff.display_code, entries.by_user) as who
from entries
left join desk.staff
    on entries.by_user = staff.user_id
