"""What was disputed, sent and written off of a claim, and what somebody may do about it next."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.cases import Facts, read_facts
from daysheet.desk.lifecycle.denials import suggestion
from daysheet.desk.lifecycle.permission import NextStep, next_steps
from daysheet.desk.published import Reader
from daysheet.desk.reading.claim_record import ClaimRecord
from daysheet.desk.work.assignment import workers

_Row = TypeVar("_Row")


@dataclass(frozen=True)
class Dispute:
    """A denial with one appeal against it, or none; ``note`` and ``method`` are what was typed."""

    subject_id: UUID
    denial_id: UUID
    denied_on: date
    is_estimated: bool
    category: str
    carc: str | None
    group_code: str | None
    note: str | None = field(repr=False)
    amount: Decimal
    resolved_on: date | None
    resolution: str | None
    was_sent: bool
    level: int | None
    filed_on: date | None
    method: str | None = field(repr=False)
    due_on: date | None
    decided_on: date | None
    decision: str | None

    @property
    def suggestion(self) -> str | None:
        """What usually helps against it, while it is open."""
        if self.resolved_on:
            return None
        return suggestion(self.category, self.group_code, was_sent=self.was_sent)


@dataclass(frozen=True)
class Submission:
    """One sending of a claim, with the payer's answer if it came; what it said was typed."""

    subject_id: UUID
    n: int
    submitted_on: date | None
    kind: str
    portal_name: str | None
    outcome: str | None
    answered_at: datetime | None
    reject_reason: str | None = field(repr=False)
    who: str


@dataclass(frozen=True)
class Adjustment:
    """An amount taken off a session, or moved to or from the client, that still stands."""

    subject_id: UUID
    adjustment_id: UUID
    kind: str
    amount: Decimal
    reason: str | None = field(repr=False)
    by_user: str
    who: str
    at: datetime


@dataclass(frozen=True)
class Portal:
    """Where a payer takes claims by hand."""

    portal_id: UUID
    payer_id: UUID
    name: str
    url: str
    instructions: str


@dataclass(frozen=True)
class Change:
    """What a report changed of a session."""

    subject_id: UUID
    file_id: int
    line: int
    name: str
    was: str | None
    now_is: str | None


@dataclass(frozen=True)
class Next:
    """What may become of one session, and what is known that forms start from."""

    facts: Facts
    steps: tuple[NextStep, ...]


@dataclass(frozen=True)
class ClaimWork:
    """Beside the record: for a viewer without what people typed, and with nothing to do."""

    disputes: tuple[Dispute, ...]
    submissions: tuple[Submission, ...]
    adjustments: tuple[Adjustment, ...]
    portals: tuple[Portal, ...]
    changes: dict[tuple[UUID, int, int], list[Change]]
    next: dict[UUID, Next]
    owners: tuple[tuple[str, str], ...]  # user names and codes of who can be given work
    payers: tuple[tuple[UUID, str], ...]

    @property
    def denials(self) -> list[list[Dispute]]:
        """The disputes of one denial together, its latest appeal first; the newest denial first."""
        found: dict[UUID, list[Dispute]] = {}
        for each in self.disputes:
            found.setdefault(each.denial_id, []).append(each)
        return list(found.values())


def claim_work(reader: Reader, actor: Actor, record: ClaimRecord) -> ClaimWork:
    """All of it, in the same snapshot as the record."""
    subjects = [line.subject_id for line in record.lines]
    claims = _claims_of(reader, record)
    is_whole, may_work = record.is_whole, actor.may(DeskRole.BILLER)

    def rows(
        shape: type[_Row], query: str, order: str, about: Sequence[UUID], *typed: str
    ) -> tuple[_Row, ...]:
        columns = sql.SQL(", ").join(
            sql.SQL("null::text as {}").format(sql.Identifier(each.name))
            if each.name in typed and not is_whole
            else sql.Identifier(each.name)
            for each in fields(shape)
        )
        which = sql.SQL("where subject_id = any(%(subjects)s) order by ") + sql.SQL(order)
        return tuple(reader.rows(shape, query, which, {"subjects": list(about)}, columns))

    changes: dict[tuple[UUID, int, int], list[Change]] = {}
    for change in rows(Change, "claim_changes", "file_id, line, name", subjects):
        changes.setdefault((change.subject_id, change.file_id, change.line), []).append(change)
    is_session = record.source == "simplepractice" and may_work
    return ClaimWork(
        disputes=rows(
            Dispute,
            "claim_denials",
            "denied_on desc, at desc, level desc",
            subjects,
            "note",
            "method",
        ),
        submissions=rows(Submission, "claim_submissions", "n desc", claims, "reject_reason"),
        adjustments=rows(Adjustment, "claim_adjustments", "at desc", subjects, "reason"),
        portals=_portals(reader, record),
        changes=changes,
        next=_next(reader, actor, subjects) if is_session else {},
        owners=tuple(workers(reader.connection)) if actor.may(DeskRole.LEAD) else (),
        payers=_payers(reader) if is_session and _asks_for_payer(record) else (),
    )


def _claims_of(reader: Reader, record: ClaimRecord) -> list[UUID]:
    references = {line.claim_ref for line in record.lines if line.claim_ref} | {record.reference}
    found = reader.connection.execute(
        "select claim_id from desk.claims where claim_ref = any(%s)", [list(references)]
    ).fetchall()
    return [claim_id for (claim_id,) in found]


def _portals(reader: Reader, record: ClaimRecord) -> tuple[Portal, ...]:
    payers = list({line.payer_id for line in record.lines if line.payer_id})
    with reader.connection.cursor(row_factory=class_row(Portal)) as cursor:
        found = cursor.execute(
            "select portal_id, payer_id, name, url, instructions from desk.insurance_portals"
            " where active and payer_id = any(%s) order by name, portal_id",
            [payers],
        )
        return tuple(found.fetchall())


def _next(reader: Reader, actor: Actor, subjects: Sequence[UUID]) -> dict[UUID, Next]:
    return {
        session_id: Next(facts, tuple(next_steps(facts, actor)))
        for session_id, facts in read_facts(reader.connection, subjects).items()
    }


def _asks_for_payer(record: ClaimRecord) -> bool:
    return any(line.status == "client_responsibility" for line in record.lines)


def _payers(reader: Reader) -> tuple[tuple[UUID, str], ...]:
    found = reader.connection.execute(
        "select payer_id, name from desk.payers where active order by name, payer_id"
    ).fetchall()
    return tuple((payer_id, name) for payer_id, name in found)


def last_change(reader: Reader, record: ClaimRecord) -> tuple[str, datetime] | None:
    """Who changed the record last, by display code, and when."""
    told = [(event.at, event.who) for event in record.timeline]
    # Who was given the work is told by the audit only; what is asked about has just happened.
    given = reader.connection.execute(
        """
        with newest as (select * from ops.audit order by audit_id desc limit 500)

        select newest.at, coalesce(staff.display_code, newest.actor)
        from newest
        left join desk.staff on newest.actor = staff.user_id
        where newest.action = 'assign work' and split_part(newest.subject, ' ', 2) = any(%s)
        """,
        [[str(line.subject_id) for line in record.lines]],
    ).fetchall()
    newest = max([*told, *given], default=None)
    return None if newest is None else (newest[1], newest[0])
