-- What the denial rate is made of: sessions payers answered for the first time in the last 90 days.
select
    sessions.session_id,
    sessions.session_ref,
    payers.name as payer_name,
    sessions.first_adjudicated_on,
    sessions.first_outcome,
    coalesce(sessions.first_outcome = 'denied', false) as is_denied,
    sessions.first_outcome_is_estimated,
    sessions.billing_status,
    sessions.ins_charge
from desk.sessions
left join desk.payers
    on sessions.payer_id = payers.payer_id
where
    -- selected, the day is asked for once and not for each row
    sessions.first_adjudicated_on between (select desk.today()) - 89 and (select desk.today())
