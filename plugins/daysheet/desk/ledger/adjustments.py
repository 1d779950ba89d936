"""Amounts taken off what a payer owes or moved to the client: who may, how much, and undone how.

The status of the session is left to the caller: :mod:`daysheet.desk.lifecycle.changes` where the
status is what was asked for, :mod:`daysheet.desk.money.settlement` where it follows from the money.
"""

from decimal import Decimal
from typing import Literal
from uuid import UUID

import psycopg

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.amounts import positive
from daysheet.desk.cases import BY_HAND, Origin
from daysheet.desk.ledger.balances import Balance, lock_sessions
from daysheet.desk.ledger.leftovers import note_unapplied
from daysheet.desk.receipts import lock_payments, unapplied
from daysheet.desk.refusals import Refused, conflict, no_right, not_possible

SessionKind = Literal["contractual", "write_off", "to_client", "from_client"]
PaymentKind = Literal["interest", "takeback"]

_ADJUST = """
    insert into desk.adjustments (
        session_id, payment_id, kind, amount, reason, reverses_adjustment_id, by_user, source,
        file_id, line
    )
    values (
        %(session_id)s, %(payment_id)s, %(kind)s, %(amount)s, %(reason)s, %(reverses)s, %(by)s,
        %(source)s, %(file_id)s, %(line)s
    )
    returning adjustment_id
"""
# Where something is written off here the export's own write-off counts no more: it is taken over.
_TAKE_OVER = """
    insert into desk.adjustments (session_id, kind, amount, reason, by_user, source)
    select session_id, 'contractual', write_off_reported, 'written off by the export', %s, %s
    from desk.sessions
    where session_id = %s and write_off_posted is null and write_off_reported > 0
"""


def adjust(
    connection: psycopg.Connection,
    actor: Actor,
    session_id: UUID,
    kind: SessionKind,
    amount: Decimal,
    *,
    reason: str,
    origin: Origin = BY_HAND,
    row_version: int | None = None,
) -> UUID:
    """Take ``amount`` dollars off a session's outstanding, or (``from_client``) put them back.

    A write-off needs a lead; so does a contractual one before the payer has paid anything, and
    billing the client what the payer denied with group code CO. More written off than
    ``writeoff_limit`` on one session needs an admin. Raises 403 for these, 422 for an amount
    beyond what is there to move, for a write-off while an appeal is undecided or of a visit that
    did not take place, 409 for a stale ``row_version``.
    """
    amount, reason = positive(amount), _reason(reason)
    with connection.transaction():
        balance = lock_sessions(connection, [session_id])[session_id]
        balance.expect(row_version)
        movable = balance.client_transfer if kind == "from_client" else balance.outstanding
        if amount > movable:
            raise not_possible(
                "beyond_balance", f"{movable} is all there is to move", field="amount"
            )
        if not actor.is_system:
            _needs_right(connection, actor, balance, kind, amount)
        if kind in ("contractual", "write_off"):
            _check_writable_off(connection, balance, kind)
            connection.execute(_TAKE_OVER, [actor.user_id, actor.source, session_id])
        return _insert(
            connection, actor, kind, amount, reason, session_id=session_id, origin=origin
        )


def adjust_payment(
    connection: psycopg.Connection,
    actor: Actor,
    payment_id: UUID,
    kind: PaymentKind,
    amount: Decimal,
    *,
    reason: str,
    expected: Decimal | None = None,
) -> UUID:
    """Set a part of a payment aside that is for no session: interest, or the payer's own take-back.

    ``amount`` is above zero; of a negative payment that much is set aside as negative. Raises 422
    beyond what is unapplied, 409 if that is no longer what the caller ``expected``.
    """
    actor.needs(DeskRole.BILLER, "setting money aside")
    amount, reason = positive(amount), _reason(reason)
    with connection.transaction():
        payments = lock_payments(connection, [payment_id])
        left = unapplied(connection, payments).get(payment_id, Decimal(0))
        if expected is not None and left != expected:
            raise conflict(f"the payment was changed meanwhile: {left} is unapplied now")
        if amount > abs(left):
            raise not_possible("beyond_payment", f"{left} is unapplied", field="amount")
        adjustment_id = _insert(
            connection, actor, kind, amount.copy_sign(left), reason, payment_id=payment_id
        )
        note_unapplied(connection, actor, payments)
        return adjustment_id


def undo_adjustment(
    connection: psycopg.Connection,
    actor: Actor,
    adjustment_id: UUID,
    reason: str,
    *,
    origin: Origin = BY_HAND,
) -> UUID:
    """Write the opposite row, once: 409 the second time.

    A biller undoes what they moved themselves, a lead anything. What the client was charged is
    undone as long as it is there: 422 once a part of it was moved back.
    """
    reason = _reason(reason)
    with connection.transaction():
        found = connection.execute(
            "select session_id, payment_id, kind, amount, by_user, reverses_adjustment_id"
            " from desk.adjustments where adjustment_id = %s",
            [adjustment_id],
        ).fetchone()
        if found is None:
            raise Refused(404, "unknown_adjustment", "there is no such adjustment")
        session_id, payment_id, kind, amount, by_user, reverses = found
        if not actor.is_system:
            own = by_user == actor.user_id and kind != "write_off"
            actor.needs(DeskRole.BILLER if own else DeskRole.LEAD, "undoing an adjustment")
        if reverses is not None:
            raise not_possible("is_an_undoing", "an undoing is not undone: adjust again")
        owed = lock_sessions(connection, {session_id} - {None})
        payments = lock_payments(connection, {payment_id} - {None})
        if connection.execute(
            "select 1 from desk.adjustments where reverses_adjustment_id = %s", [adjustment_id]
        ).fetchone():
            raise conflict("the adjustment was undone already", "already_undone")
        if kind == "to_client" and amount > owed[session_id].client_transfer:
            problem = f"{owed[session_id].client_transfer} is all that is still with the client"
            raise not_possible("beyond_balance", problem, field="amount")
        undoing = _insert(
            connection,
            actor,
            kind,
            -amount,
            reason,
            session_id=session_id,
            payment_id=payment_id,
            reverses=adjustment_id,
            origin=origin,
        )
        note_unapplied(connection, actor, payments)
        return undoing


def release(connection: psycopg.Connection, actor: Actor, payment_id: UUID, reason: str) -> None:
    """Undo whatever was set aside of a locked payment that is taken back as a whole."""
    connection.execute(
        """
        insert into desk.adjustments (
            payment_id, kind, amount, reason, reverses_adjustment_id, by_user, source
        )
        select payment_id, kind, -amount, %s, adjustment_id, %s, %s
        from desk.adjustments
        where payment_id = %s and reverses_adjustment_id is null and not exists (
            select from desk.adjustments as undoing
            where undoing.reverses_adjustment_id = adjustments.adjustment_id
        )
        """,
        [reason, actor.user_id, actor.source, payment_id],
    )


def _insert(
    connection: psycopg.Connection,
    actor: Actor,
    kind: str,
    amount: Decimal,
    reason: str,
    *,
    session_id: UUID | None = None,
    payment_id: UUID | None = None,
    reverses: UUID | None = None,
    origin: Origin = BY_HAND,
) -> UUID:
    row = connection.execute(
        _ADJUST,
        {
            "session_id": session_id,
            "payment_id": payment_id,
            "kind": kind,
            "amount": amount,
            "reason": reason,
            "reverses": reverses,
            "by": actor.user_id,
            "source": actor.source,
            "file_id": origin.file_id,
            "line": origin.line,
        },
    ).fetchone()
    assert row is not None
    return row[0]


def _needs_right(
    connection: psycopg.Connection, actor: Actor, balance: Balance, kind: str, amount: Decimal
) -> None:
    if kind in ("to_client", "from_client"):
        actor.needs(DeskRole.BILLER, "moving money to or from the client")
        if (
            kind == "to_client"
            and connection.execute(
                "select 1 from desk.denials"
                " where session_id = %s and group_code = 'CO' and resolved_on is null",
                [balance.session_id],
            ).fetchone()
        ):
            actor.needs(DeskRole.LEAD, "billing the client what a contract may bar")
        return
    by_contract = kind == "contractual" and balance.amount_paid > 0
    actor.needs(DeskRole.BILLER if by_contract else DeskRole.LEAD, "writing off")
    written_off, limit = connection.execute(
        "select coalesce(write_off_posted, 0) + %s, (select value::numeric"
        " from desk.practice_setting where name = 'writeoff_limit')"
        " from desk.sessions where session_id = %s",
        [amount, balance.session_id],
    ).fetchone() or (amount, Decimal(0))
    if written_off > limit and not actor.may(DeskRole.ADMIN):
        raise no_right(f"writing off more than {limit} on one session needs the role admin")


def _check_writable_off(connection: psycopg.Connection, balance: Balance, kind: str) -> None:
    if balance.billing_status in ("scheduled", "voided"):
        raise not_possible("nothing_owed", f"the session is {balance.billing_status}")
    if (
        kind == "write_off"
        and connection.execute(
            "select 1 from desk.denials inner join desk.appeals using (denial_id)"
            " where session_id = %s and resolved_on is null and decided_on is null",
            [balance.session_id],
        ).fetchone()
    ):
        raise not_possible("appeal_open", "an appeal is undecided")


def _reason(reason: str) -> str:
    if not reason.strip():
        raise not_possible("reason_missing", "say why", field="reason")
    return reason.strip()
