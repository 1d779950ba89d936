-- What the average days to payment are made of: paid in the last 90 days, sent and paid on known
-- days, and in that order.
select
    sessions.session_id,
    sessions.session_ref,
    payers.name as payer_name,
    sessions.first_submitted_on,
    sessions.paid_on,
    sessions.paid_on - sessions.first_submitted_on as days_to_payment,
    sessions.paid_on - sessions.service_on as days_from_service,
    sessions.amount_paid
from desk.sessions
left join desk.payers
    on sessions.payer_id = payers.payer_id
where
    sessions.billing_status = 'paid'
    and sessions.amount_paid > 0
    -- selected, the day is asked for once and not for each row
    and sessions.paid_on between (select desk.today()) - 89 and (select desk.today())
    and sessions.paid_on >= sessions.first_submitted_on
