"""What is true today and should be an alert, each of one subject."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg import sql

from daysheet.desk.deadlines import SESSION_DEADLINE
from daysheet.desk.lifecycle.guards import LOCKED_NOTES
from daysheet.desk.published import Reader
from daysheet.desk.reading.denial_report import HIGH_RATE_PCT
from daysheet.desk.reading.metrics import SMALL_SAMPLE
from daysheet.desk.work.ranking import STATUS_DAY


class Subject(NamedTuple):
    """What an alert is about: exactly one of these, ``source`` being a system that sends files."""

    session_id: UUID | None = None
    dental_claim_id: UUID | None = None
    payment_id: UUID | None = None
    clinician_id: UUID | None = None
    file_id: int | None = None
    source: str | None = None


@dataclass(frozen=True)
class Condition:
    """A rule that is true of a subject.

    ``day_count`` is what the rule counts, days since or days left (negative is too late), None for
    a rule that holds at once; ``amount`` in dollars, None where nobody estimated it or there is
    none.
    """

    rule_code: str
    subject: Subject
    day_count: int | None
    amount: Decimal | None


def conditions(reader: Reader) -> list[Condition]:
    """Every rule that is on, with every subject for which its first step is reached."""
    columns = sql.SQL(", ").join(
        map(sql.Identifier, ("rule_code", *Subject._fields, "day_count", "amount"))
    )
    statement = reader.statement(
        "alert_conditions", sql.SQL(""), columns, **_words(reader.connection)
    )
    rows = reader.connection.execute(statement, {}).fetchall()
    return [
        Condition(rule_code, Subject(*subject), day_count, amount)
        for rule_code, *subject, day_count, amount in rows
    ]


def _words(connection: psycopg.Connection) -> dict[str, Any]:
    """What the desk says elsewhere, as the query is given it."""
    locked = sql.SQL(", ").join(map(sql.Literal, LOCKED_NOTES))
    return {
        "status_day": STATUS_DAY.as_string(connection),
        "session_deadline": SESSION_DEADLINE.as_string(connection),
        "locked_notes": locked.as_string(connection),
        "small_sample": SMALL_SAMPLE,
        "high_rate_pct": HIGH_RATE_PCT,
    }
