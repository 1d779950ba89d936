"""The rows a metric of the dashboard is made of, from the view it is computed from."""

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Literal, TypeVar
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row

from daysheet.desk.published import Reader
from daysheet.desk.reading.receivables import PAGE, Order, paged
from daysheet.desk.receipts import Method


@dataclass(frozen=True)
class PaidSession:
    """Paid in the last 90 days; days from the first sending, and from the visit."""

    session_ref: str
    payer_name: str | None
    first_submitted_on: date
    paid_on: date
    days_to_payment: int
    days_from_service: int
    amount_paid: Decimal


@dataclass(frozen=True)
class FirstAnswer:
    """A payer's first answer in the last 90 days; an estimated day is that of the file."""

    session_ref: str
    payer_name: str | None
    first_adjudicated_on: date
    first_outcome: Literal["paid", "partial", "denied", "patient", "approved"] | None
    is_denied: bool
    first_outcome_is_estimated: bool
    billing_status: str
    ins_charge: Decimal


@dataclass(frozen=True)
class Collected:
    """A payment of this month; ``payer_name`` is None for client money, a reversal negative."""

    payment_id: UUID
    received_on: date
    payer_name: str | None
    method: Method
    amount: Decimal
    is_reversal: bool


@dataclass(frozen=True)
class Workload:
    """What one person has: rows that were sent and rows that never were, and dollars of both."""

    display_code: str
    open_rows: int
    sent_rows: int
    never_sent_rows: int
    outstanding: Decimal


# Of each shape its view, and what settles ties.
_VIEWS = {
    PaidSession: ("days_to_payment", "session_ref"),
    FirstAnswer: ("first_answers", "session_ref"),
    Collected: ("month_collections", "payment_id"),
    Workload: ("workloads", "display_code"),
}
_Row = TypeVar("_Row", PaidSession, FirstAnswer, Collected, Workload)


def metric_rows(
    reader: Reader, shape: type[_Row], order: Order, *, limit: int = PAGE, offset: int = 0
) -> list[_Row]:
    """One page of them, at most 200 rows: 422, as for a column the shape has not."""
    view, ties = _VIEWS[shape]
    columns = [each.name for each in fields(shape)]
    statement = sql.SQL("select {} from {}").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier("desk", view)
    )
    with reader.connection.cursor(row_factory=class_row(shape)) as cursor:
        return cursor.execute(statement + paged(order, columns, ties, limit, offset)).fetchall()


def count_rows(reader: Reader, shape: type[_Row]) -> int:
    """How many there are on all pages."""
    view = sql.Identifier("desk", _VIEWS[shape][0])
    found = reader.connection.execute(sql.SQL("select count(*) from {}").format(view)).fetchone()
    assert found is not None
    return found[0]
