"""All that is known of one claim, by our reference of it: of a session, a claim, a dental claim."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeVar
from uuid import UUID

from psycopg import sql

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.published import Reader
from daysheet.desk.reading.claim_subjects import check_reference, unknown_claim
from daysheet.desk.reading.receivables import Source
from daysheet.desk.viewing import ClientId, Shown

AgeBasis = Literal["submission", "service"]
_Row = TypeVar("_Row")


@dataclass(frozen=True)
class Line:
    """A session, or a dental claim: what is shown of it, in dollars and days.

    ``age_days`` counts from the first sending, else, with ``age_basis`` ``service``, from the
    visit; None once it is closed. ``outstanding`` None is "no estimate".
    """

    subject_id: UUID
    row_version: int
    reference: str
    claim_ref: str | None
    payer_id: UUID | None
    payer_name: str | None
    client_id: ClientId | None
    client: str | None = field(repr=False)  # None: the practice system keeps the name
    clinician: str | None = field(repr=False)
    service_on: date | None = field(repr=False)
    billing_code: str | None = field(repr=False)
    status: str
    is_open: bool  # somebody still owes something, or may
    first_sent_on: date | None
    last_sent_on: date | None
    age_days: int | None
    age_basis: AgeBasis | None
    last_sent_age_days: int | None
    filing_deadline: date | None
    appeal_deadline: date | None
    charge: Decimal
    paid: Decimal
    paid_reported: Decimal  # by the newest export, beside what was posted
    write_off: Decimal
    client_share: Decimal
    outstanding: Decimal | None
    credit: Decimal
    assigned_to: str | None
    owner: str | None
    next_action_on: date | None


@dataclass(frozen=True)
class LiveAlert:
    """An alert that is not resolved; ``told`` are the codes of those who were mailed of it."""

    subject_id: UUID
    alert_id: UUID
    row_version: int
    title: str
    ends: str
    ends_by_hand: bool
    counts: Literal["over", "days_left", "at_once"]
    severity: str
    status: str
    day_count: int | None
    quiet_until: date | None
    silenced_by: str | None
    told: str | None


@dataclass(frozen=True)
class ToDo:
    """Open work; ``other_reference`` is the session that may be the same visit."""

    subject_id: UUID
    item_id: UUID
    row_version: int
    kind: str
    due_on: date | None
    snoozed_until: date | None
    other_reference: str | None


@dataclass(frozen=True)
class Event:
    """Something that happened; ``free_text`` is what somebody typed, None for who may not read it.

    ``who`` is a display code, or the name of a DAG or an import; ``file_id`` and ``line`` say where
    a file told it.
    """

    subject_id: UUID
    at: datetime
    kind: str
    code: str
    was: str | None
    via: str | None
    amount: Decimal | None
    on_day: date | None
    free_text: str | None = field(repr=False)
    who: str
    file_id: int | None
    line: int | None


@dataclass(frozen=True)
class ClaimRecord:
    """``lines`` are what the reference names; ``siblings`` all on the same claim, if several."""

    reference: str
    source: Source
    payer_name: str | None
    lines: tuple[Line, ...]
    siblings: tuple[Line, ...]
    is_whole: bool  # with full name and what people typed, not only initials
    to_do: tuple[ToDo, ...] = ()
    alerts: tuple[LiveAlert, ...] = ()
    timeline: tuple[Event, ...] = ()  # the newest first

    @property
    def client_ids(self) -> set[ClientId]:
        """Whom it tells of; nobody where no session is known, or the practice system lost it."""
        told = (line.client_id for line in self.lines + self.siblings)
        return {each for each in told if each is not None}

    @property
    def shown(self) -> Shown:
        """How much of them."""
        return "everything" if self.is_whole else "initials"

    @property
    def statuses(self) -> list[str]:
        """Of its lines, each once."""
        return sorted({line.status for line in self.lines})

    @property
    def references(self) -> dict[UUID, str]:
        """What its sessions are called, where there are several to tell apart."""
        several = self.lines if len(self.lines) > 1 else ()
        return {line.subject_id: line.reference for line in several}

    @property
    def tasks(self) -> list[ToDo]:
        """What there is to do, once for all sessions that need it at the same time."""
        same = {
            (item.kind, item.due_on, item.snoozed_until, item.other_reference): item
            for item in self.to_do
        }
        return list(same.values())

    @property
    def oldest(self) -> Line | None:
        """The open line that waits longest, else the first."""
        return max(self.lines, key=lambda line: (line.is_open, line.age_days or 0), default=None)

    @property
    def owners(self) -> list[str]:
        """Codes of who works on its lines."""
        return sorted({line.owner for line in self.lines if line.owner})

    def earliest(self, column: str) -> date | None:
        """The first of its lines' days in that column."""
        return min((day for line in self.lines if (day := getattr(line, column))), default=None)

    def total(self, column: str) -> Decimal | None:
        """The sum over its lines of an amount; None where nobody estimated any of it."""
        amounts = [getattr(line, column) for line in self.lines]
        known = [amount for amount in amounts if amount is not None]
        return sum(known, Decimal(0)) if known or not amounts else None


def claim_record(reader: Reader, actor: Actor, reference: str) -> ClaimRecord:
    """The record behind ``RS-``, ``RC-`` or ``DC-``; whatever names nothing is one 404.

    A viewer gets initials and nothing anybody typed.
    """
    check_reference(reference)
    read = _dental if reference.startswith("DC-") else _counseling
    return read(reader, actor, reference)


def _counseling(reader: Reader, actor: Actor, reference: str) -> ClaimRecord:
    is_whole = actor.may(DeskRole.BILLER)
    columns = _columns(Line, client="client_name" if is_whole else "client_initials")

    def lines(column: str, value: str) -> tuple[Line, ...]:
        clauses = sql.SQL("where {} = %(value)s order by service_on, reference").format(
            sql.Identifier(column)
        )
        return tuple(reader.rows(Line, "claim_sessions", clauses, {"value": value}, columns))

    named = lines("reference", reference)
    claim_ref = named[0].claim_ref if named else reference
    claim = reader.connection.execute(
        "select claims.claim_id, payers.name from desk.claims"
        " left join desk.payers on claims.payer_id = payers.payer_id where claim_ref = %s",
        [claim_ref],
    ).fetchone()
    if not named and claim is None:
        raise unknown_claim()
    siblings = lines("claim_ref", claim_ref) if claim_ref else ()
    shown = named or siblings
    payers = {line.payer_name for line in shown} or {claim[1] if claim else None}
    record = ClaimRecord(
        reference=reference,
        source="simplepractice",
        payer_name=payers.pop() if len(payers) == 1 else "several payers",
        lines=shown,
        siblings=siblings if len(siblings) > 1 else (),
        is_whole=is_whole,
    )
    return _beside(
        reader, record, [line.subject_id for line in shown] + ([claim[0]] if claim else [])
    )


def _dental(reader: Reader, actor: Actor, reference: str) -> ClaimRecord:
    key = reader.connection.execute(
        "select claim_id from desk.dental_claims where claim_ref = %s", [reference]
    ).fetchone()
    if key is None or reader.build is None:
        raise unknown_claim()
    which = sql.SQL("where dental_claim_number = %(number)s")
    values = {"number": key[0]}
    (line,) = reader.rows(Line, "claim_dental", which, values, _columns(Line))
    aging = sql.SQL("age_days, age_basis, last_sent_age_days, amount as outstanding")
    for aged in reader.rows(dict, "aged_claims", which, values, aging):
        line = replace(line, is_open=True, **aged)
    record = ClaimRecord(
        reference=reference,
        source="opendental",
        payer_name=line.payer_name,
        lines=(line,),
        siblings=(),
        is_whole=actor.may(DeskRole.BILLER),
    )
    return _beside(reader, record, [line.subject_id])


def _beside(reader: Reader, record: ClaimRecord, subjects: Sequence[UUID]) -> ClaimRecord:
    """With what there is to do, the alerts and the timeline of its subjects."""
    values = {"subjects": list(subjects)}

    def rows(
        shape: type[_Row], query: str, order: str, columns: sql.Composable
    ) -> tuple[_Row, ...]:
        about = sql.SQL("where subject_id = any(%(subjects)s) order by ") + sql.SQL(order)
        return tuple(reader.rows(shape, query, about, values, columns))

    typed = "free_text" if record.is_whole else None
    return replace(
        record,
        to_do=rows(ToDo, "claim_to_do", "due_on, kind, item_id", _columns(ToDo)),
        alerts=rows(LiveAlert, "claim_alerts", _MOST_SEVERE, _columns(LiveAlert)),
        timeline=rows(
            Event, "claim_timeline", "at desc, kind, code", _columns(Event, free_text=typed)
        ),
    )


_MOST_SEVERE = (
    "array_position(array['critical', 'high', 'medium', 'low'], severity), day_count desc, title"
)


def _columns(shape: type, **named: str | None) -> sql.Composed:
    """A dataclass's columns, some from another one or none: what is not shown is not read."""
    return sql.SQL(", ").join(
        sql.SQL("{} as {}").format(
            sql.Identifier(name) if name else sql.SQL("null::text"), sql.Identifier(each.name)
        )
        for each in fields(shape)
        for name in [named.get(each.name, each.name)]
    )
