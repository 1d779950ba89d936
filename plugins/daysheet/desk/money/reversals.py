"""Money taken back, by people and by payers: a negative payment, opposite allocations."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

import psycopg

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.amounts import dollars, positive, share
from daysheet.desk.cases import BY_HAND, Origin
from daysheet.desk.ledger.adjustments import release
from daysheet.desk.ledger.balances import Balance
from daysheet.desk.ledger.leftovers import note_unapplied
from daysheet.desk.money.live_allocations import (
    Live,
    line_of_claim,
    live_of_payment,
    lock_sessions_of,
    lock_sessions_of_claim,
    undo_allocations,
)
from daysheet.desk.money.settlement import Moved, settle
from daysheet.desk.receipts import (
    Payment,
    Receipt,
    by_key,
    day_source,
    in_time,
    lock_payment,
    lock_payments,
    save,
    unapplied,
)
from daysheet.desk.refusals import conflict, not_possible


@dataclass(frozen=True)
class TakeBack:
    """Money a payer took back, and the payment it undoes: none if no line of that amount lives."""

    payment: Payment
    undoes: UUID | None
    session_ids: tuple[UUID, ...] = ()


def reverse_payment(
    connection: psycopg.Connection,
    actor: Actor,
    payment_id: UUID,
    *,
    amount: Decimal | None = None,
    received_on: date,
    reason: str,
    idempotency_key: str,
    session_ids: Collection[UUID] = (),
    origin: Origin = BY_HAND,
) -> Payment:
    """Take a payment back, in whole or (``amount`` above zero) in part; returns the negative one.

    A part is taken from what is unapplied first, then from ``session_ids``, or from all its
    sessions by what each got. Sessions it had paid are pending again. A biller may reverse their
    own payment on the day it was entered, a lead any. Raises 409 if nothing is left to reverse.
    """
    wanted = None if amount is None else positive(amount)
    if not reason.strip():
        raise not_possible("reason_missing", "say why", field="reason")
    with connection.transaction():
        before = lock_sessions_of(connection, payment_id)
        original = lock_payment(connection, payment_id)
        known = by_key(connection, idempotency_key)
        if known is not None:
            return _same_answer(known, original, wanted)
        _check_right(connection, actor, original)
        in_time(connection, received_on, earliest=original.received_on)
        kept = _reach(connection, original, wanted)
        live = live_of_payment(connection, payment_id)
        if not {each.session_id for each in live} <= before.keys():
            raise conflict("the payment was allocated meanwhile: look again")
        if wanted is None or wanted == kept:
            release(connection, actor, payment_id, reason)
            taken = [(each, each.amount) for each in live]
        else:
            rest = wanted - unapplied(connection, [payment_id])[payment_id]
            taken = _shared(live, rest, session_ids) if rest > 0 else []
        receipt = _opposite(original, wanted or kept, received_on, reason, idempotency_key)
        return _reverse(connection, actor, receipt, taken, before, origin=origin)


def take_back(
    connection: psycopg.Connection,
    actor: Actor,
    *,
    payer_id: UUID,
    claim_id: UUID | None,
    reference: str | None,
    received_on: date,
    amount: Decimal,
    idempotency_key: str,
    origin: Origin = BY_HAND,
) -> TakeBack:
    """Post a negative remittance line (``amount`` below zero).

    It undoes the live positive line of the same payer, claim and amount; where there is none, the
    negative payment stays unapplied with an ``unmatched_takeback`` item.
    """
    back = positive(-dollars(amount))
    in_time(connection, received_on)
    with connection.transaction():
        before = lock_sessions_of_claim(connection, claim_id)
        known = by_key(connection, idempotency_key)
        if known is not None:
            return TakeBack(known, known.reverses_payment_id)
        line = line_of_claim(connection, claim_id, payer_id, received_on, back)
        receipt = Receipt(
            payer_id=payer_id,
            method="eft",
            reference=reference,
            received_on=received_on,
            amount=-back,
            idempotency_key=idempotency_key,
            source="payment_report",
            reverses_payment_id=line[0].payment_id if line else None,
            reversal_reason="taken back by the payer" if line else None,
            # Its lines may take back equal amounts; the key tells them apart.
            forced_reason=None if line else "a line of a remittance",
        )
        if not line:
            payment = save(connection, actor, receipt)
            note_unapplied(connection, actor, {payment.payment_id: payment})
            return TakeBack(payment, None)
        lock_payment(connection, line[0].payment_id)
        taken = [(each, each.amount) for each in line]
        payment = _reverse(connection, actor, receipt, taken, before, origin=origin)
        sessions = tuple(each.session_id for each in line)
        return TakeBack(payment, payment.reverses_payment_id, sessions)


def _same_answer(known: Payment, original: Payment, wanted: Decimal | None) -> Payment:
    if known.reverses_payment_id != original.payment_id or wanted not in (None, -known.amount):
        raise conflict(
            f"the key was used for another payment: {known.payment_id}", "key_used_before"
        )
    return known


def _check_right(connection: psycopg.Connection, actor: Actor, original: Payment) -> None:
    if actor.is_system:
        return
    (is_own_today,) = connection.execute(
        "select by_user = %s and as_of = desk.today() from desk.payments where payment_id = %s",
        [actor.user_id, original.payment_id],
    ).fetchone() or (False,)
    least = DeskRole.BILLER if is_own_today else DeskRole.LEAD
    actor.needs(least, "reversing this payment")


def _reach(connection: psycopg.Connection, original: Payment, wanted: Decimal | None) -> Decimal:
    """What is left of a payment to take back."""
    if original.reverses_payment_id is not None or original.amount <= 0:
        raise not_possible("is_a_reversal", "only money received is reversed", field="payment_id")
    (kept,) = connection.execute(
        "select kept from desk.payment_balances where payment_id = %s", [original.payment_id]
    ).fetchone() or (Decimal(0),)
    if kept == 0:
        raise conflict("the payment was reversed already", "already_reversed")
    if wanted is not None and wanted > kept:
        raise not_possible("beyond_payment", f"{kept} is left to reverse", field="amount")
    return kept


def _shared(
    live: Sequence[Live], amount: Decimal, session_ids: Collection[UUID]
) -> list[tuple[Live, Decimal]]:
    """The amount taken from these sessions' allocations, from all if none is named."""
    touched = [each for each in live if not session_ids or each.session_id in session_ids]
    if amount > sum(each.amount for each in touched):
        raise not_possible("beyond_allocations", "they did not get that much", field="amount")
    parts = share(amount, [each.amount for each in touched])
    return [(each, part) for each, part in zip(touched, parts, strict=True) if part]


def _opposite(
    original: Payment, amount: Decimal, received_on: date, reason: str, idempotency_key: str
) -> Receipt:
    return Receipt(
        payer_id=original.payer_id,
        method=original.method,
        reference=original.reference,
        received_on=received_on,
        amount=-amount,
        idempotency_key=idempotency_key,
        source=original.source,
        reverses_payment_id=original.payment_id,
        reversal_reason=reason.strip(),
    )


def _reverse(
    connection: psycopg.Connection,
    actor: Actor,
    receipt: Receipt,
    taken: Sequence[tuple[Live, Decimal]],
    before: Mapping[UUID, Balance],
    *,
    origin: Origin,
) -> Payment:
    """Save a reversal of a locked payment with its allocations, and what follows from them."""
    payment = save(connection, actor, receipt)
    undo_allocations(connection, actor, payment.payment_id, taken, origin)
    connection.execute(
        "update desk.payments set is_reversed = true where payment_id = %s and 0 = ("
        " select kept from desk.payment_balances where payment_balances.payment_id = %s)",
        [receipt.reverses_payment_id, receipt.reverses_payment_id],
    )
    assert receipt.reverses_payment_id is not None
    original = lock_payments(connection, [receipt.reverses_payment_id])
    note_unapplied(connection, actor, original)
    back = Moved("reversal", receipt.received_on, day_source(receipt.source), origin=origin)
    moved = {each.session_id: back for each, _ in taken}
    if moved:
        settle(connection, actor, before, moved)
    return payment
