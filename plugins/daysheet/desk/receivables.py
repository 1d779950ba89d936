"""What insurers owe and what nobody asked them for, of both worlds: sessions and dental claims."""

from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from psycopg import sql

from daysheet.desk.published import Reader
from daysheet.desk.refusals import not_possible

Source = Literal["opendental", "simplepractice"]
Bracket = Literal["0-30", "31-60", "61-90", "90+"]
Forgotten = Literal["procedure_on_no_claim", "claim_never_sent", "session_never_billed"]
PAGE, LARGEST_PAGE = 50, 200


@dataclass(frozen=True)
class AgedClaim:
    """A session in AR, or a dental claim that is sent and not settled.

    ``age_days`` counts from the first sending, else, with ``age_basis`` ``service`` and shown as
    "est.", from the visit; ``last_sent_age_days`` from the last. ``amount`` is in dollars: of a
    session what is outstanding, of a dental claim what its open lines are estimated to bring; None
    is shown as "no estimate". ``reference`` is ours and random (``RS-``, ``DC-``), ``claim_ref``
    the same of its claim (``RC-``, ``DC-``); None until the claim is registered.
    """

    source: Source
    reference: str | None
    claim_ref: str | None
    session_id: UUID | None
    dental_claim_id: UUID | None
    dental_claim_number: int | None = field(repr=False)  # the practice system's key
    payer_name: str | None
    service_on: date | None = field(repr=False)
    first_sent_on: date | None
    last_sent_on: date | None
    age_basis: Literal["submission", "service"]
    age_days: int | None
    last_sent_age_days: int | None
    age_bracket: Bracket | None  # None without any day to count from
    amount: Decimal | None
    status: str
    assigned_to: str | None
    next_action_on: date | None
    last_action: str | None  # by a person: the kind of a note, or the status it was given
    last_action_at: datetime | None
    snoozed_until: date | None


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
class AgedFilter:
    """Which aged claims; None does not narrow. An amount nobody estimated is in no range."""

    source: Source | None = None
    payer: str | None = None
    bracket: Bracket | None = None
    owner: str | None = None
    is_assigned: bool | None = None
    status: str | None = None
    min_amount: Decimal | None = None
    max_amount: Decimal | None = None
    min_age_days: int | None = None
    is_snoozed: bool | None = None


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
    max_days_left: int | None = None


@dataclass(frozen=True)
class Order:
    """Sorted by that column, empty ones last, ties by reference."""

    column: str
    is_descending: bool = False


@dataclass(frozen=True)
class Total:
    """How much of one group; ``unestimated`` rows have no amount to add."""

    label: str | None  # a bracket or a kind
    source: Source
    rows: int
    amount: Decimal
    unestimated: int


_CONDITIONS = {
    "kind": "kind = %(kind)s",
    "source": "source = %(source)s",
    "payer": "payer_name = %(payer)s",
    "bracket": "age_bracket = %(bracket)s",
    "owner": "assigned_to = %(owner)s",
    "is_assigned": "(assigned_to is not null) = %(is_assigned)s",
    "status": "status = %(status)s",
    "min_amount": "amount >= %(min_amount)s",
    "max_amount": "amount <= %(max_amount)s",
    "min_age_days": "age_days >= %(min_age_days)s",
    "max_days_left": "days_left <= %(max_days_left)s",
    "is_snoozed": "(snoozed_until is not null) = %(is_snoozed)s",
}


def aged_claims(
    reader: Reader,
    which: AgedFilter = AgedFilter(),
    order: Order = Order("age_days", is_descending=True),
    *,
    limit: int | None = PAGE,
    offset: int = 0,
) -> list[AgedClaim]:
    """One page of the aged claims, all of them without a ``limit``; at most 200 else: 422."""
    clauses = _narrowed(which) + _paged(order, AgedClaim, limit, offset)
    return reader.rows(AgedClaim, "aged_claims", clauses, asdict(which))


def forgotten_money(
    reader: Reader,
    which: ForgottenFilter = ForgottenFilter(),
    order: Order = Order("days_left"),
    *,
    limit: int | None = PAGE,
    offset: int = 0,
) -> list[ForgottenMoney]:
    """One page of the forgotten money, the most pressing first; paged like the aged claims."""
    clauses = _narrowed(which) + _paged(order, ForgottenMoney, limit, offset)
    return reader.rows(ForgottenMoney, "forgotten_money", clauses, asdict(which))


def aged_totals(reader: Reader, which: AgedFilter = AgedFilter()) -> list[Total]:
    """Of each source and bracket how many and how much, of all pages."""
    return _totals(reader, "aged_claims", "age_bracket", which)


def forgotten_totals(reader: Reader, which: ForgottenFilter = ForgottenFilter()) -> list[Total]:
    """Of each source and kind how many and how much, of all pages."""
    return _totals(reader, "forgotten_money", "kind", which)


def _totals(
    reader: Reader, query: str, group: str, which: AgedFilter | ForgottenFilter
) -> list[Total]:
    columns = sql.SQL(
        "{} as label, source, count(*) as rows, coalesce(sum(amount), 0) as amount,"
        " count(*) filter (where amount is null) as unestimated"
    ).format(sql.Identifier(group))
    grouped = sql.SQL(" group by source, {0} order by source, {0}").format(sql.Identifier(group))
    return reader.rows(Total, query, _narrowed(which) + grouped, asdict(which), columns)


def _narrowed(which: AgedFilter | ForgottenFilter) -> sql.Composed:
    chosen = [name for name, value in asdict(which).items() if value is not None]
    conditions = [sql.SQL(_CONDITIONS[name]) for name in chosen] or [sql.SQL("true")]
    return sql.SQL("where {}").format(sql.SQL(" and ").join(conditions))


def _paged(
    order: Order, shape: type[AgedClaim | ForgottenMoney], limit: int | None, offset: int
) -> sql.Composed:
    if order.column not in shape.__dataclass_fields__:
        raise not_possible("unknown_column", "there is no such column to sort by", field="sort")
    if offset < 0 or not (limit is None or 0 < limit <= LARGEST_PAGE):
        raise not_possible("page_too_large", f"at most {LARGEST_PAGE} rows a page", field="limit")
    return sql.SQL(
        " order by {} {} nulls last, reference nulls last, dental_claim_number,"
        " {} limit {} offset {}"
    ).format(
        sql.Identifier(order.column),
        sql.SQL("desc" if order.is_descending else "asc"),
        sql.SQL("procedure_id" if shape is ForgottenMoney else "source"),
        sql.Literal(limit),
        sql.Literal(offset),
    )
