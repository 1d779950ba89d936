"""Files that were dropped, and what became of their rows: counts, codes and references."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from psycopg import sql

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.published import Reader
from daysheet.desk.refusals import Refused

State = Literal["loaded", "loaded_with_quarantine", "duplicate", "held", "rejected", "parked"]
_TYPED = ("file_name", "warnings", "release_reason")


@dataclass(frozen=True)
class ImportFile:
    """One file. ``problem`` says why it was not taken; rows are numbers of them.

    ``file_name``, ``warnings`` and ``release_reason`` hold what people typed: None for a viewer.
    """

    file_id: int
    source: str
    table_name: str | None
    file_name: str | None = field(repr=False)
    mode: str
    exported_on: datetime
    received_at: datetime
    state: State
    problem: str | None
    warnings: list[str] | None = field(repr=False)
    bytes: int
    rows_read: int
    rows_inserted: int
    rows_replaced: int
    rows_unchanged: int
    rows_stale: int
    rows_closed: int
    rows_dropped: int
    rows_skipped: int
    rows_quarantined: int
    release_reason: str | None = field(repr=False)
    released_by: str | None
    undecided: int

    @property
    def is_success(self) -> bool:
        """Whether something of it was taken, or known already; a file of refused rows is none."""
        known = self.rows_inserted + self.rows_replaced + self.rows_unchanged + self.rows_stale
        return self.state in ("loaded", "loaded_with_quarantine") and known > 0


@dataclass(frozen=True)
class FileFilter:
    """What to list of the files; None is all of them."""

    source: str | None = None
    table_name: str | None = None
    state: str | None = None
    is_undecided: bool | None = None
    with_duplicates: bool = True


@dataclass(frozen=True)
class ImportRow:
    """What became of one row; ``decision`` is how a refused one ended."""

    file_id: int
    line: int
    verdict: str
    reasons: list[str]
    warnings: list[str]
    decision: str | None
    decided_at: datetime | None
    decided_by: str | None
    table_name: str
    received_at: datetime
    payment_id: UUID | None
    reference: str | None


@dataclass(frozen=True)
class Applied:
    """What a report speaks of, in dollars, as the desk has it now."""

    sessions: int
    charge: Decimal
    paid: Decimal
    payments: int
    received: Decimal


@dataclass(frozen=True)
class FileRecord:
    """One file with the numbers of its rows by verdict and by reason, the most frequent first."""

    file: ImportFile
    verdicts: dict[str, int]
    reasons: dict[str, int]
    applied: Applied


_CONDITIONS = """
    where coalesce(source = %(source)s, true)
    and coalesce(table_name = %(table_name)s, true)
    and coalesce(state = %(state)s, true)
    and coalesce((undecided > 0) = %(is_undecided)s, true)
    and (%(with_duplicates)s or state != 'duplicate')
"""
_ROW_CONDITIONS = """
    where coalesce(file_id = %(file_id)s, true)
    and coalesce(verdict = %(verdict)s, true)
    and coalesce(%(reason)s = any(reasons || warnings), true)
    and (not %(is_undecided)s or (verdict = 'quarantined' and decision is null))
"""


def list_files(
    reader: Reader, actor: Actor, which: FileFilter, *, limit: int, offset: int
) -> tuple[list[ImportFile], int]:
    """One page of files, the newest first, and how many there are of all pages."""
    values = vars(which) | {"limit": limit, "offset": offset}
    clauses = sql.SQL(_CONDITIONS)
    paged = clauses + sql.SQL("order by file_id desc limit %(limit)s offset %(offset)s")
    files = reader.rows(ImportFile, "import_files", paged, values, _columns(actor))
    return files, _count(reader, "import_files", clauses, values)


def file_kinds(reader: Reader) -> list[str]:
    """The tables and reports there are files of."""
    found = reader.connection.execute(
        "select distinct table_name from ops.file where table_name is not null order by table_name"
    ).fetchall()
    return [name for (name,) in found]


def file_record(reader: Reader, actor: Actor, file_id: int) -> FileRecord:
    """One file; raises a 404."""
    actor.needs(DeskRole.VIEWER, "looking at files")
    which, values = sql.SQL("where file_id = %(file_id)s"), {"file_id": file_id}
    found = reader.rows(ImportFile, "import_files", which, values, _columns(actor))
    if not found:
        raise Refused(404, "unknown_file", "there is no such file")
    verdicts = reader.connection.execute(
        "select verdict, count(*) from ops.row_verdict where file_id = %(file_id)s"
        " group by verdict order by count(*) desc, verdict",
        values,
    ).fetchall()
    reasons = reader.connection.execute(
        "select reason, count(*) from ops.row_verdict, unnest(reasons || warnings) as reason"
        " where file_id = %(file_id)s group by reason order by count(*) desc, reason",
        values,
    ).fetchall()
    return FileRecord(found[0], dict(verdicts), dict(reasons), _applied(reader, file_id))


def list_rows(
    reader: Reader,
    *,
    file_id: int | None = None,
    verdict: str | None = None,
    reason: str | None = None,
    is_undecided: bool = False,
    limit: int,
    offset: int,
) -> tuple[list[ImportRow], int]:
    """One page of rows, those of the newest file first, and how many there are of all pages."""
    values = {
        "file_id": file_id,
        "verdict": verdict,
        "reason": reason,
        "is_undecided": is_undecided,
        "limit": limit,
        "offset": offset,
    }
    clauses = sql.SQL(_ROW_CONDITIONS)
    paged = clauses + sql.SQL("order by file_id desc, line limit %(limit)s offset %(offset)s")
    rows = reader.rows(ImportRow, "import_rows", paged, values, _names(ImportRow))
    return rows, _count(reader, "import_rows", clauses, values)


def import_row(reader: Reader, file_id: int, line: int) -> ImportRow:
    """What became of one row; raises a 404."""
    which = sql.SQL("where file_id = %(file_id)s and line = %(line)s")
    values = {"file_id": file_id, "line": line}
    found = reader.rows(ImportRow, "import_rows", which, values, _names(ImportRow))
    if not found:
        raise Refused(404, "unknown_row", "no row has that file and line")
    return found[0]


def _applied(reader: Reader, file_id: int) -> Applied:
    found = reader.connection.execute(
        """
        with told as (
            select session_id, payment_id from ops.row_verdict where file_id = %(file_id)s
        ),

        sessions as (
            select ins_charge, amount_paid from desk.sessions
            where session_id in (select session_id from told)
        ),

        payments as (
            select amount from desk.payments where payment_id in (select payment_id from told)
        )

        select
            (select count(*) from sessions),
            (select coalesce(sum(ins_charge), 0) from sessions),
            (select coalesce(sum(amount_paid), 0) from sessions),
            (select count(*) from payments),
            (select coalesce(sum(amount), 0) from payments)
        """,
        {"file_id": file_id},
    ).fetchone()
    assert found is not None
    return Applied(*found)


def _count(reader: Reader, query: str, clauses: sql.SQL, values: Mapping[str, Any]) -> int:
    statement = reader.statement(query, clauses, sql.SQL("count(*)"))
    row = reader.connection.execute(statement, values).fetchone()
    assert row is not None
    return row[0]


def _columns(actor: Actor) -> sql.Composable:
    """What people typed is not even read for who may not see it."""
    if actor.may(DeskRole.BILLER):
        return _names(ImportFile)
    return sql.SQL(", ").join(
        sql.SQL("null as {}" if each.name in _TYPED else "{}").format(sql.Identifier(each.name))
        for each in fields(ImportFile)
    )


def _names(shape: type) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(each.name) for each in fields(shape))
