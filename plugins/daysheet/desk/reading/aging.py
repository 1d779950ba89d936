"""The aging list: what insurers owe and what none was asked to pay, narrowed, sorted and summed."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from psycopg import sql
from psycopg.rows import dict_row

from daysheet.desk.published import Reader
from daysheet.desk.reading.receivables import PAGE, Order, Source, narrowed, paged

Basis = Literal["submission", "service"]
BRACKETS = {
    "0-30": "in_ar and age_days <= 30",
    "31-60": "in_ar and age_days between 31 and 60",
    "61-90": "in_ar and age_days between 61 and 90",
    "90+": "in_ar and age_days > 90",
    "not_submitted": "not in_ar",
}
_SPLIT = {
    "91-120": "in_ar and age_days between 91 and 120",
    "121-180": "in_ar and age_days between 121 and 180",
    "180+": "in_ar and age_days > 180",
}
ALL_BRACKETS = BRACKETS | _SPLIT
SEVERITIES = ("critical", "high", "medium", "low")
SORTED_BY = (
    "age_days", "reference", "first_sent_on", "client_initials", "clinician", "payer_name",
    "status", "charge", "paid", "amount", "deadline", "owner", "next_action_on", "alert_rank",
)  # fmt: skip
OLDEST_FIRST = Order("age_days", is_descending=True)


@dataclass(frozen=True)
class AgedClaim:
    """A session that is owed for, or was never sent; or a dental claim sent and not settled.

    ``age_days`` counts from the first sending, else, with ``age_basis`` ``service`` and shown as
    "est.", from the visit; ``last_sent_age_days`` from the last. ``amount`` is in dollars: of a
    session what is outstanding, of a dental claim what its open lines are estimated to bring; None
    is shown as "no estimate". ``reference`` is ours and random (``RS-``, ``DC-``), ``claim_ref``
    the same of its claim (``RC-``, ``DC-``); None until the claim is registered. ``deadline`` is
    the last day to file, or to appeal. ``alert_rank`` is 1 for critical to 4 for low.
    """

    source: Source
    reference: str | None
    claim_ref: str | None
    session_id: UUID | None
    dental_claim_id: UUID | None
    dental_claim_number: int | None = field(repr=False)  # the practice system's key
    client_id: UUID | None
    patient_id: int | None = field(repr=False)
    row_version: int | None  # of the session
    client_initials: str | None = field(repr=False)
    clinician: str | None
    payer_name: str | None
    first_sent_on: date | None
    last_sent_on: date | None
    age_basis: Basis
    age_days: int | None
    last_sent_age_days: int | None
    charge: Decimal
    paid: Decimal
    amount: Decimal | None
    status: str
    in_ar: bool
    deadline: date | None
    assigned_to: str | None
    owner: str | None  # what that person is called
    next_action_on: date | None
    snoozed_until: date | None
    needs_disposition: bool
    alerts: int
    alert_rank: int | None
    bracket: str | None  # None without any day to count from

    @property
    def severity(self) -> str | None:
        """That of its most severe live alert."""
        return SEVERITIES[self.alert_rank - 1] if self.alert_rank else None


@dataclass(frozen=True)
class AgedFilter:
    """Which of them; None does not narrow. An amount nobody estimated is in no range.

    Without a ``bracket`` only what is with insurers. ``search`` is the beginning of a reference or
    a client's initials. ``alert`` is a severity, or ``any``.
    """

    source: Source | None = None
    bracket: str | None = None
    payer: str | None = None
    clinician_id: UUID | None = None
    status: str | None = None
    owner: str | None = None  # by user name
    is_assigned: bool | None = None
    min_amount: Decimal | None = None
    max_amount: Decimal | None = None
    sent_from: date | None = None
    sent_until: date | None = None
    deadline_days: int | None = None
    alert: str | None = None
    is_snoozed: bool | None = None
    needs_disposition: bool | None = None
    search: str | None = None
    session_ids: Sequence[UUID] | None = None


@dataclass(frozen=True)
class AgedTotal:
    """How much of one source and bracket, snoozed or not; ``unestimated`` have no amount to add.

    ``age_days`` is the sum over the ``dated`` rows, which have an age.
    """

    bracket: str | None
    source: Source
    is_snoozed: bool
    rows: int
    amount: Decimal
    unestimated: int
    dated: int
    age_days: int
    payer_name: str | None = None  # and of one payer, where that is asked for


_CONDITIONS = {
    "source": "source = %(source)s",
    "payer": "payer_name = %(payer)s",
    "clinician_id": "clinician_id = %(clinician_id)s",
    "status": "status = %(status)s",
    "owner": "assigned_to = %(owner)s",
    "is_assigned": "(assigned_to is not null) = %(is_assigned)s",
    "min_amount": "amount >= %(min_amount)s",
    "max_amount": "amount <= %(max_amount)s",
    "sent_from": "first_sent_on >= %(sent_from)s",
    "sent_until": "first_sent_on <= %(sent_until)s",
    "deadline_days": "deadline <= (select desk.today()) + %(deadline_days)s::integer",
    "alert": (
        "alert_rank = coalesce(array_position("
        "array['critical', 'high', 'medium', 'low'], %(alert)s), alert_rank)"
    ),
    "is_snoozed": "(snoozed_until is not null) = %(is_snoozed)s",
    "needs_disposition": "needs_disposition = %(needs_disposition)s",
    "search": (
        "(starts_with(upper(reference), upper(%(search)s))"
        " or starts_with(upper(claim_ref), upper(%(search)s))"
        " or upper(client_initials) = upper(%(search)s))"
    ),
    "session_ids": "session_id = any(%(session_ids)s)",
}
_BRACKET = sql.SQL("case {} end as bracket").format(
    sql.SQL(" ").join(
        sql.SQL("when {} then {}").format(sql.SQL(condition), sql.Literal(label))
        for label, condition in BRACKETS.items()
    )
)
_OF_A_CLAIM = sql.SQL(", ").join(
    _BRACKET if name == "bracket" else sql.Identifier(name)
    for name in AgedClaim.__dataclass_fields__
)
_KEYS = sql.SQL("session_id, dental_claim_number")
_BY_KEY = sql.SQL(
    "where session_id = any(%(sessions)s::uuid[])"
    " or dental_claim_number = any(%(dental)s::bigint[])"
)
_TIES = "reference nulls last, dental_claim_number, source"
_FIRST_DAY: dict[Basis, str] = {"submission": "owed.first_sent_on", "service": "null::date"}


def aged_claims(
    reader: Reader,
    which: AgedFilter = AgedFilter(),
    order: Order = OLDEST_FIRST,
    *,
    basis: Basis = "submission",
    limit: int | None = PAGE,
    offset: int = 0,
) -> list[AgedClaim]:
    """One page of them, without a ``limit`` all; a 422 for over 200, or another column to sort by.

    By service every age counts from the visit, and brackets with it.
    """
    values, first_day = asdict(which), _FIRST_DAY[basis]
    clauses = _narrowed(which) + paged(order, SORTED_BY, _TIES, limit, offset)
    if limit is None:
        return reader.rows(
            AgedClaim, "aging_list", clauses, values, _OF_A_CLAIM, first_day=first_day
        )
    # Which rows first, by as few columns as that takes: the rest is read of one page only.
    keys = reader.connection.execute(
        reader.statement("aging_list", clauses, _KEYS, first_day=first_day), values
    ).fetchall()
    found = reader.rows(
        AgedClaim,
        "aging_list",
        _BY_KEY,
        {
            "sessions": [session for session, _ in keys if session],
            "dental": [number for _, number in keys if number is not None],
        },
        _OF_A_CLAIM,
        first_day=first_day,
    )
    by_key = {(row.session_id, row.dental_claim_number): row for row in found}
    return [by_key[key] for key in keys]


def aged_totals(
    reader: Reader,
    which: AgedFilter = AgedFilter(),
    basis: Basis = "submission",
    *,
    by_payer: bool = False,
) -> list[AgedTotal]:
    """How many and how much, of all pages; with what is snoozed unless the filter is about it."""
    columns = sql.SQL("""
        {},
        source,
        snoozed_until is not null as is_snoozed,
        {} as payer_name,
        count(*) as rows,
        coalesce(sum(amount), 0) as amount,
        count(*) filter (where amount is null) as unestimated,
        count(age_days) as dated,
        coalesce(sum(age_days), 0) as age_days
    """).format(_BRACKET, sql.SQL("payer_name" if by_payer else "null::text"))
    clauses = _narrowed(which) + sql.SQL(" group by 1, 2, 3, 4 order by source, bracket")
    return reader.rows(
        AgedTotal, "aging_list", clauses, asdict(which), columns, first_day=_FIRST_DAY[basis]
    )


def exported(
    reader: Reader, which: AgedFilter, order: Order, basis: Basis, *, with_names: bool
) -> Iterator[dict[str, Any]]:
    """Every row in that order, a thousand at a time; the name of the client only if asked for."""
    clauses = _narrowed(which) + paged(order, SORTED_BY, _TIES, None, 0)
    name = sql.SQL("client_name" if with_names else "null::text as client_name")
    columns = sql.SQL("{}, {}").format(_OF_A_CLAIM, name)
    statement = reader.statement("aging_list", clauses, columns, first_day=_FIRST_DAY[basis])
    with reader.connection.cursor("exported", row_factory=dict_row) as cursor:
        cursor.itersize = 1000
        yield from cursor.execute(statement, asdict(which))


@dataclass(frozen=True)
class Choices:
    """What the list can be narrowed to: what stands in it."""

    payers: list[str]
    statuses: list[str]
    clinicians: list[tuple[UUID, str]]


def choices(reader: Reader) -> Choices:
    """Of the whole list, snoozed or not."""
    statement = reader.statement(
        "aging_list",
        sql.SQL("group by payer_name, status"),
        sql.SQL("payer_name, status"),
        first_day=_FIRST_DAY["submission"],
    )
    found = reader.connection.execute(statement).fetchall()
    clinicians = reader.connection.execute(
        "select clinician_id, name from desk.clinicians order by name, clinician_id"
    ).fetchall()
    return Choices(
        payers=sorted({payer for payer, _ in found if payer}),
        statuses=sorted({status for _, status in found}),
        clinicians=clinicians,
    )


def _narrowed(which: AgedFilter) -> sql.Composed:
    bracket = ALL_BRACKETS[which.bracket] if which.bracket else ""
    clauses = narrowed(which, _CONDITIONS | {"bracket": bracket})
    # what is chosen one by one may be of any
    is_of_any = which.bracket or which.session_ids is not None
    return clauses if is_of_any else clauses + sql.SQL(" and in_ar")
