"""What became of the alerts that are mailed, and up to where each person was told of it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

import psycopg
from psycopg import sql

from daysheet.alerts.recipients import Route
from daysheet.desk.published import Reader

Section = Literal["new", "escalated", "open", "resolved"]

# A digest that no issue of ever left, or will leave, told nobody anything.
_TOLD = """
    select mails.staff_id, lines.alert_id, max(lines.event_id), max(mails.digest_date)
    from ops.mail_line as lines
    inner join ops.mail as mails on lines.mail_id = mails.mail_id
    inner join desk.alerts on lines.alert_id = alerts.alert_id
    where
        (alerts.status != 'resolved' or alerts.resolved_on >= desk.today() - 30)
        and exists (
            select from ops.mail as issues
            where
                issues.kind = 'digest' and issues.state != 'failed'
                and issues.digest_date = mails.digest_date and issues.staff_id = mails.staff_id
        )
    group by mails.staff_id, lines.alert_id
"""


@dataclass(frozen=True)
class Alert:
    """A mailed alert, or one resolved in the last 30 days; events by number, 0 for none.

    ``subject_id`` is its session or dental claim; ``reference`` the random one of the claim that
    is on, else its own. ``day_count`` is what its rule counts: days since, or days left.
    """

    alert_id: UUID
    rule_code: str
    counts: Literal["over", "days_left", "at_once"]
    route: Route
    title: str
    severity: str
    status: Literal["open", "acknowledged", "snoozed", "resolved"]
    day_count: int | None
    amount: Decimal | None
    escalation: int
    subject_id: UUID | None
    file_id: int | None
    source: str | None
    reference: str | None
    payer_name: str | None
    billing_status: str | None
    assigned_to: str | None
    owner_code: str | None
    last_event: int
    news_event: int
    news_on: date
    news_kind: Literal["opened", "risen", "reopened"]
    escalated_event: int
    escalated_on: date | None
    resolved_event: int


@dataclass(frozen=True)
class Told:
    """The last a person was told of an alert: what happened up to that event, on that day."""

    event_id: int = 0
    on: date | None = None


def mailed_alerts(reader: Reader) -> list[Alert]:
    """All that are mailed, by rule and severity, neither silenced nor resolved long ago."""
    return reader.rows(Alert, "mailed_alerts", sql.SQL("order by alert_id"), {})


def told(connection: psycopg.Connection) -> dict[tuple[str, UUID], Told]:
    """By person and alert what was told, by digests that were sent or are about to be."""
    return {(staff, alert): Told(*rest) for staff, alert, *rest in connection.execute(_TOLD)}


def section(alert: Alert, known: Told) -> Section | None:
    """Where in a digest it belongs for somebody who knows of it what ``known`` says.

    Resolved is told only to whom it was told before; None is nothing to say.
    """
    if alert.status == "resolved":
        return "resolved" if 0 < known.event_id < alert.resolved_event else None
    is_new = alert.news_event > known.event_id
    if alert.escalated_event > known.event_id:
        assert alert.escalated_on is not None
        # escalated as it came up, it is news above all
        return "new" if is_new and alert.news_on >= alert.escalated_on else "escalated"
    return "new" if is_new else "open"
