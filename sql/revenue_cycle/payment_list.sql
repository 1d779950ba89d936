-- Payments as lists show them, reversals too; what is left of a payment stands in its own row.
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
    balances.unapplied
from desk.payments
left join desk.payment_balances as balances
    on payments.payment_id = balances.payment_id
left join desk.payers
    on payments.payer_id = payers.payer_id
left join desk.staff
    on payments.by_user = staff.user_id
