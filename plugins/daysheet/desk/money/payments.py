"""Payments entered with what they are for, and allocated to one session or many."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

import psycopg

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.amounts import dollars, share
from daysheet.desk.cases import BY_HAND, Origin
from daysheet.desk.ledger.balances import Balance, lock_sessions
from daysheet.desk.ledger.leftovers import note_unapplied
from daysheet.desk.money.settlement import Moved, Remainder, settle
from daysheet.desk.receipts import (
    Method,
    Payment,
    PaymentSource,
    Receipt,
    answered_before,
    checked,
    day_source,
    lock_payments,
    save,
    unapplied,
)
from daysheet.desk.refusals import conflict, not_possible

__all__ = ["Allocation", "Payment", "Posting", "allocate", "allocate_each", "record_payment",
           "split_over_claim"]  # fmt: skip

# What did not take place owes nobody anything.
_NOT_PAYABLE = ("scheduled", "voided")


@dataclass(frozen=True)
class Allocation:
    """What of a payment is for one session, and what is to become of the rest of it.

    ``row_version`` is that of the session as the person saw it. ``remainder`` must be said where
    something stays outstanding, ``keep_credit`` where more is paid than was owed.
    """

    session_id: UUID
    amount: Decimal
    split: Literal["exact", "auto"] = "exact"
    row_version: int | None = None
    remainder: Remainder | None = None
    keep_credit: bool = False


@dataclass(frozen=True)
class Posting:
    """Allocations of one payment from one place."""

    payment_id: UUID
    allocations: Sequence[Allocation]
    origin: Origin = BY_HAND


@dataclass(frozen=True)
class Entry:
    """One row of ``desk.payment_allocations`` to be written."""

    payment_id: UUID
    session_id: UUID
    amount: Decimal
    split: str = "exact"
    undoes: UUID | None = None
    origin: Origin = BY_HAND


def record_payment(
    connection: psycopg.Connection,
    actor: Actor,
    *,
    payer_id: UUID | None,
    method: Method,
    reference: str | None,
    received_on: date,
    amount: Decimal,
    idempotency_key: str,
    source: PaymentSource = "manual",
    forced_reason: str | None = None,
    allocations: Sequence[Allocation] = (),
    origin: Origin = BY_HAND,
) -> Payment:
    """Save a payment, with its allocations if they are known; what is left gets a work item.

    The same ``idempotency_key`` gives the same answer and does nothing again, allocations
    included. Raises 422 naming the field for what no payment can be, 409 naming the first payment
    of the same payer, reference, day and amount, unless a lead forces it with a reason.
    """
    receipt = Receipt(
        payer_id=payer_id,
        method=method,
        reference=(reference or "").strip() or None,
        received_on=received_on,
        amount=amount,
        idempotency_key=idempotency_key,
        source=source,
        forced_reason=forced_reason,
    )
    checked(connection, actor, receipt)
    with connection.transaction():
        before = lock_sessions(connection, {each.session_id for each in allocations})
        payment = answered_before(connection, receipt) or save(connection, actor, receipt)
        if not payment.is_repeat:
            post(connection, actor, [(payment, Posting(payment.payment_id, allocations, origin))],
                  before)  # fmt: skip
    return payment


def allocate(
    connection: psycopg.Connection,
    actor: Actor,
    payment_id: UUID,
    allocations: Sequence[Allocation],
    *,
    origin: Origin = BY_HAND,
) -> dict[UUID, Balance]:
    """Give parts of a payment to sessions; returns what these owe now.

    Sessions are locked in order, then the payment. Raises 409 with the fresh balance where
    somebody was faster, 422 naming the field where the money does not reach or a decision about
    the rest is missing.
    """
    return allocate_each(connection, actor, [Posting(payment_id, allocations, origin)])


def allocate_each(
    connection: psycopg.Connection, actor: Actor, postings: Sequence[Posting]
) -> dict[UUID, Balance]:
    """Like :func:`allocate`, of many payments at once: all of it, or nothing."""
    if not actor.is_system:
        actor.needs(DeskRole.BILLER, "allocating payments")
    with connection.transaction():
        wanted = {each.session_id for posting in postings for each in posting.allocations}
        before = lock_sessions(connection, wanted)
        payments = lock_payments(connection, {posting.payment_id for posting in postings})
        posted = [(payments[posting.payment_id], posting) for posting in postings]
        return post(connection, actor, posted, before)


def split_over_claim(
    connection: psycopg.Connection, claim_id: UUID, amount: Decimal
) -> list[Allocation]:
    """Share an amount over a claim's sessions by outstanding, to the cent; none if it has none.

    Where nothing is outstanding the charges decide. A person can correct what is marked ``auto``.
    """
    rows = connection.execute(
        "select session_id, outstanding, ins_charge from desk.sessions"
        " where claim_id = %s and billing_status != all(%s) order by service_on, session_id",
        [claim_id, list(_NOT_PAYABLE)],
    ).fetchall()
    if not rows:
        return []
    outstanding = [row[1] for row in rows]
    shares = share(dollars(amount), outstanding if any(outstanding) else [row[2] for row in rows])
    return [
        Allocation(row[0], part, "auto" if len(rows) > 1 else "exact")
        for row, part in zip(rows, shares, strict=True)
        if part != 0
    ]


def write_entries(connection: psycopg.Connection, actor: Actor, entries: Sequence[Entry]) -> None:
    """Insert allocations in one statement; the database adds them to their sessions."""
    connection.execute(
        """
        insert into desk.payment_allocations (
            payment_id, session_id, amount, split, reverses_allocation_id, file_id, line, by_user
        )
        select entries.*, %s
        from unnest(
            %s::uuid[], %s::uuid[], %s::numeric[], %s::text[], %s::uuid[], %s::bigint[],
            %s::bigint[]
        ) as entries
        """,
        [
            actor.user_id,
            [entry.payment_id for entry in entries],
            [entry.session_id for entry in entries],
            [entry.amount for entry in entries],
            [entry.split for entry in entries],
            [entry.undoes for entry in entries],
            [entry.origin.file_id for entry in entries],
            [entry.origin.line for entry in entries],
        ],
    )


def post(
    connection: psycopg.Connection,
    actor: Actor,
    postings: Sequence[tuple[Payment, Posting]],
    before: Mapping[UUID, Balance],
) -> dict[UUID, Balance]:
    """Write allocations of locked payments to locked sessions, and what follows from them."""
    moved: dict[UUID, Moved] = {}
    entries = []
    for payment, posting in postings:
        _check_payment(payment, posting)
        for each in posting.allocations:
            amount = _check_allocation(actor, payment, each, before[each.session_id], moved)
            entries.append(
                Entry(payment.payment_id, each.session_id, amount, each.split, None, posting.origin)
            )
            moved[each.session_id] = Moved(
                "posting" if amount > 0 else "reversal",
                payment.received_on,
                day_source(payment.source),
                each.remainder,
                each.keep_credit,
                posting.origin,
            )
    payments = {payment.payment_id: payment for payment, _ in postings}
    if entries:
        _check_reach(connection, entries)
        write_entries(connection, actor, entries)
    note_unapplied(connection, actor, payments)
    return settle(connection, actor, before, moved) if moved else {}


def _check_payment(payment: Payment, posting: Posting) -> None:
    if payment.is_reversed:
        raise conflict("the payment was reversed meanwhile", "already_reversed")
    if payment.reverses_payment_id is not None:
        raise not_possible("is_a_reversal", "a reversal is not allocated", field="payment_id")
    if payment.payer_id is None and posting.allocations:
        raise not_possible("client_money", "client money pays no insurance", field="payment_id")


def _check_allocation(
    actor: Actor,
    payment: Payment,
    allocation: Allocation,
    balance: Balance,
    moved: dict[UUID, Moved],
) -> Decimal:
    balance.expect(allocation.row_version)
    amount = dollars(allocation.amount)
    if amount * payment.amount <= 0:
        raise not_possible("wrong_sign", "not 0.00, and not against the payment", field="amount")
    if balance.billing_status in _NOT_PAYABLE:
        raise not_possible(
            "not_payable", f"the session is {balance.billing_status}", field="session_id"
        )
    if allocation.session_id in moved and not actor.is_system:
        raise not_possible("session_twice", "a session is named twice", field="session_id")
    return amount


def _check_reach(connection: psycopg.Connection, entries: Sequence[Entry]) -> None:
    wanted: dict[UUID, Decimal] = defaultdict(Decimal)
    for entry in entries:
        wanted[entry.payment_id] += entry.amount
    for payment_id, left in unapplied(connection, wanted).items():
        if abs(wanted[payment_id]) > abs(left):
            raise not_possible(
                "beyond_payment", f"{left} of the payment is unapplied", field="amount"
            )
