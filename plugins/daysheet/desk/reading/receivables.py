"""What nobody asked insurers to pay for, of both worlds; and how such lists are narrowed."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from psycopg import sql

from daysheet.desk.published import Reader
from daysheet.desk.refusals import not_possible

Source = Literal["opendental", "simplepractice"]
Forgotten = Literal["procedure_on_no_claim", "claim_never_sent", "session_never_billed"]
PAGE, LARGEST_PAGE = 50, 200


@dataclass(frozen=True)
class ForgottenMoney:
    """Work nobody asked an insurer to pay, with the days left to do so; negative is too late.

    ``filing_deadline`` goes by the payer's filing days; with ``is_default_deadline`` no payer is
    named like the dental carrier, and the practice's ``dental_filing_days`` stand in. Of a
    procedure there is no reference, and the amount is what its plans are estimated to pay.
    """

    kind: Forgotten
    source: Source
    reference: str | None
    session_id: UUID | None
    dental_claim_id: UUID | None
    dental_claim_number: int | None = field(repr=False)
    procedure_id: int | None = field(repr=False)
    payer_name: str | None
    service_on: date | None = field(repr=False)
    age_days: int | None
    amount: Decimal | None
    filing_deadline: date | None
    days_left: int | None
    is_default_deadline: bool
    assigned_to: str | None


@dataclass(frozen=True)
class ForgottenFilter:
    """Which forgotten money; None does not narrow."""

    kind: Forgotten | None = None
    source: Source | None = None
    payer: str | None = None
    owner: str | None = None
    is_assigned: bool | None = None
    min_amount: Decimal | None = None
    max_amount: Decimal | None = None
    min_days_left: int | None = None
    max_days_left: int | None = None


@dataclass(frozen=True)
class Order:
    """Sorted by that column, empty ones last, ties by reference."""

    column: str
    is_descending: bool = False


@dataclass(frozen=True)
class ForgottenTotal:
    """How much of one kind; ``unestimated`` rows have no amount to add.

    ``nearest`` is the first deadline still to be met, ``too_late`` counts those that were not.
    """

    kind: Forgotten
    source: Source
    rows: int
    amount: Decimal
    unestimated: int
    nearest: date | None
    too_late: int


_CONDITIONS = {
    "kind": "kind = %(kind)s",
    "source": "source = %(source)s",
    "payer": "payer_name = %(payer)s",
    "owner": "assigned_to = %(owner)s",
    "is_assigned": "(assigned_to is not null) = %(is_assigned)s",
    "min_amount": "amount >= %(min_amount)s",
    "max_amount": "amount <= %(max_amount)s",
    "min_days_left": "days_left >= %(min_days_left)s",
    "max_days_left": "days_left <= %(max_days_left)s",
}

_TIES = "reference nulls last, dental_claim_number, procedure_id"


def forgotten_money(
    reader: Reader,
    which: ForgottenFilter = ForgottenFilter(),
    order: Order = Order("days_left"),
    *,
    limit: int | None = PAGE,
    offset: int = 0,
) -> list[ForgottenMoney]:
    """One page of the forgotten money, the most pressing first; at most 200 rows a page, else 422.

    Without a ``limit`` all of it. By days left, what is too late comes after what is not.
    """
    clauses = narrowed(which, _CONDITIONS) + paged(
        order,
        ForgottenMoney.__dataclass_fields__,
        _TIES,
        limit,
        offset,
        before="days_left < 0, " if order.column == "days_left" else "",
    )
    return reader.rows(ForgottenMoney, "forgotten_money", clauses, asdict(which))


def forgotten_totals(
    reader: Reader, which: ForgottenFilter = ForgottenFilter()
) -> list[ForgottenTotal]:
    """Of each kind how many and how much, of all pages; none of a kind is no row."""
    columns = sql.SQL(
        "kind, source, count(*) as rows, coalesce(sum(amount), 0) as amount,"
        " count(*) filter (where amount is null) as unestimated,"
        " min(filing_deadline) filter (where days_left >= 0) as nearest,"
        " count(*) filter (where days_left < 0) as too_late"
    )
    grouped = sql.SQL(" group by source, kind order by source, kind")
    clauses = narrowed(which, _CONDITIONS) + grouped
    return reader.rows(ForgottenTotal, "forgotten_money", clauses, asdict(which), columns)


def narrowed(which: Any, conditions: Mapping[str, str]) -> sql.Composed:
    """A ``where`` with the condition of each field of a filter that is not None; all must hold."""
    chosen = [name for name, value in asdict(which).items() if value is not None]
    held = [sql.SQL(conditions[name]) for name in chosen] or [sql.SQL("true")]
    return sql.SQL("where {}").format(sql.SQL(" and ").join(held))


def paged(
    order: Order,
    columns: Collection[str],
    ties: str,
    limit: int | None,
    offset: int,
    *,
    before: str = "",
) -> sql.Composed:
    """Sorted by one of ``columns``, empty ones last, ``ties`` by those; and one page of it.

    ``before`` are expressions that count before the column, each with its comma.
    """
    if order.column not in columns:
        raise not_possible("unknown_column", "there is no such column to sort by", field="sort")
    if offset < 0 or not (limit is None or 0 < limit <= LARGEST_PAGE):
        raise not_possible("page_too_large", f"at most {LARGEST_PAGE} rows a page", field="limit")
    return sql.SQL(" order by {}{} {} nulls last, {} limit {} offset {}").format(
        sql.SQL(before),
        sql.Identifier(order.column),
        sql.SQL("desc" if order.is_descending else "asc"),
        sql.SQL(ties),
        sql.Literal(limit),
        sql.Literal(offset),
    )
