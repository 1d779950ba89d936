"""Payments as they are entered, once each, and the sessions they are allocated to."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.amounts import dollars, positive, share
from daysheet.desk.balances import Balance, lock_sessions
from daysheet.desk.cases import BY_HAND, Origin
from daysheet.desk.refusals import Refused, conflict, no_right, not_possible
from daysheet.desk.settlement import Moved, Remainder, settle
from daysheet.desk.work_items import close_items, open_item

Method = Literal["eft", "check", "card", "cash", "virtual_card", "adjustment"]
PaymentSource = Literal["manual", "payment_report", "payment_export"]


@dataclass(frozen=True)
class Payment:
    """Money received from a payer, or from a client (``payer_id`` None); negative if taken back."""

    payment_id: UUID
    payer_id: UUID | None
    method: Method
    reference: str | None = field(repr=False)
    received_on: date
    amount: Decimal
    source: PaymentSource
    reverses_payment_id: UUID | None
    is_repeat: bool = field(default=False, compare=False)  # the key was known: nothing was done


@dataclass(frozen=True)
class Allocation:
    """What of a payment is for one session, and what is to become of the rest of it.

    ``row_version`` is that of the session as the person saw it. ``remainder`` must be said where
    something stays outstanding, ``keep_credit`` where more is paid than was owed.
    """

    session_id: UUID
    amount: Decimal
    split: Literal["exact", "auto"] = "exact"
    row_version: int | None = None
    remainder: Remainder | None = None
    keep_credit: bool = False


def record_payment(
    connection: psycopg.Connection,
    actor: Actor,
    *,
    payer_id: UUID | None,
    method: Method,
    reference: str | None,
    received_on: date,
    amount: Decimal,
    idempotency_key: str,
    source: PaymentSource = "manual",
    forced_reason: str | None = None,
    allocations: Sequence[Allocation] = (),
    origin: Origin = BY_HAND,
) -> Payment:
    """Save a payment, with its allocations if they are known; what is left gets a work item.

    The same ``idempotency_key`` gives the same answer and does nothing again, allocations
    included. Raises 422 naming the field for what no payment can be, 409 naming the first payment
    for the same payer, reference, day and amount, unless a lead forces it with a reason.
    """
    raise NotImplementedError


def allocate(
    connection: psycopg.Connection,
    actor: Actor,
    payment_id: UUID,
    allocations: Sequence[Allocation],
    *,
    origin: Origin = BY_HAND,
) -> dict[UUID, Balance]:
    """Give parts of a payment to sessions; returns what these owe now.

    Sessions are locked in order, then the payment. Raises 409 with the fresh balance where
    somebody was faster, 422 naming the field where the money does not reach or a decision about
    the rest is missing.
    """
    raise NotImplementedError


def split_over_claim(
    connection: psycopg.Connection, claim_id: UUID, amount: Decimal
) -> list[Allocation]:
    """Share an amount over a claim's sessions by outstanding, to the cent; none if it has none.

    Where nothing is outstanding the charges decide. A person can correct what is marked ``auto``.
    """
    raise NotImplementedError
