"""What each line of a remittance does to the sessions of its claim, once they are known."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from daysheet.desk.actors import Actor
from daysheet.desk.lifecycle import Change, Details, Origin, change_each
from daysheet.desk.outcomes import correct_denial, correct_first_outcome
from daysheet.desk.payments import Allocation, Posting, allocate_each, split_over_claim
from daysheet.desk.takebacks import place_takeback
from daysheet.desk.work_items import open_item
from daysheet.ingest.reports.claim_statuses import steps_to

# Lines wait until their claim is known and has sessions. A line naming another client waits too.
_NAME_CLAIMS = (
    """
    update desk.remittance_lines set claim_id = claims.claim_id
    from desk.claims
    where claims.claim_id = any(%s) and remittance_lines.claim_id is null
    and remittance_lines.clearinghouse_ref = claims.clearinghouse_ref
    """,
    """
    update desk.remittance_lines set claim_id = claims.claim_id
    from desk.payments, desk.claims
    where claims.claim_id = any(%s) and remittance_lines.claim_id is null
    and remittance_lines.clearinghouse_ref is null
    and remittance_lines.payment_id = payments.payment_id
    and remittance_lines.payer_claim_no = claims.payer_claim_no
    and payments.payer_id = claims.payer_id
    """,
)
_WAITING = """
    select
        remittance_lines.line_id,
        remittance_lines.payment_id,
        remittance_lines.claim_id,
        remittance_lines.amount,
        lower(remittance_lines.payment_status) as word,
        remittance_lines.file_id,
        remittance_lines.line,
        payments.received_on,
        payment_balances.unapplied
    from desk.remittance_lines
    inner join desk.payments on remittance_lines.payment_id = payments.payment_id
    inner join desk.payment_balances on remittance_lines.payment_id = payment_balances.payment_id
    inner join desk.claims on remittance_lines.claim_id = claims.claim_id
    where remittance_lines.claim_id = any(%s) and not remittance_lines.is_applied
    and not payments.is_reversed
    and claims.client_id = remittance_lines.client_id
    and exists (
        select from desk.sessions
        where sessions.claim_id = claims.claim_id
        and billing_status not in ('scheduled', 'voided')
    )
    order by payments.received_on, remittance_lines.file_id, remittance_lines.line
"""
_SESSIONS = """
    select
        session_id,
        claim_id,
        billing_status as status,
        first_submitted_on is not null as is_dated,
        outstanding,
        payer_credit
    from desk.sessions
    where claim_id = any(%s) and billing_status not in ('scheduled', 'voided')
    order by session_id
"""
# What a line without money may say, as a status of the session.
_TARGETS = {"denied": "denied", "deductible": "client_responsibility"}


@dataclass(frozen=True)
class Line:
    """A line that waits, or waited until now; ``word`` is the payment's status in lower case."""

    line_id: UUID
    payment_id: UUID
    claim_id: UUID
    amount: Decimal
    word: str
    file_id: int | None
    line: int | None
    received_on: date
    unapplied: Decimal

    @property
    def origin(self) -> Origin:
        return Origin(self.file_id, self.line)


@dataclass(frozen=True)
class Posted:
    """What a line did: to which sessions, and what a person should know of that."""

    session_ids: tuple[UUID, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Session:
    session_id: UUID
    claim_id: UUID
    status: str
    is_dated: bool
    outstanding: Decimal
    payer_credit: Decimal


def post_waiting(
    connection: psycopg.Connection, actor: Actor, claim_ids: Iterable[UUID]
) -> dict[UUID, Posted]:
    """Post the lines that waited for these claims or for their sessions; by line.

    The order of files does not matter: claims and visits may come before the money or after it.
    """
    ids = list(claim_ids)
    for statement in _NAME_CLAIMS:
        connection.execute(statement, [ids])
    with connection.cursor(row_factory=class_row(Line)) as cursor:
        lines = cursor.execute(_WAITING, [ids]).fetchall()
    posted: dict[UUID, Posted] = {}
    left = {line.payment_id: line.unapplied for line in lines}
    for each_claims_next in _rounds(line for line in lines if line.amount >= 0):
        with_money = [part for part in each_claims_next if part[0].amount > 0]
        without = [part for part in each_claims_next if part[0].amount == 0]
        posted |= _post_money(connection, actor, with_money, left)
        posted |= _answer(connection, actor, without)
    placed = [
        line.line_id
        for line in lines
        if line.amount < 0
        and place_takeback(connection, actor, line.payment_id, line.claim_id, origin=line.origin)
    ]
    connection.execute(
        "update desk.remittance_lines set is_applied = true where line_id = any(%s)",
        [[*posted, *placed]],
    )
    return posted


def _rounds(lines: Iterable[Line]) -> list[list[list[Line]]]:
    """Lines of one payment and claim together, and of a claim one such part after the other."""
    parts: dict[tuple[UUID, UUID, bool], list[Line]] = {}
    for line in lines:
        parts.setdefault((line.claim_id, line.payment_id, line.amount > 0), []).append(line)
    rounds: list[list[list[Line]]] = []
    turns: Counter[UUID] = Counter()
    for (claim_id, *_), part in parts.items():
        if turns[claim_id] == len(rounds):
            rounds.append([])
        rounds[turns[claim_id]].append(part)
        turns[claim_id] += 1
    return rounds


def _post_money(
    connection: psycopg.Connection,
    actor: Actor,
    parts: Sequence[Sequence[Line]],
    left: dict[UUID, Decimal],
) -> dict[UUID, Posted]:
    """Allocate each part, as far as its payment has it ``left``; that is kept up to date."""
    sessions = _sessions(connection, parts)
    postings = []
    for part in parts:
        first, amount = part[0], sum((line.amount for line in part), Decimal(0))
        if amount > left[first.payment_id]:
            continue  # a person has allocated it
        left[first.payment_id] -= amount
        of_claim = sessions[first.claim_id]
        allocations = (
            [Allocation(of_claim[0].session_id, amount)]
            if len(of_claim) == 1
            else split_over_claim(connection, first.claim_id, amount)
        )
        postings.append(Posting(first.payment_id, allocations, first.origin))
    allocate_each(connection, actor, postings)
    after = _sessions(connection, parts)
    return {line.line_id: _told(after[line.claim_id]) for part in parts for line in part}


def _told(sessions: Sequence[_Session]) -> Posted:
    warnings = []
    if any(session.outstanding > 0 for session in sessions):
        warnings.append("needs_disposition")
    if any(session.payer_credit > 0 for session in sessions):
        warnings.append("overpayment")
    return Posted(tuple(session.session_id for session in sessions), tuple(warnings))


def _answer(
    connection: psycopg.Connection, actor: Actor, parts: Sequence[Sequence[Line]]
) -> dict[UUID, Posted]:
    """Follow lines without money: denied, deductible, or nothing said of why."""
    sessions = _sessions(connection, parts)
    lines = [part[0] for part in parts]
    changes = [
        Change(session.session_id, status, _details(line, status), line.origin)
        for line in lines
        for session in sessions[line.claim_id]
        for status in steps_to(_target(line, session), session.status, is_dated=session.is_dated)
    ]
    results = change_each(connection, actor, changes)
    refused = {result.session_id for result in results if result.refusal}
    for session_id in refused:
        open_item(connection, "conflict", session_id=session_id, detail={"why": "remittance"})
    for line in lines:
        ids = {session.session_id for session in sessions[line.claim_id]}
        _date(connection, line, ids - refused)
    after = _sessions(connection, parts)
    for line in lines:
        if line.word not in _TARGETS:
            _ask(connection, after[line.claim_id])
    return {
        line.line_id: _answered(line, after[line.claim_id], refused)
        for part in parts
        for line in part
    }


def _target(line: Line, session: _Session) -> str | None:
    """Nothing paid, and nothing said of why: the payer has it, and a person must ask."""
    return _TARGETS.get(line.word) or ("pending" if session.status == "submitted" else None)


def _details(line: Line, status: str) -> Details:
    if status == "submitted":
        return Details()
    if status == "denied":
        return Details(on=line.received_on, category="other")
    return Details(on=line.received_on, reason="deductible")


def _date(connection: psycopg.Connection, line: Line, session_ids: set[UUID]) -> None:
    """The remittance's day is better than that of a file which only told of the answer."""
    if line.word == "denied":
        correct_denial(connection, session_ids, line.received_on)
        correct_first_outcome(connection, session_ids, line.received_on, "denied")
    elif line.word == "deductible":
        correct_first_outcome(connection, session_ids, line.received_on, "patient")


def _ask(connection: psycopg.Connection, sessions: Iterable[_Session]) -> None:
    """A person decides what becomes of what is still open."""
    left = {one.session_id: one.outstanding for one in sessions if one.outstanding > 0}
    connection.execute(
        "update desk.sessions set needs_disposition = true where session_id = any(%s)",
        [list(left)],
    )
    for session_id, outstanding in left.items():
        open_item(connection, "disposition", session_id=session_id, amount=outstanding)


def _answered(line: Line, sessions: Sequence[_Session], refused: set[UUID]) -> Posted:
    ids = tuple(session.session_id for session in sessions)
    if refused & set(ids):
        return Posted(ids, ("status_conflict",))
    return Posted(ids) if line.word in _TARGETS else _told(sessions)


def _sessions(
    connection: psycopg.Connection, parts: Iterable[Sequence[Line]]
) -> dict[UUID, list[_Session]]:
    """The sessions of each claim that can be paid, as they are now."""
    found: dict[UUID, list[_Session]] = {}
    with connection.cursor(row_factory=class_row(_Session)) as cursor:
        for session in cursor.execute(_SESSIONS, [[part[0].claim_id for part in parts]]):
            found.setdefault(session.claim_id, []).append(session)
    return found
