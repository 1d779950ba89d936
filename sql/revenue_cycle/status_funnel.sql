-- Where sessions stand: all that are open, and what was paid in the last 30 days; of an unknown
-- day, what was found paid in them.
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
where
    sessions.billing_status in (
        'scheduled', 'completed', 'documented', 'ready_to_bill', 'submitted', 'pending',
        'approved', 'denied', 'appealing'
    )
    -- selected, the day is asked for once and not for each row
    or (
        sessions.billing_status = 'paid'
        and coalesce(sessions.paid_on, sessions.status_since) > (select desk.today()) - 30
    )
group by sessions.billing_status
