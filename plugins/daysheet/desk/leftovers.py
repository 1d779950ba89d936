"""Work that money leaves behind: a rest to decide about, a credit to pay back, money for nobody."""

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from uuid import UUID

import psycopg
from psycopg import sql

from daysheet.desk.actors import Actor
from daysheet.desk.balances import Balance
from daysheet.desk.deadlines import REFUND_DUE_ON
from daysheet.desk.receipts import Payment, unapplied
from daysheet.desk.work_items import close_items, open_item

# Money does not reopen what was closed for another reason; a person looks at it.
_CLOSED = ("client_responsibility", "written_off")

_UNAPPLIED_KINDS = ("unmatched_money", "unmatched_takeback")


def is_paid_in_part(balance: Balance) -> bool:
    """Whether the payer paid something and owes the rest."""
    return balance.outstanding > 0 and balance.amount_paid != 0


def is_underpaid(balance: Balance) -> bool:
    """Whether payer and client together are short of the allowed amount by over max(1.00, 2 %)."""
    expected = balance.expected_allowed
    if expected is None:
        return False
    tolerance = max(Decimal(1), expected * Decimal("0.02"))
    received = balance.amount_paid + balance.client_charge + balance.client_transfer
    return expected - received > tolerance


def keep_items(
    connection: psycopg.Connection,
    actor: Actor,
    before: Mapping[UUID, Balance],
    after: Mapping[UUID, Balance],
    *,
    disputed: Collection[UUID],
) -> None:
    """Open, update and close what is to be done about these sessions' money.

    ``disputed`` are those whose rest the payer is asked for again.
    """
    found = _credits_found(connection, after)
    for session_id, balance in after.items():
        subject = {"session_id": session_id}
        kind = "follow_up" if session_id in disputed else "disposition"
        if is_paid_in_part(balance):
            detail = {"underpaid": is_underpaid(balance) or kind == "follow_up"}
            open_item(connection, kind, amount=balance.outstanding, detail=detail, **subject)
        if kind == "follow_up" or not is_paid_in_part(balance):
            close_items(connection, actor, outcome="decided", kinds=["disposition"], **subject)
        if balance.payer_credit > 0:
            due_on = found.get(session_id)
            open_item(connection, "credit", amount=balance.payer_credit, due_on=due_on, **subject)
            if balance.billing_status in _CLOSED:
                why = {"why": "money_after_closing"}
                open_item(connection, "conflict", detail=why, **subject)
        elif before[session_id].payer_credit > 0:
            close_items(connection, actor, outcome="settled", kinds=["credit"], **subject)


def note_unapplied(
    connection: psycopg.Connection, actor: Actor, payments: Mapping[UUID, Payment]
) -> None:
    """Keep the work item of each payer's money that is for no session yet."""
    with_item = {
        payment_id
        for (payment_id,) in connection.execute(
            "select payment_id from desk.work_items"
            " where done_at is null and payment_id = any(%s) and kind = any(%s)",
            [list(payments), list(_UNAPPLIED_KINDS)],
        )
    }
    for payment_id, left in unapplied(connection, payments).items():
        if left != 0 and payments[payment_id].payer_id is not None:
            kind = _UNAPPLIED_KINDS[left < 0]
            open_item(connection, kind, amount=left, payment_id=payment_id)
        elif payment_id in with_item:
            close_items(
                connection, actor, outcome="applied", kinds=_UNAPPLIED_KINDS, payment_id=payment_id
            )


def _credits_found(
    connection: psycopg.Connection, after: Mapping[UUID, Balance]
) -> dict[UUID, date]:
    """The day by which each credit that has no item yet must be paid back."""
    rows = connection.execute(
        sql.SQL("""
        select sessions.session_id, {due_on}
        from desk.sessions
        left join desk.payers on sessions.payer_id = payers.payer_id
        where sessions.session_id = any(%s) and sessions.payer_credit > 0
        and not exists (
            select from desk.work_items
            where kind = 'credit' and done_at is null
            and work_items.session_id = sessions.session_id
        )
        """).format(due_on=REFUND_DUE_ON),
        [list(after)],
    ).fetchall()
    return dict(rows)
