"""Payments of an invented payer, with everything filled in that a test does not care about."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from daysheet.desk.actors import Actor
from daysheet.desk.money.payments import Allocation, Payment, record_payment
from daysheet.desk.money.reversals import reverse_payment
from daysheet.desk.refusals import Refused
from tests.desk.stages import BILLER, LEAD, TODAY

YESTERDAY = TODAY - timedelta(days=1)


def enter(
    db: psycopg.Connection,
    payer_id: UUID | None,
    amount: str,
    *allocations: Allocation,
    actor: Actor = BILLER,
    **given: Any,
) -> Payment:
    """A check of yesterday, with a number and a key of its own."""
    unique = uuid4().hex
    filled = {
        "method": "check",
        "reference": f"CHK {unique}",
        "received_on": YESTERDAY,
        "idempotency_key": unique,
    }
    return record_payment(
        db,
        actor,
        payer_id=payer_id,
        amount=Decimal(amount),
        allocations=allocations,
        **filled | given,
    )


def part(session_id: UUID, amount: str, **given: Any) -> Allocation:
    return Allocation(session_id, Decimal(amount), **given)


def reverse(
    db: psycopg.Connection,
    payment: Payment,
    amount: str | None = None,
    actor: Actor = LEAD,
    **given: Any,
) -> Payment:
    filled = {"received_on": TODAY, "reason": "bounced", "idempotency_key": uuid4().hex}
    return reverse_payment(
        db,
        actor,
        payment.payment_id,
        amount=Decimal(amount) if amount else None,
        **filled | given,
    )


@contextmanager
def refused(
    status: int, code: str | None = None, field: str | None = None
) -> Iterator[pytest.ExceptionInfo[Refused]]:
    """Expect a refusal with that status, code and field."""
    with pytest.raises(Refused) as refusal:
        yield refusal
    assert refusal.value.status == status
    assert code in (None, refusal.value.code)
    assert field in (None, refusal.value.field)


def counted(db: psycopg.Connection, table: str) -> int:
    row = db.execute(f"select count(*) from desk.{table}").fetchone()
    assert row
    return row[0]


def open_items(db: psycopg.Connection, **subject: UUID) -> dict[str, tuple[Decimal, Any]]:
    """Amount and deadline of each open item of a session or payment, by kind."""
    ((column, key),) = subject.items()
    rows = db.execute(
        f"select kind, amount, due_on from desk.work_items where {column} = %s and done_at is null",
        [key],
    )
    return {kind: (amount, due_on) for kind, amount, due_on in rows}
