"""Sessions as an appointment report finds and leaves them: read, added and changed in sets."""

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from daysheet.ingest.reports.statuses import Snapshot

# As the newest export says; the cells of a report have the same names without "_reported".
SNAPSHOT_TYPES = {
    "payer_id": "uuid",
    "secondary_payer_id": "uuid",
    "units": "numeric",
    "total_fee": "numeric",
    "client_charge": "numeric",
    "client_uninvoiced": "numeric",
    "client_paid": "numeric",
    "client_unpaid": "numeric",
    "ins_charge": "numeric",
    "ins_paid_reported": "numeric",
    "ins_unpaid_reported": "numeric",
    "write_off_reported": "numeric",
    "client_status_label": "text",
    "ins_status_label": "text",
    "note_status": "text",
}
IDENTITY = (
    "service_on", "service_time", "client_id", "clinician_id", "billing_code", "modifiers",
)  # fmt: skip
_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"

Identity = tuple[date, time, UUID, UUID, str, tuple[str, ...]]


@dataclass(frozen=True)
class Stored:
    """A session as it was before the file."""

    session_id: UUID
    identity: Identity = field(repr=False)
    snapshot: Snapshot = field(repr=False)
    billing_status: str
    source_as_of: date | None
    source_file_id: int | None
    row_hash: UUID | None


@dataclass(frozen=True)
class Draft:
    """What a row makes of its session; ``identity`` has 00:00 for a time nobody knows."""

    session_id: UUID
    line: int
    identity: Identity = field(repr=False)
    snapshot: Snapshot = field(repr=False)
    row_hash: UUID
    has_time: bool
    billing_status: str
    needs_disposition: bool


def lock_visits(
    connection: psycopg.Connection, visits: Iterable[tuple[UUID, date]]
) -> list[Stored]:
    """All sessions of these clients on these days, locked in the order everybody locks them."""
    wanted = list(set(visits))
    return _lock(
        connection,
        "(client_id, service_on) in (select * from unnest(%s::uuid[], %s::date[]))",
        [[client for client, _ in wanted], [day for _, day in wanted]],
    )


def lock_sessions(connection: psycopg.Connection, session_ids: Sequence[UUID]) -> list[Stored]:
    """These sessions, locked, as they are named."""
    found = {
        one.session_id: one
        for one in _lock(connection, "session_id = any(%s)", [list(session_ids)])
    }
    return [found[session_id] for session_id in session_ids]


def _lock(connection: psycopg.Connection, which: LiteralString, values: list[Any]) -> list[Stored]:
    columns = sql.SQL(", ").join(map(sql.Identifier, [*IDENTITY, *SNAPSHOT_TYPES]))
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            sql.SQL(
                "select session_id, billing_status, source_as_of, source_file_id, row_hash, {}"
                " from desk.sessions where {} order by session_id for update"
            ).format(columns, sql.SQL(which)),
            values,
        ).fetchall()
    return [_stored(row) for row in rows]


def add(
    connection: psycopg.Connection, drafts: Sequence[Draft], source_as_of: date, file_id: int
) -> None:
    """Insert sessions that are new; their history is the caller's to begin."""
    if not drafts:
        return
    columns = [
        "session_id", "session_ref", *IDENTITY, *SNAPSHOT_TYPES, "billing_status",
        "paid_on_source", "needs_disposition", "source_as_of", "source_file_id", "row_hash",
    ]  # fmt: skip
    statement = sql.SQL("copy desk.sessions ({}) from stdin").format(
        sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    references = _free_references(connection, len(drafts))
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for draft, reference in zip(drafts, references, strict=True):
            day, clock, client, clinician, code, modifiers = draft.identity
            copy.write_row(
                (
                    draft.session_id, reference,
                    day, clock if draft.has_time else None, client, clinician, code,
                    list(modifiers), *draft.snapshot.values(), draft.billing_status,
                    "unknown" if draft.billing_status == "paid" else None,
                    draft.needs_disposition, source_as_of, file_id, draft.row_hash,
                )
            )  # fmt: skip


def change(
    connection: psycopg.Connection, drafts: Sequence[Draft], source_as_of: date, file_id: int
) -> dict[UUID, Any]:
    """Replace what the source says of these sessions; what is outstanding of each then."""
    names = [*SNAPSHOT_TYPES, "row_hash"]
    types = ["uuid", *SNAPSHOT_TYPES.values(), "uuid", "boolean"]
    given = [
        [draft.session_id, *draft.snapshot.values(), draft.row_hash, draft.needs_disposition]
        for draft in drafts
    ]
    return dict(
        connection.execute(
            sql.SQL(
                "update desk.sessions set {sets}, source_as_of = {day}, source_file_id = {file},"
                # Of money that was posted here the posting has said what is left.
                " needs_disposition = sessions.needs_disposition"
                " or (given.is_partly_paid and sessions.ins_paid_posted is null)"
                " from unnest({arrays}) as given (session_id, {names}, is_partly_paid)"
                " where sessions.session_id = given.session_id"
                " returning sessions.session_id, sessions.outstanding"
            ).format(
                sets=sql.SQL(", ").join(
                    sql.SQL("{0} = given.{0}").format(sql.Identifier(name)) for name in names
                ),
                arrays=sql.SQL(", ").join(sql.SQL(f"%s::{each}[]") for each in types),
                names=sql.SQL(", ").join(map(sql.Identifier, names)),
                day=sql.Literal(source_as_of),
                file=sql.Literal(file_id),
            ),
            [list(column) for column in zip(*given, strict=True)] or [[] for _ in types],
        ).fetchall()
    )


def transfers(
    connection: psycopg.Connection, session_ids: Sequence[UUID]
) -> list[tuple[UUID, Decimal, Decimal]]:
    """Of these sessions those with money moved to the client and a credit: id and both amounts."""
    return connection.execute(
        "select session_id, client_transfer, payer_credit from desk.sessions"
        " where session_id = any(%s) and client_transfer > 0 and payer_credit > 0"
        " order by session_id",
        [session_ids],
    ).fetchall()


def confirm(
    connection: psycopg.Connection,
    session_ids: Collection[UUID],
    source_as_of: date,
    file_id: int,
) -> None:
    """The newest export says the same: remember that it did, and change nothing else."""
    connection.execute(
        "update desk.sessions set source_as_of = %s, source_file_id = %s"
        " where session_id = any(%s) and source_as_of < %s",
        [source_as_of, file_id, list(session_ids), source_as_of],
    )


def _stored(row: dict[str, Any]) -> Stored:
    identity = [row[name] for name in IDENTITY]
    identity[1] = identity[1] or time(0, 0)
    identity[5] = tuple(identity[5])
    return Stored(
        session_id=row["session_id"],
        identity=tuple(identity),  # type: ignore[arg-type]
        snapshot={name: row[name] for name in SNAPSHOT_TYPES},
        billing_status=row["billing_status"],
        source_as_of=row["source_as_of"],
        source_file_id=row["source_file_id"],
        row_hash=row["row_hash"],
    )


def _free_references(connection: psycopg.Connection, count: int) -> list[str]:
    """Random references nobody has: of 50,000 drawn at once, two are equal now and then."""
    free: set[str] = set()
    while len(free) < count:
        drawn = {_reference() for _ in range(count - len(free))}
        taken = connection.execute(
            "select session_ref from desk.sessions where session_ref = any(%s)", [list(drawn)]
        ).fetchall()
        free |= drawn - {reference for (reference,) in taken}
    return list(free)


def _reference() -> str:
    return "RS-" + "".join(secrets.choice(_ALPHABET) for _ in range(7))
