"""Lists of reconciliation as pages show them: each line with what it is about, totals, one line."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from psycopg import sql

from daysheet.desk.money.reconciliation import ControlTotal, Difference, List, differences
from daysheet.desk.published import Reader
from daysheet.desk.refusals import conflict


@dataclass(frozen=True)
class Subject:
    """A session, a claim or a payment; ``payment_id`` is where a session's credit can be reversed.

    ``reference`` of a payment is its own, as a check number; of the others ours.
    """

    subject_id: UUID
    reference: str | None
    row_version: int | None
    status: str | None
    method: str | None
    payment_id: UUID | None


@dataclass(frozen=True)
class Sums:
    """How many lines are open and of which amount, and how many somebody cleared."""

    lines: int
    amount: Decimal
    cleared: int


def subjects(reader: Reader, lines: Sequence[Difference]) -> dict[str, Subject]:
    """What these lines are about, by their key; a control total is only its own words."""
    keys = [UUID(line.subject) for line in lines if "|" not in line.subject]
    which = sql.SQL("where subject_id = any(%(keys)s)")
    found = reader.rows(Subject, "difference_subjects", which, {"keys": keys})
    return {str(each.subject_id): each for each in found}


def sums(lines: Sequence[Difference]) -> Sums:
    """Of these lines."""
    still_open = [line for line in lines if line.cleared_by is None]
    return Sums(
        len(still_open),
        sum((line.amount for line in still_open), Decimal(0)),
        len(lines) - len(still_open),
    )


def one_line(
    reader: Reader,
    name: List,
    subject: str,
    amount: Decimal,
    control: Sequence[ControlTotal] = (),
) -> Difference:
    """That line as it is now; raises a 409 if there is none of that amount any more."""
    for line in differences(reader.connection, name, control):
        if line.subject == subject and line.amount == amount:
            return line
    raise conflict("the line is gone, or of another amount by now: look again", "line_changed")
