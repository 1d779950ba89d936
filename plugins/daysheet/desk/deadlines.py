"""Until when something can be done about a session: sent, appealed, paid back."""

from psycopg import sql

# Both read ``sessions`` joined with ``payers``.

# Filing counts for what is still to be sent, or sent again; an appeal that is filed met its own.
SESSION_DEADLINE = sql.SQL("""
    case
        when sessions.unbilled or sessions.billing_status = 'ready_to_bill'
            then sessions.service_on + payers.filing_days
        when sessions.billing_status = 'denied' then sessions.appeal_deadline
    end
""")

# Public plans must have their money back in 60 days from when a credit is found, others in 90.
REFUND_DUE_ON = sql.SQL("""
    desk.today()
    + case when payers.plan_class in ('medicare', 'medicaid', 'tricare') then 60 else 90 end
""")
