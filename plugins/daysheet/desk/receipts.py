"""One row of ``desk.payments``: what it may be, and saving it once however often it is sent."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, get_args
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.amounts import dollars, positive
from daysheet.desk.refusals import Refused, conflict, no_right, not_possible, shown

Method = Literal["eft", "check", "card", "cash", "virtual_card", "adjustment"]
PaymentSource = Literal["manual", "payment_report", "payment_export"]

FIRST_DAY = date(2015, 1, 1)  # no record is older
_LONGEST_TEXT = 200
_NEEDS_NO_REFERENCE = ("cash", "adjustment")

_COLUMNS = (
    "payment_id, payer_id, method, reference, received_on, amount, source, is_reversed,"
    " reverses_payment_id"
)
_SAVE = f"""
    insert into desk.payments (
        payer_id, method, reference, received_on, amount, source, idempotency_key, forced_reason,
        reverses_payment_id, reversal_reason, by_user
    )
    values (
        %(payer_id)s, %(method)s, %(reference)s, %(received_on)s, %(amount)s, %(source)s,
        %(idempotency_key)s, %(forced_reason)s, %(reverses_payment_id)s, %(reversal_reason)s,
        %(by_user)s
    )
    on conflict do nothing
    returning {_COLUMNS}
"""  # noqa: S608  our own columns
_SAME = """
    select payment_id from desk.payments
    where payer_id = %(payer_id)s and received_on = %(received_on)s and amount = %(amount)s
    and reference_norm = desk.plain_reference(%(reference)s)
    and not is_reversed and reverses_payment_id is null
    order by created_at limit 1
"""


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
    is_reversed: bool
    reverses_payment_id: UUID | None
    is_repeat: bool = field(default=False, compare=False)  # the key was known: nothing was done


@dataclass(frozen=True)
class Receipt:
    """A payment as it is asked for."""

    payer_id: UUID | None
    method: Method
    reference: str | None = field(repr=False)
    received_on: date
    amount: Decimal
    idempotency_key: str
    source: PaymentSource = "manual"
    forced_reason: str | None = None
    reverses_payment_id: UUID | None = None
    reversal_reason: str | None = None

    def is_told_by(self, payment: Payment) -> bool:
        """Whether the saved payment is what is asked for."""
        names = (
            "payer_id", "method", "reference", "received_on", "amount", "source",
            "reverses_payment_id",
        )  # fmt: skip
        return all(getattr(self, name) == getattr(payment, name) for name in names)


def checked(connection: psycopg.Connection, actor: Actor, receipt: Receipt) -> None:
    """Raise a 422 naming the field, or a 403, for what cannot be saved as a payment."""
    if actor.is_system and receipt.source == "manual":
        raise no_right("the system posts what files report, nothing else")
    if not actor.is_system:
        actor.needs(DeskRole.BILLER, "posting payments")
        if receipt.forced_reason is not None:
            actor.needs(DeskRole.LEAD, "forcing a second payment")
    if receipt.forced_reason is not None and not receipt.forced_reason.strip():
        raise not_possible("reason_missing", "say why", field="forced_reason")
    if receipt.method not in get_args(Method):
        raise not_possible("unknown_method", "no such method", field="method")
    if receipt.source == "manual":
        positive(receipt.amount)
        if receipt.reference is None and receipt.method not in _NEEDS_NO_REFERENCE:
            raise not_possible("missing_reference", "enter the reference", field="reference")
    elif dollars(receipt.amount) == 0 and receipt.source != "payment_report":
        raise not_possible("not_positive", "the amount must not be 0.00", field="amount")
    fits_text(receipt.reference, "reference")
    fits_text(receipt.idempotency_key, "idempotency_key")
    if not receipt.idempotency_key:
        raise not_possible("missing_key", "a payment needs a key", field="idempotency_key")
    in_time(connection, receipt.received_on)
    _known_payer(connection, receipt.payer_id)


def in_time(connection: psycopg.Connection, received_on: date, earliest: date = FIRST_DAY) -> None:
    """Raise a 422 unless the day is between ``earliest`` and today."""
    (is_future,) = connection.execute("select %s > desk.today()", [received_on]).fetchone() or (
        True,
    )
    if is_future:
        raise not_possible("future_date", "the day is to come", field="received_on")
    if received_on < earliest:
        raise not_possible(
            "date_out_of_range", f"not before {shown(earliest)}", field="received_on"
        )


def fits_text(text: str | None, name: str) -> None:
    """Raise a 422 for text that is too long or holds control characters."""
    if text is not None and len(text) > _LONGEST_TEXT:
        raise not_possible("text_too_long", f"at most {_LONGEST_TEXT} characters", field=name)
    if text is not None and not text.isprintable():
        raise not_possible("suspicious_text", "control characters are refused", field=name)


def _known_payer(connection: psycopg.Connection, payer_id: UUID | None) -> None:
    if payer_id is None:
        return
    found = connection.execute("select from desk.payers where payer_id = %s", [payer_id])
    if found.fetchone() is None:
        raise not_possible("unknown_payer", "there is no such payer", field="payer_id")


def by_key(connection: psycopg.Connection, idempotency_key: str) -> Payment | None:
    """The payment that was saved under this key."""
    with connection.cursor(row_factory=class_row(Payment)) as cursor:
        return cursor.execute(
            f"select {_COLUMNS}, true as is_repeat from desk.payments"  # noqa: S608  our own columns
            " where idempotency_key = %s",
            [idempotency_key],
        ).fetchone()


def day_source(source: PaymentSource) -> Literal["remittance", "manual"]:
    """By what the day of a payment from there is known: the payer's own paper, or a person."""
    return "remittance" if source == "payment_report" else "manual"


def answered_before(connection: psycopg.Connection, receipt: Receipt) -> Payment | None:
    """The payment saved under this key; raises a 409 if the key was used for another one."""
    payment = by_key(connection, receipt.idempotency_key)
    if payment is not None and not receipt.is_told_by(payment):
        raise conflict(
            f"the key was used for another payment: {payment.payment_id}",
            "key_used_before",
            first=payment.payment_id,
        )
    return payment


def save(connection: psycopg.Connection, actor: Actor, receipt: Receipt) -> Payment:
    """Insert the payment, or give the one saved under its key, also while others try the same.

    Raises a 409 naming the first payment of the same payer, reference, day and amount.
    """
    values = vars(receipt) | {"by_user": actor.user_id}
    with connection.cursor(row_factory=class_row(Payment)) as cursor:
        payment = cursor.execute(_SAVE, values).fetchone()
    if payment is not None:
        return payment
    repeated = answered_before(connection, receipt)
    if repeated is not None:
        return repeated
    first = connection.execute(_SAME, values).fetchone()
    named = f": {first[0]}" if first else ""
    raise conflict(
        f"the same money was entered before{named}",
        "duplicate_payment",
        first=first[0] if first else None,
    )


def lock_payments(
    connection: psycopg.Connection, payment_ids: Collection[UUID]
) -> dict[UUID, Payment]:
    """Lock payments until the transaction ends, in id order; raises a 404 if one is unknown.

    Sessions are locked before payments, by everybody.
    """
    with connection.cursor(row_factory=class_row(Payment)) as cursor:
        payments = cursor.execute(
            f"select {_COLUMNS} from desk.payments"  # noqa: S608  our own columns
            " where payment_id = any(%s) order by payment_id for update",
            [list(payment_ids)],
        ).fetchall()
    if len(payments) < len(set(payment_ids)):
        raise Refused(404, "unknown_payment", "there is no such payment", field="payment_id")
    return {payment.payment_id: payment for payment in payments}


def lock_payment(connection: psycopg.Connection, payment_id: UUID) -> Payment:
    """Lock one payment until the transaction ends; raises a 404 if there is none."""
    return lock_payments(connection, [payment_id])[payment_id]


def unapplied(connection: psycopg.Connection, payment_ids: Collection[UUID]) -> dict[UUID, Decimal]:
    """What of each payment, its reversals taken off, is allocated or set aside nowhere."""
    rows = connection.execute(
        "select payment_id, unapplied from desk.payment_balances where payment_id = any(%s)",
        [list(payment_ids)],
    ).fetchall()
    return dict(rows)
