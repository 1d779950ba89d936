"""A payment shared out over sessions, as a form shows and sends it: one row a session."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import cast
from uuid import UUID

from pydantic import BaseModel

from daysheet.desk.money.live_allocations import Live
from daysheet.desk.money.payments import Allocation
from daysheet.desk.money.settlement import Remainder
from daysheet.desk.published import Reader
from daysheet.desk.reading.payable import (
    Candidate,
    LastChange,
    Payable,
    found,
    last_changes,
    payable,
    suggested,
)
from daysheet.desk.refusals import Refused, not_possible
from daysheet.web.typed import amount_of, key_of, search_of, version_of

NOTHING = Decimal("0.00")
# Refusals of the desk about the sharing as a whole, which name the field of one allocation.
_OF_THE_WHOLE = ("beyond_payment", "wrong_sign", "session_twice", "not_payable", "client_money")


class SharingFields(BaseModel):
    """What a form sends of its rows: lists of equal length, but ``keep`` which names sessions."""

    action: str = "save"
    find: str = ""
    closed: str = ""
    session: list[str] = []
    version: list[str] = []
    was: list[str] = []
    live: list[str] = []
    part: list[str] = []
    rest: list[str] = []
    keep: list[str] = []


@dataclass(frozen=True)
class Row:
    """One session. ``was`` is what it has of this payment, by the allocations ``live``.

    ``part`` (what it is to have), ``rest`` and ``keep`` are as typed; ``seen`` is the version that
    the person saw.
    """

    session_id: UUID
    seen: int
    was: Decimal
    live: tuple[UUID, ...]
    part: str
    rest: str
    keep: bool
    session: Payable | None = None  # as it is now
    why: str | None = None
    changed: LastChange | None = None
    problem: str | None = None

    @property
    def amount(self) -> Decimal:
        """What it is to have; raises a 422 that names its field."""
        if not self.part.strip():
            return NOTHING
        return amount_of(self.part, f"part-{self.session_id}")

    @property
    def entered(self) -> Decimal:
        """The same; nothing where that is no amount."""
        try:
            return self.amount
        except Refused:
            return NOTHING

    @property
    def owed(self) -> Decimal:
        """What it would owe without this payment; below zero is a credit."""
        assert self.session is not None
        return self.session.outstanding - self.session.credit + self.was

    @property
    def after(self) -> Decimal:
        """What it will owe; below zero is a credit."""
        return self.owed - self.entered

    @property
    def is_stale(self) -> bool:
        """Whether somebody changed the session since the person saw it."""
        return self.session is not None and self.seen != self.session.row_version

    @property
    def is_touched(self) -> bool:
        """Whether it is to have anything else than it has."""
        return self.entered != self.was

    def allocation(self) -> Allocation:
        """As the desk takes it."""
        return Allocation(
            self.session_id,
            self.amount,
            row_version=self.seen,
            remainder=cast(Remainder, self.rest) if self.rest else None,
            keep_credit=self.keep,
        )


@dataclass(frozen=True)
class Sharing:
    """Rows, and of which amount; None as long as that is no amount."""

    rows: Sequence[Row]
    amount: Decimal | None
    problem: str | None = None

    @property
    def allocated(self) -> Decimal:
        """What its rows are to have."""
        return sum((row.entered for row in self.rows), NOTHING)

    @property
    def left(self) -> Decimal | None:
        """What no row has."""
        return None if self.amount is None else self.amount - self.allocated

    @property
    def client_ids(self) -> set[UUID]:
        """Whose names are shown."""
        return {row.session.client_id for row in self.rows if row.session}


def typed_rows(fields: SharingFields) -> list[Row]:
    """The rows of a form; raises a 422 if it is none of ours."""
    columns = (fields.session, fields.version, fields.was, fields.live, fields.part, fields.rest)
    if len({len(column) for column in columns}) > 1:
        raise not_possible("bad_form", "the form came incomplete: reload the page and try again")
    return [
        Row(
            key_of(session, "session"),
            version_of(version),
            amount_of(was, "was"),
            tuple(key_of(key, "live") for key in live.split()),
            part,
            rest,
            session in fields.keep,
        )
        for session, version, was, live, part, rest in zip(*columns, strict=True)
    ]


def offered(
    reader: Reader,
    payer_id: UUID,
    fields: SharingFields,
    amount: Decimal | None,
    reference: str | None = None,
) -> list[Candidate]:
    """Sessions of that payer: those looked for, else what the amount and reference suggest."""
    words, closed = search_of(fields.find), bool(fields.closed)
    if words:
        return found(reader, payer_id=payer_id, words=words, include_closed=closed)
    return suggested(
        reader, payer_id=payer_id, amount=amount, reference=reference, include_closed=closed
    )


def shared_out(
    reader: Reader,
    candidates: Sequence[Candidate],
    typed: Sequence[Row],
    amount: Decimal | None,
    *,
    live: Sequence[Live] = (),
    refusal: Refused | None = None,
    is_to_fill: bool = False,
) -> Sharing:
    """The rows of a form, as they are now: what has something, what was typed, what is offered."""
    given: dict[UUID, list[Live]] = {}
    for each in live:
        given.setdefault(each.session_id, []).append(each)
    entered = {row.session_id: row for row in typed if row.part.strip() or row.session_id in given}
    kept = payable(reader, [*given, *entered]).values()
    shown = {each.session.session_id: each for each in [*map(Candidate, kept), *candidates]}
    rows = [
        _row(shown[session_id], entered.get(session_id), given.get(session_id, []))
        for session_id in dict.fromkeys([*given, *entered, *shown])
        if session_id in shown
    ]
    if is_to_fill and amount is not None:
        rows = _filled(rows, amount)
    stale = [row.session_id for row in rows if row.is_stale]
    changes = last_changes(reader, stale) if stale else {}
    rows = [
        replace(row, problem=_problem(row, refusal), changed=changes.get(row.session_id))
        for row in rows
    ]
    problem = refusal.problem if refusal and refusal.code in _OF_THE_WHOLE else None
    return Sharing(rows, amount, problem)


def of_the_form(refusal: Refused | None) -> Refused | None:
    """The refusal for the fields beside the rows: none of them is at fault for the sharing."""
    if refusal is None or refusal.code not in _OF_THE_WHOLE:
        return refusal
    return Refused(refusal.status, refusal.code, refusal.problem)


def _row(offered: Candidate, typed: Row | None, live: Sequence[Live]) -> Row:
    session, was = offered.session, sum((each.amount for each in live), NOTHING)
    shown = Row(
        session.session_id,
        session.row_version,
        was,
        tuple(each.allocation_id for each in live),
        part=str(was) if was else "",
        rest="",
        keep=False,
    )
    if typed:
        shown = replace(shown, seen=typed.seen, part=typed.part, rest=typed.rest, keep=typed.keep)
    return replace(shown, session=session, why=offered.why)


def _filled(rows: Sequence[Row], amount: Decimal) -> list[Row]:
    """What is left of the amount given to the rows without any, in order, by what each owes."""
    left = amount - sum((row.entered for row in rows), NOTHING)
    full = []
    for row in rows:
        part = min(left, row.owed)
        if row.part.strip() or part <= 0:
            full.append(row)
            continue
        full.append(replace(row, part=str(part)))
        left -= part
    return full


def _problem(row: Row, refusal: Refused | None) -> str | None:
    if refusal is None:
        return None
    if refusal.field == f"part-{row.session_id}":
        return refusal.problem
    if not row.is_touched:
        return None
    if refusal.code == "remainder_undecided" and row.after > 0 and not row.rest:
        return "something is left: say what becomes of it"
    if refusal.code == "overpaid" and row.after < 0 and not row.keep:
        return "more than is owed: enter less, or keep it as credit"
    return None
