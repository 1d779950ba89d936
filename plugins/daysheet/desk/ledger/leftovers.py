"""Work that money leaves behind: a rest to decide about, a credit to pay back, money for nobody."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from uuid import UUID

import psycopg
from psycopg import sql

from daysheet.desk.actors import Actor
from daysheet.desk.deadlines import REFUND_DUE_ON
from daysheet.desk.ledger.balances import Balance
from daysheet.desk.receipts import Payment, unapplied
from daysheet.desk.work.items import Asked, close_each, open_each

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
    due_on = _credits_found(connection, after)
    asked: dict[str, list[Asked]] = defaultdict(list)
    decided, repaid = [], []
    for session_id, balance in after.items():
        subject = {"session_id": session_id}
        is_open, is_disputed = is_paid_in_part(balance), session_id in disputed
        if is_open:
            detail = {"underpaid": is_disputed or is_underpaid(balance)}
            kind = "follow_up" if is_disputed else "disposition"
            asked[kind].append(Asked(subject, detail, amount=balance.outstanding))
        if is_disputed or not is_open:
            decided.append(session_id)
        if balance.payer_credit > 0:
            credit = Asked(subject, None, due_on.get(session_id), balance.payer_credit)
            asked["credit"].append(credit)
        elif before[session_id].payer_credit > 0:
            repaid.append(session_id)
        if balance.billing_status in _CLOSED and (balance.payer_credit or balance.outstanding):
            asked["conflict"].append(Asked(subject, {"why": "money_after_closing"}))
    for kind, items in asked.items():
        open_each(connection, kind, items)
    for kind, keys in (("disposition", decided), ("credit", repaid)):
        close_each(
            connection, actor, outcome="decided", kinds=[kind], subject="session_id", keys=keys
        )


def note_unapplied(
    connection: psycopg.Connection, actor: Actor, payments: Mapping[UUID, Payment]
) -> None:
    """Keep the work item of each payer's money that is for no session yet."""
    left = {
        payment_id: amount
        for payment_id, amount in unapplied(connection, payments).items()
        if amount != 0 and payments[payment_id].payer_id is not None
    }
    for place, kind in enumerate(_UNAPPLIED_KINDS):
        asked = [
            Asked({"payment_id": payment_id}, amount=amount)
            for payment_id, amount in left.items()
            if (amount < 0) == place
        ]
        open_each(connection, kind, asked)
    close_each(
        connection,
        actor,
        outcome="applied",
        kinds=_UNAPPLIED_KINDS,
        subject="payment_id",
        keys=payments.keys() - left.keys(),
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
