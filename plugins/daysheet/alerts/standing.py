"""An alert as it stands and what became of it, read and written many at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import psycopg
from psycopg import sql

from daysheet.alerts.conditions import Subject
from daysheet.alerts.rules import Severity
from daysheet.desk.actors import Actor

Status = Literal["open", "acknowledged", "snoozed", "resolved"]
Kind = Literal[
    "opened", "risen", "fallen", "reopened", "resolved", "acknowledged", "snoozed", "woken",
    "escalated",
]  # fmt: skip
REOPENED_WITHIN_DAYS = 7
BY_ITSELF = "auto"

# Each column with its type; those of the subject stand for one field.
_COLUMNS = {
    "alert_id": "uuid",
    "rule_code": "text",
    "severity": "text",
    "day_count": "integer",
    "amount": "numeric",
    "first_seen_on": "date",
    "last_seen_on": "date",
    "critical_since": "date",
    "status": "text",
    "silenced_by": "text",
    "quiet_until": "date",
    "escalation": "smallint",
    "resolved_on": "date",
    "resolved_how": "text",
    "session_id": "uuid",
    "dental_claim_id": "uuid",
    "payment_id": "uuid",
    "clinician_id": "uuid",
    "file_id": "bigint",
    "source": "text",
}
_OWN = len(_COLUMNS) - len(Subject._fields)
# What an alert began as stays.
_CHANGING = [
    name for name in list(_COLUMNS)[:_OWN] if name not in ("alert_id", "rule_code", "first_seen_on")
]

_READ = sql.SQL("select {} from desk.alerts ").format(
    sql.SQL(", ").join(map(sql.Identifier, _COLUMNS))
)
_KNOWN = _READ + sql.SQL("""
    where status != 'resolved' or resolved_how != %(by_itself)s
    or resolved_on >= desk.today() - %(within)s::integer
    order by status != 'resolved', resolved_on, created_at
""")
_KEEP = sql.SQL("""
    insert into desk.alerts ({columns})
    select {columns} from unnest({arrays}) as kept ({columns})
    on conflict (alert_id) do update set {changes}
""")
_TELL = """
    insert into desk.alert_events (alert_id, kind, severity, escalation, quiet_until, actor, note)
    select alert_id, kind, severity, escalation, quiet_until, %(actor)s, %(note)s
    from unnest(
        %(alerts)s::uuid[], %(kinds)s::text[], %(severities)s::text[], %(escalations)s::smallint[],
        %(days)s::date[]
    ) with ordinality
    as told (alert_id, kind, severity, escalation, quiet_until, place)
    order by place
"""


@dataclass(frozen=True)
class Alert:
    """A row of ``desk.alerts``; at most one that is live for each rule and subject."""

    alert_id: UUID
    rule_code: str
    severity: Severity
    day_count: int | None
    amount: Decimal | None
    first_seen_on: date
    last_seen_on: date
    critical_since: date | None
    status: Status
    silenced_by: str | None
    quiet_until: date | None
    escalation: int
    resolved_on: date | None
    resolved_how: str | None
    subject: Subject

    @property
    def is_live(self) -> bool:
        """Whether it is not resolved."""
        return self.status != "resolved"


@dataclass(frozen=True)
class Event:
    """Something that became of an alert, with how it stood from then on."""

    alert_id: UUID
    kind: Kind
    severity: Severity
    escalation: int
    quiet_until: date | None = None


def event(alert: Alert, kind: Kind) -> Event:
    """That kind of event, of the alert as it stands after it."""
    return Event(alert.alert_id, kind, alert.severity, alert.escalation, alert.quiet_until)


def read_known(connection: psycopg.Connection) -> list[Alert]:
    """Every live alert, and before them those that can be reopened or were closed by hand."""
    values = {"by_itself": BY_ITSELF, "within": REOPENED_WITHIN_DAYS}
    return [_alert(row) for row in connection.execute(_KNOWN, values)]


def read_alert(connection: psycopg.Connection, alert_id: UUID) -> Alert:
    """The alert of that key, which is there."""
    row = connection.execute(_READ + sql.SQL("where alert_id = %s"), [alert_id]).fetchone()
    assert row is not None
    return _alert(row)


def keep(connection: psycopg.Connection, alerts: Sequence[Alert]) -> None:
    """Write these alerts, new or known."""
    rows = [(*_own(alert), *alert.subject) for alert in alerts]
    columns = list(zip(*rows, strict=True))
    if not columns:
        return
    query = _KEEP.format(
        columns=_names(_COLUMNS),
        arrays=sql.SQL(", ").join(
            sql.SQL("%s::{}[]").format(sql.SQL(kind)) for kind in _COLUMNS.values()
        ),
        changes=sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in _CHANGING
        ),
    )
    connection.execute(query, [list(column) for column in columns])


def tell(
    connection: psycopg.Connection, actor: Actor, events: Sequence[Event], note: str | None = None
) -> None:
    """Add events, in their order."""
    connection.execute(
        _TELL,
        {
            "actor": actor.user_id,
            "note": note,
            "alerts": [each.alert_id for each in events],
            "kinds": [each.kind for each in events],
            "severities": [each.severity for each in events],
            "escalations": [each.escalation for each in events],
            "days": [each.quiet_until for each in events],
        },
    )


def _alert(row: Sequence[Any]) -> Alert:
    return Alert(*row[:_OWN], Subject(*row[_OWN:]))


def _own(alert: Alert) -> list[Any]:
    return [getattr(alert, name) for name in list(_COLUMNS)[:_OWN]]


def _names(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
