"""What waits for an insurer's money, as far as a mail may tell of it, and the totals by age."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

from psycopg import sql

from daysheet.desk.published import Reader

_AGED = sql.SQL("""
    coalesce(session_id, dental_claim_id) as subject_id, source,
    coalesce(claim_ref, reference) as reference, payer_name, status, assigned_to, amount, age_days,
    age_basis = 'service' as is_estimated, last_sent_age_days, true as was_sent,
    desk.today() - timezone(
        coalesce(nullif(current_setting('daysheet.timezone', true), ''), 'UTC'), last_action_at
    )::date as last_action_days,
    snoozed_until
""")
_NEVER_SENT = sql.SQL("""
    coalesce(session_id, dental_claim_id) as subject_id, source, reference, payer_name,
    case when source = 'opendental' then 'never sent' end as status, assigned_to, amount, age_days,
    true as is_estimated, null::integer as last_sent_age_days, false as was_sent,
    null::integer as last_action_days, null::date as snoozed_until
""")
BRACKETS = (
    ("0-30 days", 30),
    ("31-60 days", 60),
    ("61-90 days", 90),
    ("91-120 days", 120),
    ("121-180 days", 180),
    ("over 180 days", None),
)
OVER = 90  # days from which on a claim is too old: 90 are not, 91 are


@dataclass(frozen=True)
class Waiting:
    """A session or dental claim: sent and open, or never sent at all.

    ``reference`` is the random one of its claim, None until that is registered. Ages are in days,
    ``is_estimated`` when counted from the visit; ``last_action_days`` is None if nobody did
    anything yet. ``amount`` is in dollars, None where nobody estimated it.
    """

    subject_id: UUID | None
    source: Literal["opendental", "simplepractice"]
    reference: str | None
    payer_name: str | None
    status: str | None
    assigned_to: str | None
    amount: Decimal | None
    age_days: int | None
    is_estimated: bool
    last_sent_age_days: int | None
    was_sent: bool
    last_action_days: int | None
    snoozed_until: date | None


@dataclass(frozen=True)
class Total:
    """Claims of one bracket of ages; ``unestimated`` are those among them without an amount."""

    label: str
    claims: int
    amount: Decimal
    unestimated: int


def aged(reader: Reader) -> list[Waiting]:
    """Every claim that is sent and open."""
    return reader.rows(Waiting, "aged_claims", sql.SQL(""), {}, _AGED)


def never_sent(reader: Reader) -> list[Waiting]:
    """What was never sent and has a reference: sessions, and claims of the dental system."""
    known = sql.SQL("where reference is not null")
    return reader.rows(Waiting, "forgotten_money", known, {}, _NEVER_SENT)


def totals(claims: Iterable[Waiting]) -> list[Total]:
    """A row for each bracket, and one for claims without a day to count from if there are any.

    A session counts where its own age is, as on the pages; the sessions of a claim are one claim.
    """
    held: dict[str, list[Waiting]] = {label: [] for label, _ in BRACKETS}
    for claim in claims:
        held.setdefault(_bracket(claim.age_days), []).append(claim)
    return [total(label, inside) for label, inside in held.items()]


def total(label: str, claims: Iterable[Waiting]) -> Total:
    """How many claims these are, and what they come to."""
    rows = list(claims)
    named = {row.reference for row in rows if row.reference}
    amounts = [row.amount for row in rows if row.amount is not None]
    return Total(
        label=label,
        claims=len(named) + sum(row.reference is None for row in rows),
        amount=sum(amounts, Decimal(0)),
        unestimated=len(rows) - len(amounts),
    )


def _bracket(age_days: int | None) -> str:
    if age_days is None:
        return "age not known"
    return next(label for label, last in BRACKETS if last is None or age_days <= last)
