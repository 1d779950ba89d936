"""Who is called in when nobody acknowledges a critical alert: a lead, then an admin."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import psycopg

from daysheet.alerts.rules import Rule
from daysheet.alerts.standing import Alert

LEAD, ADMIN = 1, 2
LEAD_AFTER, ADMIN_AFTER = 3, 7  # business days
# From the start a lead's: so much money, in dollars, or that old, in days.
LARGE_AMOUNT = Decimal(1000)
VERY_OLD = 120

# Two months hold seven business days, however many holidays there are.
_CALENDAR = """
    with days as (
        select
            desk.today() - ago as day,
            desk.business_days(desk.today() - ago, desk.today()) as waited
        from generate_series(0, 60) as ago
    )

    select
        desk.today(),
        max(day) filter (where waited >= %s),
        max(day) filter (where waited >= %s)
    from days
"""


@dataclass(frozen=True)
class Calendar:
    """The day, and since which day at the latest an alert must be critical to be escalated."""

    today: date
    lead_since: date | None
    admin_since: date | None


def read_calendar(connection: psycopg.Connection) -> Calendar:
    """As ``desk.today()`` and the practice's holidays say."""
    row = connection.execute(_CALENDAR, [LEAD_AFTER, ADMIN_AFTER]).fetchone()
    assert row is not None
    return Calendar(*row)


def step(alert: Alert, rule: Rule, calendar: Calendar) -> int:
    """To whom the alert is escalated now; a step once taken is not taken back.

    Only what is open goes up: somebody who acknowledged or snoozed it has seen it.
    """
    since = alert.critical_since
    if alert.status != "open" or since is None:
        return alert.escalation
    if calendar.admin_since is not None and since <= calendar.admin_since:
        return ADMIN
    is_old = rule.counts == "over" and (alert.day_count or 0) > VERY_OLD
    is_large = alert.amount is not None and alert.amount >= LARGE_AMOUNT
    has_waited = calendar.lead_since is not None and since <= calendar.lead_since
    return max(alert.escalation, LEAD if is_old or is_large or has_waited else 0)
