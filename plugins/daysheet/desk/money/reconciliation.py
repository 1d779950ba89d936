"""Where the ledger, the files and the bank do not agree: lists, and the ways to clear a line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, get_args
from uuid import UUID

import psycopg
from psycopg.rows import class_row

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
Action = Literal["allocate", "find_session", "post_difference", "look_up", "refund", "post"]

# Each gives: subject, payer_id, since, ours, theirs, amount.
_UNAPPLIED = """
    select
        payment_id::text as subject, payer_id, received_on as since, allocated + set_aside as ours,
        kept as theirs, unapplied as amount
    from desk.payment_balances
    where unapplied != 0 and payer_id is not null
"""
_CLAIM_WITHOUT_SESSION = """
    select
        claims.claim_id::text as subject, claims.payer_id, min(payments.received_on) as since,
        0 as ours, sum(lines.amount) as theirs, sum(lines.amount) as amount
    from desk.remittance_lines as lines
    inner join desk.claims on lines.claim_id = claims.claim_id
    inner join desk.payments on lines.payment_id = payments.payment_id
    where not lines.is_applied and lines.amount != 0 and not payments.is_reversed
    and not exists (select from desk.sessions where sessions.claim_id = claims.claim_id)
    group by claims.claim_id
"""
_LEDGER_AGAINST_EXPORT = """
    select
        session_id::text as subject, payer_id, source_as_of as since, ins_paid_posted as ours,
        ins_paid_reported as theirs, ins_paid_posted - ins_paid_reported as amount
    from desk.sessions
    where abs(ins_paid_posted - ins_paid_reported) > 0.01
"""
_CREDIT = """
    select
        sessions.session_id::text as subject, sessions.payer_id, credits.due_on as since,
        sessions.ins_charge as ours, sessions.ins_charge + sessions.payer_credit as theirs,
        sessions.payer_credit as amount
    from desk.sessions
    left join desk.work_items as credits
        on sessions.session_id = credits.session_id
        and credits.kind = 'credit' and credits.done_at is null
    where sessions.payer_credit > 0
"""
_PAID_NOT_POSTED = """
    select
        sessions.session_id::text as subject, sessions.payer_id, claims.source_status_on as since,
        sessions.amount_paid as ours, sessions.ins_charge as theirs,
        sessions.outstanding as amount
    from desk.claims
    inner join desk.sessions on claims.claim_id = sessions.claim_id
    where lower(claims.source_status) = 'paid' and sessions.in_ar
    and claims.source_status_on <= desk.today() - 5
    and not exists (
        select from desk.payment_allocations
        where payment_allocations.session_id = sessions.session_id
    )
"""
# A control total is of one reference and day; remittances are what a payment report brought.
_CONTROL_TOTAL = """
    select
        coalesce(control.reference, '') || '|' || control.received_on as subject,
        null::uuid as payer_id, control.received_on as since,
        coalesce(sum(payments.amount), 0) as ours, control.amount as theirs,
        coalesce(sum(payments.amount), 0) - control.amount as amount
    from unnest(%(references)s::text[], %(days)s::date[], %(amounts)s::numeric[])
    as control (reference, received_on, amount)
    left join desk.payments
        on payments.source = 'payment_report' and control.received_on = payments.received_on
        and payments.reference_norm = desk.plain_reference(control.reference)
    group by control.reference, control.received_on, control.amount
    having coalesce(sum(payments.amount), 0) != control.amount
"""

_LISTS: dict[str, tuple[str, Action]] = {
    "unapplied": (_UNAPPLIED, "allocate"),
    "claim_without_session": (_CLAIM_WITHOUT_SESSION, "find_session"),
    "ledger_against_export": (_LEDGER_AGAINST_EXPORT, "post_difference"),
    "control_total": (_CONTROL_TOTAL, "look_up"),
    "credit": (_CREDIT, "refund"),
    "paid_not_posted": (_PAID_NOT_POSTED, "post"),
}
_WITH_CLEARANCE = """
    select lines.*, cleared.by_user as cleared_by, cleared.at as cleared_at
    from ({lines}) as lines
    left join lateral (
        select by_user, at from desk.reconciliation_clearances
        where difference = %(name)s and subject = lines.subject and amount = lines.amount
        order by at desc limit 1
    ) as cleared on true
    order by cleared.at is not null, lines.since, lines.subject
"""


@dataclass(frozen=True)
class Difference:
    """One line: what we have, what they say, in dollars. ``since`` of a credit is its due day."""

    subject: str
    payer_id: UUID | None
    since: date | None
    ours: Decimal
    theirs: Decimal
    amount: Decimal
    cleared_by: str | None
    cleared_at: datetime | None


@dataclass(frozen=True)
class ControlTotal:
    """What a payment export says was received under one reference on one day."""

    reference: str | None
    received_on: date
    amount: Decimal


def differences(
    connection: psycopg.Connection, name: List, control: Sequence[ControlTotal] = ()
) -> list[Difference]:
    """The lines of one list, open ones first, oldest first; ``control`` is for control totals.

    A line that was cleared says by whom, as long as its amount stays what it was.
    """
    query = _WITH_CLEARANCE.format(lines=_LISTS[name][0])
    with connection.cursor(row_factory=class_row(Difference)) as cursor:
        return cursor.execute(
            query,
            {
                "name": name,
                "references": [each.reference for each in control],
                "days": [each.received_on for each in control],
                "amounts": [each.amount for each in control],
            },
        ).fetchall()


def action_of(name: List) -> Action:
    """The one thing to do about a line of that list."""
    return _LISTS[name][1]


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
