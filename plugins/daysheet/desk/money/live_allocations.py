"""Allocations that still stand, in whole or in part, and how they are undone by opposite rows."""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import args_row

from daysheet.desk.actors import Actor
from daysheet.desk.cases import BY_HAND, Origin
from daysheet.desk.ledger.balances import Balance, lock_sessions
from daysheet.desk.money.payments import Entry, write_entries

# What is left of each allocation when what was undone of it is taken off.
_LIVE = """
    select
        payments.payment_id, payments.received_on, made.allocation_id, made.session_id,
        made.file_id, made.line, made.amount + coalesce(undone.amount, 0) as amount
    from desk.payment_allocations as made
    inner join desk.payments on made.payment_id = payments.payment_id
    left join lateral (
        select sum(amount) as amount from desk.payment_allocations
        where reverses_allocation_id = made.allocation_id
    ) as undone on true
    where made.reverses_allocation_id is null and made.amount + coalesce(undone.amount, 0) != 0
    and {subject}
    order by payments.received_on desc, payments.payment_id, made.file_id, made.line,
        made.created_at, made.allocation_id
"""
_OF_PAYMENT = _LIVE.format(subject="made.payment_id = %s")
_OF_CLAIM = _LIVE.format(
    subject="made.session_id in (select session_id from desk.sessions where claim_id = %s)"
    " and payments.payer_id = %s and payments.amount > 0 and payments.received_on <= %s"
)


class Live(NamedTuple):
    """What is live of one allocation, in dollars."""

    payment_id: UUID
    received_on: date
    allocation_id: UUID
    session_id: UUID
    file_id: int | None
    line: int | None
    amount: Decimal

    @property
    def origin(self) -> tuple[UUID, int | None, int | None]:
        """The payment, and the row of the file that allocated it."""
        return self.payment_id, self.file_id, self.line


def live_of_payment(connection: psycopg.Connection, payment_id: UUID) -> list[Live]:
    """What is live of a payment's allocations."""
    return _live(connection, _OF_PAYMENT, payment_id)


def line_of_claim(
    connection: psycopg.Connection,
    claim_id: UUID | None,
    payer_id: UUID,
    until: date,
    amount: Decimal,
) -> list[Live]:
    """The newest live line by which that payer paid exactly so much on that claim, if there is one.

    A line is what one row of a file, or one person, allocated of one payment. Where none fits, it
    is all that the claim got of one payment.
    """
    live = _live(connection, _OF_CLAIM, claim_id, payer_id, until)
    for depth in (3, 1):
        for _, group in groupby(live, key=lambda each: each.origin[:depth]):
            line = list(group)
            if sum(each.amount for each in line) == amount:
                return line
    return []


def lock_sessions_of(
    connection: psycopg.Connection, payment_id: UUID, others: Collection[UUID] = ()
) -> dict[UUID, Balance]:
    """Lock the sessions a payment was allocated to, and ``others``, and read their balances."""
    rows = connection.execute(
        "select session_id from desk.payment_allocations where payment_id = %s", [payment_id]
    ).fetchall()
    return lock_sessions(connection, {row[0] for row in rows} | set(others))


def lock_sessions_of_claim(
    connection: psycopg.Connection, claim_id: UUID | None
) -> dict[UUID, Balance]:
    """Lock the sessions of a claim and read their balances."""
    rows = connection.execute(
        "select session_id from desk.sessions where claim_id = %s", [claim_id]
    ).fetchall()
    return lock_sessions(connection, {row[0] for row in rows})


def undo_allocations(
    connection: psycopg.Connection,
    actor: Actor,
    payment_id: UUID,
    taken: Sequence[tuple[Live, Decimal]],
    origin: Origin = BY_HAND,
) -> None:
    """Write the opposite of these parts of allocations, as allocations of ``payment_id``."""
    entries = [
        Entry(payment_id, each.session_id, -part, "exact", each.allocation_id, origin)
        for each, part in taken
    ]
    if entries:
        write_entries(connection, actor, entries)


def _live(connection: psycopg.Connection, query: str, *subject: object) -> list[Live]:
    with connection.cursor(row_factory=args_row(Live)) as cursor:
        return cursor.execute(query, subject).fetchall()
