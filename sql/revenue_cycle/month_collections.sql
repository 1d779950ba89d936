-- What this month's collections are made of: money by the day it was received, reversals negative.
select
    payments.payment_id,
    payers.name as payer_name,
    payments.received_on,
    payments.method,
    payments.amount,
    payments.payer_id is not null as is_insurance,
    payments.reverses_payment_id is not null as is_reversal
from desk.payments
left join desk.payers
    on payments.payer_id = payers.payer_id
where
    -- selected, the day is asked for once and not for each row
    payments.received_on
    between (select date_trunc('month', desk.today())::date) and (select desk.today())
