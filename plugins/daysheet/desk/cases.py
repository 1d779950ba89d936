"""What is known when a status is to change: the session, who asks, what was entered with it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from daysheet.desk.actors import Actor
from daysheet.desk.receipts import PaymentSource

# Columns of desk.sessions that a change of status may set; the database keeps all others.
STAMPED = (
    "claim_id", "payer_id", "note_attested_on", "first_submitted_on", "last_submitted_on",
    "paid_on", "paid_on_source", "denied_on", "appeal_deadline", "first_adjudicated_on",
    "first_outcome", "first_outcome_is_estimated", "expected_allowed", "clean_claim",
    "needs_disposition", "assigned_to",
)  # fmt: skip

Stamps = dict[str, Any]  # column of desk.sessions -> its new value


@dataclass(frozen=True)
class Origin:
    """Where a change comes from, when not from a page: the line of a file, or one bulk change."""

    file_id: int | None = None
    line: int | None = None
    batch_id: UUID | None = None


@dataclass(frozen=True)
class Details:
    """What was entered with a change; which of it is needed is the transition's to say.

    ``on`` is the day it happened: sent, denied, filed, decided, note written. ``via`` says that
    money was just moved, and is set by the code that moved it, never from a form. ``override``
    asks for a lead's exception, which needs a reason.
    """

    on: date | None = None
    reason: str | None = field(default=None, repr=False)
    category: str | None = None
    carc: str | None = None
    group_code: str | None = None
    note: str | None = field(default=None, repr=False)
    portal_id: UUID | None = None
    level: int | None = None
    method: str | None = None
    due_on: date | None = None
    decision: str | None = None
    amount: Decimal | None = None
    payer_id: UUID | None = None
    override: bool = False
    is_estimated: bool = False
    via: Literal["posting", "reversal"] | None = None


NOTHING_ENTERED = Details()
BY_HAND = Origin()


@dataclass(frozen=True)
class Facts:
    """One session under lock, with what its claim, payer, denial and appeal say."""

    session_id: UUID
    row_version: int
    today: date
    billing_status: str
    service_on: date
    billing_code: str
    note_status: str | None
    hold_reason: str | None
    client_id: UUID
    payer_id: UUID | None
    claim_id: UUID | None
    ins_charge: Decimal
    ins_paid_posted: Decimal | None
    ins_paid_reported: Decimal
    ins_unpaid_reported: Decimal
    write_off_reported: Decimal
    amount_paid: Decimal
    client_transfer: Decimal
    outstanding: Decimal
    in_ar: bool
    unbilled: bool
    note_attested_on: date | None
    first_submitted_on: date | None
    last_submitted_on: date | None
    paid_on: date | None
    paid_on_source: str | None
    denied_on: date | None
    appeal_deadline: date | None
    first_adjudicated_on: date | None
    first_outcome: str | None
    first_outcome_is_estimated: bool
    expected_allowed: Decimal | None
    clean_claim: bool | None
    needs_disposition: bool
    assigned_to: str | None
    # the payer
    payer_is_active: bool | None
    billing_route: str | None
    appeal_days: int
    filing_deadline: date | None
    # the claim
    clearinghouse_ref: str | None
    claim_payer_id: UUID | None
    submissions: int
    was_sent: bool
    open_on_claim: list[date | None]
    # what else is open or was
    open_items: list[str]  # kinds of open work items
    was_denied: bool
    denial_id: UUID | None
    denial_is_open: bool
    denial_group_code: str | None
    denial_category: str | None
    appeal_id: UUID | None
    appeal_is_open: bool
    appeal_level: int
    appeal_filed_on: date | None
    last_money_on: date | None
    last_money_source: PaymentSource | None


@dataclass(frozen=True)
class Case:
    """One wish to change one session; in a trial nothing has been entered yet."""

    facts: Facts
    to: str
    actor: Actor
    details: Details = NOTHING_ENTERED
    origin: Origin = BY_HAND
    is_trial: bool = False

    @property
    def on(self) -> date:
        """The day it happened: as entered, else today."""
        return self.details.on or self.facts.today


_FACTS = """
    select
        sessions.*,
        desk.today() as today,
        payers.active as payer_is_active,
        payers.billing_route,
        coalesce(payers.appeal_days, 60) as appeal_days,
        sessions.service_on + payers.filing_days as filing_deadline,
        claims.clearinghouse_ref,
        claims.payer_id as claim_payer_id,
        (select count(*) from desk.submissions where claim_id = sessions.claim_id) as submissions,
        sessions.first_submitted_on is not null
        or exists (select from desk.submissions where claim_id = sessions.claim_id)
        or exists (
            select from desk.session_status_history
            where session_id = sessions.session_id and to_status = 'submitted'
        ) as was_sent,
        array(
            select others.last_submitted_on from desk.sessions as others
            where others.claim_id = sessions.claim_id and others.session_id != sessions.session_id
            and others.billing_status in ('submitted', 'pending', 'approved', 'appealing')
        ) as open_on_claim,
        array(
            select kind from desk.work_items
            where session_id = sessions.session_id and done_at is null
        ) as open_items,
        denial.denial_id is not null as was_denied,
        denial.denial_id,
        coalesce(denial.resolved_on is null and denial.denial_id is not null, false)
        as denial_is_open,
        denial.group_code as denial_group_code,
        denial.category as denial_category,
        appeal.appeal_id,
        coalesce(appeal.decided_on is null and appeal.appeal_id is not null, false)
        as appeal_is_open,
        coalesce(appeal.level, 0) as appeal_level,
        appeal.filed_on as appeal_filed_on,
        money.received_on as last_money_on,
        money.source as last_money_source
    from (
        select {columns} from desk.sessions where session_id = any(%(ids)s)
    ) as sessions
    left join desk.payers on sessions.payer_id = payers.payer_id
    left join desk.claims on sessions.claim_id = claims.claim_id
    left join lateral (
        select * from desk.denials where session_id = sessions.session_id
        order by resolved_on is null desc, created_at desc, denied_on desc limit 1
    ) as denial on true
    left join lateral (
        select * from desk.appeals where denial_id = denial.denial_id order by level desc limit 1
    ) as appeal on true
    left join lateral (
        select payments.received_on, payments.source from desk.payment_allocations
        inner join desk.payments using (payment_id)
        where session_id = sessions.session_id and payment_allocations.amount > 0
        and not payments.is_reversed
        order by payments.received_on desc limit 1
    ) as money on true
"""
_SESSION_COLUMNS = (
    "session_id", "row_version", "billing_status", "service_on", "billing_code", "note_status",
    "hold_reason", "client_id", "ins_charge", "ins_paid_posted", "ins_paid_reported",
    "ins_unpaid_reported", "write_off_reported", "amount_paid", "client_transfer", "outstanding",
    "in_ar", "unbilled",
    *STAMPED,
)  # fmt: skip


def hold_sessions(connection: psycopg.Connection, session_ids: Iterable[UUID]) -> None:
    """Lock these sessions until the transaction ends, always in the same order.

    Read them only after it: what others did meanwhile must be seen.
    """
    connection.execute(
        "select from desk.sessions where session_id = any(%s) order by session_id for update",
        [list(session_ids)],
    )


def read_facts(connection: psycopg.Connection, session_ids: Iterable[UUID]) -> dict[UUID, Facts]:
    """What is known of these sessions; those that do not exist are not in the answer."""
    query = _FACTS.format(columns=", ".join(_SESSION_COLUMNS))
    with connection.cursor(row_factory=class_row(Facts)) as cursor:
        rows = cursor.execute(query, {"ids": list(session_ids)})
        return {facts.session_id: facts for facts in rows}
