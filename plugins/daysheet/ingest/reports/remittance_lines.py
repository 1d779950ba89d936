"""What each line of a remittance does to the sessions of its claim, once they are known."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from daysheet.desk.actors import Actor
from daysheet.desk.amounts import share
from daysheet.desk.lifecycle.changes import Change, Details, change_each
from daysheet.desk.lifecycle.outcomes import correct_denial, correct_first_outcome
from daysheet.desk.money.payments import Allocation, Posting, allocate_each, split_over_claim
from daysheet.desk.money.takebacks import place_takeback
from daysheet.desk.work.items import open_item
from daysheet.ingest.reports.claim_statuses import steps_to
from daysheet.ingest.reports.waiting_lines import Line, find_waiting

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
_PLACED_BY_HAND = """
    select made.payment_id, sessions.claim_id, sum(made.amount + coalesce(undone.amount, 0))
    from desk.payment_allocations as made
    inner join desk.sessions on made.session_id = sessions.session_id
    left join lateral (
        select sum(amount) as amount from desk.payment_allocations
        where reverses_allocation_id = made.allocation_id
    ) as undone on true
    where made.payment_id = any(%s) and made.reverses_allocation_id is null
    and made.file_id is null and sessions.claim_id = any(%s)
    group by made.payment_id, sessions.claim_id
"""
# What a line without money may say, as a status of the session.
_TARGETS = {"denied": "denied", "deductible": "client_responsibility"}


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
    lines = find_waiting(connection, list(claim_ids))
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
    by_hand = _placed_by_hand(connection, parts)
    postings: list[Posting] = []
    settled: list[Line] = []
    for part in parts:
        first = part[0]
        placed, due = _without_placed(part, by_hand.get((first.payment_id, first.claim_id)))
        settled += placed
        amount = sum((line.amount for line in due), Decimal(0))
        if not due or amount > left[first.payment_id]:
            continue  # a person has allocated it
        left[first.payment_id] -= amount
        of_claim = sessions[first.claim_id]
        allocations = (
            [Allocation(of_claim[0].session_id, amount)]
            if len(of_claim) == 1
            else split_over_claim(connection, first.claim_id, amount)
        )
        postings += _by_line(due, allocations)
        settled += due
    allocate_each(connection, actor, postings)
    after = _sessions(connection, parts)
    return {line.line_id: _told(after[line.claim_id]) for line in settled}


def _placed_by_hand(
    connection: psycopg.Connection, parts: Iterable[Sequence[Line]]
) -> dict[tuple[UUID, UUID], Decimal]:
    """What people have given of a payment to a claim, by both."""
    columns = [list(column) for column in zip(*_subjects(parts), strict=True)] or [[], []]
    rows = connection.execute(_PLACED_BY_HAND, columns)
    return {(payment_id, claim_id): amount for payment_id, claim_id, amount in rows}


def _subjects(parts: Iterable[Sequence[Line]]) -> list[tuple[UUID, UUID]]:
    return [(part[0].payment_id, part[0].claim_id) for part in parts]


def _without_placed(part: Sequence[Line], by_hand: Decimal | None) -> tuple[list[Line], list[Line]]:
    """Lines whose money a person has placed, and those still due; what is half placed is theirs."""
    placed, rest = [], by_hand or Decimal(0)
    for line in part:
        if rest >= line.amount:
            placed.append(line)
            rest -= line.amount
    return placed, [] if rest > 0 else [line for line in part if line not in placed]


def _by_line(lines: Sequence[Line], allocations: Sequence[Allocation]) -> list[Posting]:
    """Each line's part of what together they give: it may be taken back alone."""
    postings, rest = [], [each.amount for each in allocations]
    for line in lines:
        parts = share(line.amount, rest)
        rest = [left - part for left, part in zip(rest, parts, strict=True)]
        given = zip(allocations, parts, strict=True)
        made = [replace(each, amount=part) for each, part in given if part]
        postings.append(Posting(line.payment_id, made, line.origin))
    return postings


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
