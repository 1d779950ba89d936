"""Live alerts of whatever kind, the most severe first, with whom they are about and who knows."""

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any, Literal, get_args
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
# What an alert itself says of its place.
_PLACE = """
    order by
        array_position(array['critical', 'high', 'medium', 'low'], severity),
        silenced_by is not null, quiet_until is not null,
        counts = 'days_left' and coalesce(day_count < 0, false), amount desc nulls last
"""
_ORDER = f"{_PLACE}, title, reference, alert_id"


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


def list_alerts(
    reader: Reader, actor: Actor, whose: Whose, level: Level | None, *, limit: int, offset: int
) -> tuple[list[ListedAlert], AlertCounts]:
    """One page of them: by severity, those that still speak first, then by amount.

    And how many there are of each level, whichever is shown.
    """
    values = {"user_id": actor.user_id, "level": level, "limit": limit, "offset": offset}
    counted = reader.statement(
        "alert_list",
        sql.SQL(f"where {_WHOSE[whose]} group by level"),
        sql.SQL("level, count(*)"),
    )
    counts = dict(reader.connection.execute(counted, values).fetchall())
    # Those of the page and their equals: what they are about is read of these only.
    which = f"where {_WHOSE[whose]}" + (" and level = %(level)s" if level else "")
    first = f"{which} {_PLACE} fetch first (%(limit)s + %(offset)s) rows with ties"
    keys = reader.connection.execute(
        reader.statement("alert_list", sql.SQL(first), sql.SQL("alert_id")), values
    ).fetchall()
    alerts = _read(
        reader,
        sql.SQL(f"where alert_id = any(%(keys)s) {_ORDER} limit %(limit)s offset %(offset)s"),
        values | {"keys": [alert_id for (alert_id,) in keys]},
    )
    return alerts, AlertCounts(**{each: counts.get(each, 0) for each in get_args(Level)})


def live_alert(reader: Reader, actor: Actor, alert_id: UUID) -> ListedAlert:
    """One of them; raises a 404 when there is none, or it is over."""
    actor.needs(DeskRole.VIEWER, "looking at alerts")
    found = _read(reader, sql.SQL("where alert_id = %(alert_id)s"), {"alert_id": alert_id})
    if not found:
        raise Refused(404, "unknown_alert", "there is no such alert, or it is over")
    return found[0]


def alerts_of_file(reader: Reader, file_id: int) -> list[ListedAlert]:
    """What is told about one file."""
    return _read(reader, sql.SQL(f"where file_id = %(file_id)s {_ORDER}"), {"file_id": file_id})


def _read(reader: Reader, which: sql.SQL, values: dict[str, Any]) -> list[ListedAlert]:
    names = [sql.Identifier(each.name) for each in fields(ListedAlert)]
    return reader.rows(ListedAlert, "alert_list", which, values, sql.SQL(", ").join(names))
