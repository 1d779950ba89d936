"""Take-backs that came before the money they take back: placed when that has come."""

from uuid import UUID

import psycopg

from daysheet.desk.actors import Actor
from daysheet.desk.cases import BY_HAND, Origin
from daysheet.desk.ledger.leftovers import note_unapplied
from daysheet.desk.money.live_allocations import (
    line_of_claim,
    lock_sessions_of_claim,
    undo_allocations,
)
from daysheet.desk.money.settlement import Moved, settle
from daysheet.desk.receipts import lock_payment, unapplied


def place_takeback(
    connection: psycopg.Connection,
    actor: Actor,
    payment_id: UUID,
    claim_id: UUID,
    *,
    origin: Origin = BY_HAND,
) -> bool:
    """Undo the line of that claim and amount with a negative payment that found none when it came.

    Returns whether it is placed now. A take-back a person has dealt with stays as it is.
    """
    with connection.transaction():
        before = lock_sessions_of_claim(connection, claim_id)
        payment = lock_payment(connection, payment_id)
        is_whole = unapplied(connection, [payment_id])[payment_id] == payment.amount
        if payment.payer_id is None or payment.amount >= 0 or not is_whole:
            return False
        line = line_of_claim(
            connection, claim_id, payment.payer_id, payment.received_on, -payment.amount
        )
        if not line:
            return False
        taken = [(each, each.amount) for each in line]
        undo_allocations(connection, actor, payment_id, taken, origin)
        note_unapplied(connection, actor, {payment_id: payment})
        back = Moved("reversal", payment.received_on, "remittance", origin=origin)
        settle(connection, actor, before, {each.session_id: back for each in line})
        return True
