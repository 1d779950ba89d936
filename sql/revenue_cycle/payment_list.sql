-- Payments as lists show them, reversals too; what is left of a payment stands in its own row,
-- as desk.payment_balances has it, summed by index for the few that are shown.
select
    payments.payment_id,
    payments.payer_id,
    payers.name as payer_name,
    payments.method,
    payments.reference,
    payments.received_on,
    payments.amount,
    payments.source,
    payments.is_reversed,
    payments.reverses_payment_id,
    coalesce(payments.forced_reason, payments.reversal_reason) as reason,
    payments.by_user,
    coalesce(staff.display_code, payments.by_user) as who,
    payments.as_of = desk.today() as is_of_today,
    payments.created_at as at,
    balances.kept,
    balances.allocated,
    balances.set_aside,
    balances.kept - balances.allocated - balances.set_aside as unapplied
from desk.payments
left join lateral (
    select
        sum(families.amount) as kept,
        coalesce(sum(given.amount), 0) as allocated,
        coalesce(sum(aside.amount), 0) as set_aside
    from desk.payments as families
    left join lateral (
        select sum(payment_allocations.amount) as amount
        from desk.payment_allocations
        where payment_allocations.payment_id = families.payment_id
    ) as given on true
    left join lateral (
        select sum(adjustments.amount) as amount
        from desk.adjustments
        where adjustments.payment_id = families.payment_id
    ) as aside on true
    where coalesce(families.reverses_payment_id, families.payment_id) = payments.payment_id
) as balances on payments.reverses_payment_id is null
left join desk.payers
    on payments.payer_id = payers.payer_id
left join desk.staff
    on payments.by_user = staff.user_id
