"""Payments as the pages show them: lists, one payment with all that was done with it."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from psycopg import sql

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.money.live_allocations import Live, live_of_payment
from daysheet.desk.published import Reader
from daysheet.desk.receipts import Method, PaymentSource
from daysheet.desk.refusals import Refused

State = Literal["unapplied", "partly_applied", "applied", "reversed", "reversal"]
RECENT = 20


@dataclass(frozen=True)
class PaymentLine:
    """A payment in dollars; ``kept`` is what reversals left of it, None of a reversal itself.

    ``reason`` is why it was forced or reversed: None for who may not read what people typed.
    """

    payment_id: UUID
    payer_id: UUID | None
    payer_name: str | None  # None: client money
    method: Method
    reference: str | None = field(repr=False)
    received_on: date
    amount: Decimal
    source: PaymentSource
    is_reversed: bool
    reverses_payment_id: UUID | None
    reason: str | None = field(repr=False)
    by_user: str
    who: str
    is_of_today: bool
    at: datetime
    kept: Decimal | None
    allocated: Decimal | None
    set_aside: Decimal | None
    unapplied: Decimal | None

    @property
    def state(self) -> State:
        """How far it has gone."""
        if self.reverses_payment_id is not None:
            return "reversal"
        if self.is_reversed:
            return "reversed"
        if not self.unapplied:
            return "applied"
        return "partly_applied" if self.unapplied != self.kept else "unapplied"

    def may_be_reversed_by(self, actor: Actor) -> bool:
        """Whether that person may take it back, and anything is left to take."""
        own = self.by_user == actor.user_id and self.is_of_today
        return bool(self.kept and self.kept > 0) and actor.may(
            DeskRole.BILLER if own else DeskRole.LEAD
        )


@dataclass(frozen=True)
class SetAside:
    """A part of a payment that is for no session."""

    adjustment_id: UUID
    kind: Literal["interest", "takeback"]
    amount: Decimal


@dataclass(frozen=True)
class PaymentEntry:
    """Something that was done with a payment; ``free_text`` as ``PaymentLine.reason``."""

    kind: str
    session_ref: str | None
    amount: Decimal
    free_text: str | None = field(repr=False)
    who: str
    file_id: int | None
    line: int | None
    at: datetime


@dataclass(frozen=True)
class PaymentRecord:
    """One payment: where it is (``live``, ``set_aside``), and everything done, newest first."""

    payment: PaymentLine
    live: tuple[Live, ...]
    set_aside: tuple[SetAside, ...]
    entries: tuple[PaymentEntry, ...]

    @property
    def is_shareable(self) -> bool:
        """Whether it is insurance money of which something is, or can be, on sessions."""
        is_insurance = self.payment.payer_id is not None and self.payment.kept is not None
        return is_insurance and bool(self.payment.unapplied or self.live)


def recent_payments(reader: Reader, actor: Actor) -> list[PaymentLine]:
    """The last ones entered, by hand or by a file; reversals among them."""
    newest = reader.connection.execute(
        "select payment_id from desk.payments order by created_at desc, payment_id limit %s",
        [RECENT],
    ).fetchall()
    lines = payments_by_id(reader, actor, [payment_id for (payment_id,) in newest])
    return [lines[payment_id] for (payment_id,) in newest]


def payments_by_id(
    reader: Reader, actor: Actor, payment_ids: Collection[UUID]
) -> dict[UUID, PaymentLine]:
    """Those of them that exist."""
    which = sql.SQL("where payment_id = any(%(payment_ids)s)")
    lines = _lines(reader, actor, which, payment_ids=list(payment_ids))
    return {line.payment_id: line for line in lines}


def payment_record(reader: Reader, actor: Actor, payment_id: UUID) -> PaymentRecord:
    """All about one payment, or one reversal; raises a 404."""
    found = payments_by_id(reader, actor, [payment_id])
    if payment_id not in found:
        raise Refused(404, "unknown_payment", "there is no such payment")
    values = {"payment_id": payment_id}
    entries = reader.rows(
        PaymentEntry,
        "payment_entries",
        sql.SQL("where root_id = %(payment_id)s order by at desc, kind, session_ref"),
        values,
        sql.SQL("kind, session_ref, amount, {} as free_text, who, file_id, line, at").format(
            _typed("free_text", actor)
        ),
    )
    aside = reader.connection.execute(
        """
        select adjustment_id, kind, amount from desk.adjustments
        where payment_id = %(payment_id)s and reverses_adjustment_id is null and not exists (
            select from desk.adjustments as undoing
            where undoing.reverses_adjustment_id = adjustments.adjustment_id
        )
        order by created_at
        """,
        values,
    ).fetchall()
    return PaymentRecord(
        payment=found[payment_id],
        live=tuple(live_of_payment(reader.connection, payment_id)),
        set_aside=tuple(SetAside(*row) for row in aside),
        entries=tuple(entries),
    )


def _lines(
    reader: Reader, actor: Actor, clauses: sql.Composable, **values: Any
) -> list[PaymentLine]:
    names = [name for name in PaymentLine.__dataclass_fields__ if name != "reason"]
    columns = sql.SQL("{}, {} as reason").format(
        sql.SQL(", ").join(map(sql.Identifier, names)), _typed("reason", actor)
    )
    return reader.rows(PaymentLine, "payment_list", clauses, values, columns)


def _typed(column: str, actor: Actor) -> sql.Composable:
    """What people typed is not even read for who may not see it."""
    return sql.Identifier(column) if actor.may(DeskRole.BILLER) else sql.SQL("null::text")
