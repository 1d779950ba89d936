-- Where sessions stand: all that are open, and what became paid in the last 30 days.
with as_of as materialized ( -- asked once, not for each row
    select desk.today() as as_of_day
)

select
    sessions.billing_status as status,
    count(*) as sessions,
    coalesce(sum(
        case
            when sessions.billing_status = 'paid' then sessions.amount_paid
            when sessions.billing_status != 'scheduled' then sessions.outstanding
        end
    ), 0) as amount
from desk.sessions
cross join as_of
where
    sessions.billing_status not in ('paid', 'client_responsibility', 'written_off', 'voided')
    or (sessions.billing_status = 'paid' and sessions.status_since > as_of.as_of_day - 30)
group by sessions.billing_status
