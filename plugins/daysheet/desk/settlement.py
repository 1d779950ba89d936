"""What follows for a session when its money has moved: status, stamps, credits and work items."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID

import psycopg

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.adjustments import adjust, undo_adjustment
from daysheet.desk.balances import Balance, balances, lock_sessions
from daysheet.desk.cases import BY_HAND, Details, Origin
from daysheet.desk.lifecycle import Change, change_each
from daysheet.desk.refusals import not_possible
from daysheet.desk.work_items import close_items, open_item, wake

Remainder = Literal["leave_open", "contractual", "to_client", "underpaid"]
REMAINDERS: tuple[Remainder, ...] = ("leave_open", "contractual", "to_client", "underpaid")

# Money can make these paid; it does not reopen what was closed for another reason.
_PAYABLE = (
    "completed", "documented", "ready_to_bill", "submitted", "pending", "approved", "denied",
    "appealing",
)  # fmt: skip
_CLOSED = ("client_responsibility", "written_off")

# Days until a credit must be paid back, counted from the day it was found.
_PUBLIC_PLANS = ("medicare", "medicaid", "tricare")
_PUBLIC_REFUND_DAYS, _REFUND_DAYS = 60, 90

# A posting tells as much as a decision of the payer: the earliest day known is kept.
_STAMP = """
    update desk.sessions set
        needs_disposition = money.needs_disposition,
        keeps_credit = payer_credit > 0,
        first_outcome = case
            when money.is_first and first_outcome is distinct from 'denied'
            then case when outstanding = 0 then 'paid' else 'partial' end
            else first_outcome
        end,
        first_adjudicated_on = case
            when money.is_first then money.received_on else first_adjudicated_on
        end,
        first_outcome_is_estimated = first_outcome_is_estimated and not money.is_first,
        paid_on = case when money.gives_day then money.received_on else paid_on end,
        paid_on_source = case when money.gives_day then money.source else paid_on_source end
    from (
        select
            given.*,
            given.came and given.received_on
            < coalesce(sessions.first_adjudicated_on, 'infinity') as is_first,
            given.came and sessions.billing_status = 'paid' and sessions.paid_on is null
            as gives_day
        from unnest(%s::uuid[], %s::boolean[], %s::boolean[], %s::date[], %s::text[])
        as given (session_id, needs_disposition, came, received_on, source)
        inner join desk.sessions on given.session_id = sessions.session_id
    ) as money
    where sessions.session_id = money.session_id
"""


@dataclass(frozen=True)
class Moved:
    """Money that came for a session, or went again, and what a person decided about the rest."""

    received_on: date
    source: Literal["remittance", "manual"]
    came: bool = True
    remainder: Remainder | None = None
    keep_credit: bool = False
    origin: Origin = BY_HAND


def is_underpaid(balance: Balance) -> bool:
    """Whether payer and client together are short of the allowed amount by over max(1.00, 2 %)."""
    expected = balance.expected_allowed
    if expected is None:
        return False
    tolerance = max(Decimal(1), expected * Decimal("0.02"))
    received = balance.amount_paid + balance.client_charge + balance.client_transfer
    return expected - received > tolerance


def settle(
    connection: psycopg.Connection,
    actor: Actor,
    before: Mapping[UUID, Balance],
    moved: Mapping[UUID, Moved],
) -> dict[UUID, Balance]:
    """Bring these locked sessions in line with their money; returns their balances.

    A person decides about what is left open (``remainder``) and about money beyond what was owed
    (``keep_credit``); for the system the one stays open and the other is kept. Raises a 422 naming
    the field where a decision is missing.
    """
    if not actor.is_system:
        _decide(connection, actor, before, moved)
    after = balances(connection, moved)
    _follow(connection, actor, after, moved)
    _stamp(connection, after, moved)
    days = _days_of_credits_found(connection, after)
    for session_id, balance in after.items():
        _keep_items(connection, actor, before[session_id], balance, moved[session_id], days)
    wake(connection, list(moved))
    return balances(connection, moved)


def dispose(
    connection: psycopg.Connection,
    actor: Actor,
    session_id: UUID,
    remainder: Remainder,
    *,
    row_version: int | None = None,
) -> Balance:
    """Decide about the rest of a session that was paid in part and left open."""
    actor.needs(DeskRole.BILLER, "deciding about a remainder")
    with connection.transaction():
        before = lock_sessions(connection, [session_id])
        before[session_id].expect(row_version)
        row = connection.execute(
            "select payments.received_on from desk.payment_allocations"
            " inner join desk.payments using (payment_id) where session_id = %s"
            " and payments.amount > 0 order by received_on desc limit 1",
            [session_id],
        ).fetchone()
        if row is None:
            raise not_possible("nothing_posted", "no payment was posted on this session")
        decided = Moved(row[0], "manual", remainder=remainder)
        return settle(connection, actor, before, {session_id: decided})[session_id]


def undo(connection: psycopg.Connection, actor: Actor, adjustment_id: UUID, reason: str) -> UUID:
    """Undo an adjustment and reopen what it had settled. Rights as in ``undo_adjustment``."""
    with connection.transaction():
        row = connection.execute(
            "select session_id from desk.adjustments where adjustment_id = %s", [adjustment_id]
        ).fetchone()
        subject = [row[0]] if row and row[0] else []
        before = lock_sessions(connection, subject)
        undone = undo_adjustment(connection, actor, adjustment_id, reason)
        today = connection.execute("select desk.today()").fetchone()
        assert today is not None
        gone = {each: Moved(today[0], "manual", came=False) for each in subject}
        settle(connection, actor, before, gone)
        return undone


def _decide(
    connection: psycopg.Connection,
    actor: Actor,
    before: Mapping[UUID, Balance],
    moved: Mapping[UUID, Moved],
) -> None:
    """Carry out what a person chose; refuse what they did not choose."""
    for session_id, balance in balances(connection, moved).items():
        change = moved[session_id]
        if not change.came:
            continue
        if balance.payer_credit > before[session_id].payer_credit and not change.keep_credit:
            raise not_possible(
                "overpaid",
                f"{balance.payer_credit} more than is owed: allocate less, or keep it as credit",
                field="keep_credit",
            )
        if balance.outstanding == 0:
            continue
        if change.remainder not in REMAINDERS:
            raise not_possible(
                "remainder_undecided",
                f"{balance.outstanding} is left: say what becomes of it",
                field="remainder",
            )
        if change.remainder in ("contractual", "to_client"):
            adjust(
                connection,
                actor,
                session_id,
                change.remainder,
                balance.outstanding,
                reason="the rest after a payment",
                origin=change.origin,
            )


def _follow(
    connection: psycopg.Connection,
    actor: Actor,
    after: Mapping[UUID, Balance],
    moved: Mapping[UUID, Moved],
) -> None:
    """Change the statuses to what the money says, where it says something."""
    changes = []
    for session_id, balance in after.items():
        to, change = _status_of(actor, balance), moved[session_id]
        if to is None:
            continue
        details = Details(
            on=change.received_on if change.came else None,
            reason="paid in part" if change.came else "money taken back",
            via="posting" if change.came else "reversal",
        )
        changes.append(Change(session_id, to, details, change.origin))
    for result in change_each(connection, actor, changes):
        if result.refusal is None:
            continue
        if not actor.is_system:
            raise result.refusal
        why = {"why": result.refusal.code}
        open_item(connection, "conflict", session_id=result.session_id, detail=why)


def _status_of(actor: Actor, balance: Balance) -> str | None:
    status = balance.billing_status
    if balance.outstanding == 0 and balance.amount_paid > 0:
        return "paid" if status in _PAYABLE else None
    if status == "paid" and balance.outstanding > 0:
        return "pending"
    # Taking an approval back is a person's word; a remittance leaves it standing.
    reopened = ("submitted",) if actor.is_system else ("submitted", "approved")
    if status in reopened and balance.amount_paid > 0:
        return "pending"
    return None


def _stamp(
    connection: psycopg.Connection,
    after: Mapping[UUID, Balance],
    moved: Mapping[UUID, Moved],
) -> None:
    changes = [moved[session_id] for session_id in after]
    connection.execute(
        _STAMP,
        [
            list(after),
            [
                _is_open(balance) and change.remainder != "underpaid"
                for balance, change in zip(after.values(), changes, strict=True)
            ],
            [change.came for change in changes],
            [change.received_on for change in changes],
            [change.source for change in changes],
        ],
    )


def _is_open(balance: Balance) -> bool:
    """Whether it was paid in part."""
    return balance.outstanding > 0 and balance.amount_paid != 0


def _keep_items(
    connection: psycopg.Connection,
    actor: Actor,
    before: Balance,
    balance: Balance,
    change: Moved,
    due_days: Mapping[UUID, date],
) -> None:
    subject = {"session_id": balance.session_id}
    if _is_open(balance):
        detail = {"underpaid": True} if is_underpaid(balance) else None
        disputed = change.remainder == "underpaid"
        kind = "follow_up" if disputed else "disposition"
        if disputed:
            detail = {"why": "underpaid"}
            close_items(connection, actor, outcome="underpaid", kinds=["disposition"], **subject)
        open_item(connection, kind, amount=balance.outstanding, detail=detail, **subject)
    else:
        close_items(connection, actor, outcome="settled", kinds=["disposition"], **subject)
    if balance.payer_credit > 0:
        due_on = due_days.get(balance.session_id)
        open_item(connection, "credit", amount=balance.payer_credit, due_on=due_on, **subject)
    elif before.payer_credit > 0:
        close_items(connection, actor, outcome="settled", kinds=["credit"], **subject)
    if balance.billing_status in _CLOSED and change.came:
        open_item(connection, "conflict", detail={"why": "money_after_closing"}, **subject)


def _days_of_credits_found(
    connection: psycopg.Connection, after: Mapping[UUID, Balance]
) -> dict[UUID, date]:
    """When each credit without an open item must be paid back."""
    with_credit = [key for key, balance in after.items() if balance.payer_credit > 0]
    rows = connection.execute(
        "select session_id, desk.today() from unnest(%s::uuid[]) as found (session_id)"
        " where not exists (select from desk.work_items where kind = 'credit'"
        " and done_at is null and work_items.session_id = found.session_id)",
        [with_credit],
    ).fetchall()
    return {
        session_id: today
        + timedelta(
            _PUBLIC_REFUND_DAYS if after[session_id].plan_class in _PUBLIC_PLANS else _REFUND_DAYS
        )
        for session_id, today in rows
    }
