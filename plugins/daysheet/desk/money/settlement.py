"""What follows for a session when its money has moved: decisions about the rest, status, stamps."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, get_args
from uuid import UUID

import psycopg

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.cases import BY_HAND, Details, Origin
from daysheet.desk.ledger.adjustments import SessionKind, adjust, undo_adjustment
from daysheet.desk.ledger.balances import Balance, balances, lock_sessions
from daysheet.desk.ledger.leftovers import is_paid_in_part, keep_items
from daysheet.desk.lifecycle.changes import Change, change_each, change_status
from daysheet.desk.refusals import Refused, not_possible
from daysheet.desk.work.items import open_item, wake

Remainder = Literal["leave_open", "contractual", "to_client", "underpaid"]

# Money can make these paid; it does not reopen what was closed for another reason.
_PAYABLE = (
    "completed", "documented", "ready_to_bill", "submitted", "pending", "approved", "denied",
    "appealing",
)  # fmt: skip
# What becomes of a session by an adjustment alone.
_ENDINGS = {
    "contractual": "written_off",
    "write_off": "written_off",
    "to_client": "client_responsibility",
}
_REASONS = {
    "posting": "paid in part",
    "reversal": "money taken back",
    "decision": "the rest was decided about",
}

# A posting is the payer's word as much as a decision is: of its words the earliest known counts.
_STAMP = """
    update desk.sessions set
        needs_disposition = money.needs_disposition,
        keeps_credit = payer_credit > 0,
        first_outcome = case
            when not money.is_first then first_outcome
            when outstanding = 0 then 'paid'
            else 'partial'
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
            given.came and (given.received_on, false) < (
                coalesce(sessions.first_adjudicated_on, 'infinity'),
                sessions.first_outcome_is_estimated
            ) as is_first,
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
    """Why a session's money is another, and what a person decided about what is left or over."""

    because: Literal["posting", "reversal", "decision"]
    received_on: date | None = None
    source: Literal["remittance", "manual"] = "manual"
    remainder: Remainder | None = None
    keep_credit: bool = False
    origin: Origin = BY_HAND


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
    disputed = {key for key, change in moved.items() if change.remainder == "underpaid"}
    keep_items(connection, actor, before, after, disputed=disputed)
    wake(connection, moved)
    return balances(connection, moved)


def dispose(
    connection: psycopg.Connection,
    actor: Actor,
    session_id: UUID,
    remainder: Remainder,
    *,
    row_version: int | None = None,
) -> Balance:
    """Decide about the rest of a session that was paid in part, here or by an export's word."""
    actor.needs(DeskRole.BILLER, "deciding about a remainder")
    with connection.transaction():
        before = lock_sessions(connection, [session_id])
        before[session_id].expect(row_version)
        if not is_paid_in_part(before[session_id]):
            raise not_possible("nothing_left", "nothing is left open after a payment")
        decided = {session_id: Moved("decision", remainder=remainder)}
        return settle(connection, actor, before, decided)[session_id]


def move(
    connection: psycopg.Connection,
    actor: Actor,
    session_id: UUID,
    kind: SessionKind,
    amount: Decimal,
    *,
    reason: str,
    row_version: int | None = None,
) -> Balance:
    """Write off or move a part of what a session owes, and what follows. Rights as in ``adjust``.

    Where nothing was paid and nothing stays outstanding, the session ends as written off, or as
    the client's.
    """
    with connection.transaction():
        before = lock_sessions(connection, [session_id])
        adjust(connection, actor, session_id, kind, amount, reason=reason, row_version=row_version)
        now = balances(connection, before)[session_id]
        if now.outstanding == 0 and now.amount_paid == 0 and kind in _ENDINGS:
            details = Details(reason=reason)
            change_status(connection, actor, session_id, _ENDINGS[kind], details=details)
            keep_items(connection, actor, before, {session_id: now}, disputed=())
            return balances(connection, before)[session_id]
        because = "reversal" if kind == "from_client" else "decision"
        moved = {session_id: Moved(because, remainder="leave_open")}
        return settle(connection, actor, before, moved)[session_id]


def undo(
    connection: psycopg.Connection,
    actor: Actor,
    adjustment_id: UUID,
    reason: str,
    *,
    of_sessions: Collection[UUID] | None = None,
) -> UUID:
    """Undo an adjustment and reopen what it had settled. Rights as in ``undo_adjustment``.

    With ``of_sessions`` one of another session, or of a payment, is unknown: 404.
    """
    with connection.transaction():
        rows = connection.execute(
            "select session_id from desk.adjustments"
            " where adjustment_id = %s and session_id is not null",
            [adjustment_id],
        ).fetchall()
        moved = {session_id: Moved("reversal") for (session_id,) in rows}
        if of_sessions is not None and not moved.keys() & set(of_sessions):
            raise Refused(404, "unknown_adjustment", "there is no such adjustment")
        before = lock_sessions(connection, moved)
        undone = undo_adjustment(connection, actor, adjustment_id, reason)
        settle(connection, actor, before, moved)
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
        if change.because == "reversal":
            continue
        if balance.payer_credit > before[session_id].payer_credit and not change.keep_credit:
            raise not_possible(
                "overpaid",
                f"{balance.payer_credit} more than is owed: allocate less, or keep it as credit",
                field="keep_credit",
            )
        if balance.outstanding == 0:
            continue
        if change.remainder not in get_args(Remainder):
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
        via = "reversal" if balance.billing_status == "paid" else "posting"
        details = Details(reason=_REASONS[change.because], via=via)
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
    if balance.outstanding == 0:
        return "paid" if balance.amount_paid > 0 and status in _PAYABLE else None
    if status == "paid":
        return "pending"
    # Taking an approval back is a person's word; a remittance leaves it standing.
    waiting = ("submitted",) if actor.is_system else ("submitted", "approved")
    return "pending" if status in waiting and is_paid_in_part(balance) else None


def _stamp(
    connection: psycopg.Connection,
    after: Mapping[UUID, Balance],
    moved: Mapping[UUID, Moved],
) -> None:
    changes = [moved[session_id] for session_id in after]
    to_decide = [
        is_paid_in_part(balance) and moved[session_id].remainder != "underpaid"
        for session_id, balance in after.items()
    ]
    connection.execute(
        _STAMP,
        [
            list(after),
            to_decide,
            [change.because == "posting" for change in changes],
            [change.received_on for change in changes],
            [change.source for change in changes],
        ],
    )
