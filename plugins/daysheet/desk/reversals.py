"""Money taken back: reversals and take-backs as opposite rows, and splits put right."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

import psycopg

from daysheet.desk.actors import Actor
from daysheet.desk.balances import Balance
from daysheet.desk.cases import BY_HAND, Origin
from daysheet.desk.payments import Allocation, Payment


@dataclass(frozen=True)
class TakeBack:
    """Money a payer took back, and the payment it undoes: none if no line of that amount lives."""

    payment: Payment
    undoes: UUID | None
    session_ids: tuple[UUID, ...] = ()


def reverse_payment(
    connection: psycopg.Connection,
    actor: Actor,
    payment_id: UUID,
    *,
    amount: Decimal | None = None,
    received_on: date,
    reason: str,
    idempotency_key: str,
    session_ids: Collection[UUID] = (),
    origin: Origin = BY_HAND,
) -> Payment:
    """Take a payment back, in whole or (``amount`` above zero) in part; returns the negative one.

    A part is taken from what is unapplied first, then from ``session_ids``, or from all its
    sessions by what each got. Sessions it had paid are pending again. A biller may reverse their
    own payment on the day it was entered, a lead any. Raises 409 if nothing is left to reverse.
    """
    raise NotImplementedError


def take_back(
    connection: psycopg.Connection,
    actor: Actor,
    *,
    payer_id: UUID,
    claim_id: UUID | None,
    reference: str | None,
    received_on: date,
    amount: Decimal,
    idempotency_key: str,
    origin: Origin = BY_HAND,
) -> TakeBack:
    """Post a negative remittance line (``amount`` below zero).

    It undoes the live positive line of the same claim and amount; where there is none, the
    negative payment stays unapplied with an ``unmatched_takeback`` item.
    """
    raise NotImplementedError


def correct_split(
    connection: psycopg.Connection,
    actor: Actor,
    payment_id: UUID,
    undone: Collection[UUID],
    allocations: Sequence[Allocation],
) -> dict[UUID, Balance]:
    """Undo live allocations of a payment (their ids) and allocate anew, in one step."""
    raise NotImplementedError
