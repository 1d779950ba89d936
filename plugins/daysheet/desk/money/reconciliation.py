"""Where the ledger, the files and the bank do not agree: the ways to clear a line."""

from datetime import date
from decimal import Decimal
from typing import Literal, get_args
from uuid import UUID

import psycopg

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.ledger.balances import lock_sessions
from daysheet.desk.money.payments import Allocation, Posting, post
from daysheet.desk.money.settlement import Remainder
from daysheet.desk.receipts import Payment, Receipt, by_key, in_time, save
from daysheet.desk.refusals import conflict, not_possible

List = Literal[
    "unapplied", "claim_without_session", "ledger_against_export", "control_total", "credit",
    "paid_not_posted",
]  # fmt: skip


def clear(
    connection: psycopg.Connection,
    actor: Actor,
    name: List,
    subject: str,
    *,
    amount: Decimal,
    reason: str,
) -> None:
    """Say that a line of that amount is in order, and why."""
    actor.needs(DeskRole.BILLER, "clearing a difference")
    if name not in get_args(List):
        raise not_possible("unknown_list", "there is no such list", field="name")
    if not reason.strip():
        raise not_possible("reason_missing", "say why", field="reason")
    connection.execute(
        "insert into desk.reconciliation_clearances (difference, subject, amount, reason, by_user)"
        " values (%s, %s, %s, %s, %s)",
        [name, subject, amount, reason.strip(), actor.user_id],
    )


def post_difference(
    connection: psycopg.Connection,
    actor: Actor,
    session_id: UUID,
    *,
    received_on: date,
    reason: str,
    idempotency_key: str,
    remainder: Remainder = "leave_open",
    row_version: int | None = None,
) -> Payment:
    """Make the ledger say of a session what the export says: an ``adjustment`` payment.

    It is dated by the user, negative where the export says less, and its line counts as cleared.
    Raises a 409 if nothing differs any more, or the key is that of another payment.
    """
    actor.needs(DeskRole.BILLER, "posting a difference")
    in_time(connection, received_on)
    with connection.transaction():
        before = lock_sessions(connection, [session_id])
        known = by_key(connection, idempotency_key)
        if known is not None:
            _expect_same(connection, known, session_id, received_on)
            return known
        before[session_id].expect(row_version)
        row = connection.execute(
            "select ins_paid_reported - ins_paid_posted from desk.sessions where session_id = %s"
            " and abs(ins_paid_reported - ins_paid_posted) > 0.01",
            [session_id],
        ).fetchone()
        if row is None:
            raise conflict("nothing differs: look again", "no_difference")
        payer_id = before[session_id].payer_id
        if payer_id is None:
            raise not_possible("missing_payer", "the session has no payer", field="session_id")
        clear(connection, actor, "ledger_against_export", str(session_id), amount=-row[0],
              reason=reason)  # fmt: skip
        receipt = Receipt(payer_id, "adjustment", None, received_on, row[0], idempotency_key)
        payment = save(connection, actor, receipt)
        whole = Allocation(session_id, row[0], remainder=remainder, keep_credit=True)
        post(connection, actor, [(payment, Posting(payment.payment_id, [whole]))], before)
        return payment


def _expect_same(
    connection: psycopg.Connection, known: Payment, session_id: UUID, received_on: date
) -> None:
    """Raise a 409 unless the payment is a difference posted to that session on that day."""
    found = connection.execute(
        "select from desk.payment_allocations where payment_id = %s and session_id = %s limit 1",
        [known.payment_id, session_id],
    ).fetchone()
    if found is None or known.method != "adjustment" or known.received_on != received_on:
        raise conflict(
            f"the key was used for another payment: {known.payment_id}",
            "key_used_before",
            first=known.payment_id,
        )
