"""Live alerts of whatever kind, the most severe first, with whom they are about and who knows."""

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from psycopg import sql

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.published import Reader
from daysheet.desk.reading.overview import AlertCounts
from daysheet.desk.refusals import Refused
from daysheet.desk.work.queue import Whose

Level = Literal["critical", "warning", "info"]

_WHOSE: dict[Whose, str] = {
    "mine": "assigned_to = %(user_id)s",
    "team": "true",
    "unassigned": "assigned_to is null",
}
_ORDER = """
    order by
        array_position(array['critical', 'high', 'medium', 'low'], severity),
        silenced_by is not null, quiet_until is not null, amount desc nulls last,
        title, reference, alert_id
"""


@dataclass(frozen=True)
class ListedAlert:
    """A live alert; ``told`` are the codes of those who were mailed of it.

    ``reference`` is that of a session or dental claim; others are about a payment, a file, what a
    ``source`` sends, or a clinician. ``assigned_to`` is who works on it, ``owner`` their code.
    """

    alert_id: UUID
    row_version: int
    title: str
    ends: str
    ends_by_hand: bool
    counts: Literal["over", "days_left", "at_once"]
    severity: str
    level: Level
    status: str
    day_count: int | None
    quiet_until: date | None
    silenced_by: str | None
    told: str | None
    amount: Decimal | None
    payment_id: UUID | None
    file_id: int | None
    source: str | None
    clinician: str | None
    payer_name: str | None
    assigned_to: str | None
    owner: str | None
    reference: str | None


def count_alerts(reader: Reader, actor: Actor, whose: Whose) -> AlertCounts:
    """How many there are of each level."""
    levels = sql.SQL(
        "count(*) filter (where level = 'critical'), count(*) filter (where level = 'warning'),"
        " count(*) filter (where level = 'info')"
    )
    which = sql.SQL("where " + _WHOSE[whose])
    statement = reader.statement("alert_list", which, levels)
    found = reader.connection.execute(statement, {"user_id": actor.user_id}).fetchone()
    assert found is not None
    return AlertCounts(*found)


def list_alerts(
    reader: Reader, actor: Actor, whose: Whose, level: Level | None, *, limit: int, offset: int
) -> list[ListedAlert]:
    """One page of them: by severity, those that still speak first, then by amount."""
    which = sql.SQL(
        f"where {_WHOSE[whose]} and coalesce(level = %(level)s, true) {_ORDER}"
        " limit %(limit)s offset %(offset)s"
    )
    values = {"user_id": actor.user_id, "level": level, "limit": limit, "offset": offset}
    return _read(reader, which, values)


def live_alert(reader: Reader, actor: Actor, alert_id: UUID) -> ListedAlert:
    """One of them; raises a 404 when there is none, or it is over."""
    actor.needs(DeskRole.VIEWER, "looking at alerts")
    found = _read(reader, sql.SQL("where alert_id = %(alert_id)s"), {"alert_id": alert_id})
    if not found:
        raise Refused(404, "unknown_alert", "there is no such alert, or it is over")
    return found[0]


def _read(reader: Reader, which: sql.SQL, values: dict[str, Any]) -> list[ListedAlert]:
    names = [sql.Identifier(each.name) for each in fields(ListedAlert)]
    return reader.rows(ListedAlert, "alert_list", which, values, sql.SQL(", ").join(names))
