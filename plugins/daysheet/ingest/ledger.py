"""The ledger of dropped files, ``ops.file``: what was seen, what became of it, where it lies.

It alone decides what is new. ``archived_as`` is written before the file is moved, so a row whose
file is not (yet) there tells the next run to finish the move.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import psycopg
from psycopg.rows import class_row, dict_row

from daysheet.ingest.inbox import Drop
from daysheet.ingest.taking import Copy
from daysheet.ingest.verdicts import Unapplied


class NotHeld(Exception):
    """There is no such held file; the message says what to give instead."""


@dataclass(frozen=True)
class Sifted:
    """A loaded file with many refused rows; ``reasons`` are codes, the most frequent first."""

    file_id: int
    source: str
    table_name: str
    rows_read: int
    rows_quarantined: int
    reasons: list[str]


@dataclass(frozen=True)
class Known:
    """One row of the ledger, as far as finding and moving files needs it."""

    file_id: int
    source: str
    table_name: str | None
    file_name: str
    sha256: str
    mode: Literal["full", "changes"]
    exported_on: datetime
    state: str
    problem: str | None
    batch: int | None
    archived_as: str | None
    released_by: str | None

    @property
    def is_loaded(self) -> bool:
        """Whether its rows are in ``raw``."""
        return self.state in LOADED

    @property
    def code(self) -> str | None:
        """Reason code of a file that was refused."""
        return self.problem.partition(":")[0] if self.problem else None


MANY_PCT = 10  # more refused rows than that are a matter of the file, not of the rows
UNREAD = ""  # sha256 of what was turned away without being opened
LOADED = ("loaded", "loaded_with_quarantine")
_SELECT = """
    select
        file_id, source, table_name, file_name, sha256, mode, exported_on, state, problem,
        batch, archived_as, released_by
    from ops.file
"""


def _known(connection: psycopg.Connection, rest: str, values: list[object]) -> list[Known]:
    with connection.cursor(row_factory=class_row(Known)) as cursor:
        return cursor.execute(f"{_SELECT} {rest}", values).fetchall()


def last_seen(connection: psycopg.Connection, drop: Drop) -> Known | None:
    """What was last said of a file of this name, if anything."""
    found = _known(
        connection,
        "where source = %s and file_name = %s order by file_id desc limit 1",
        [drop.source, drop.name],
    )
    return found[0] if found else None


def loaded_twin(connection: psycopg.Connection, drop: Drop, sha256: str) -> Known | None:
    """The loaded file that makes a file of these bytes a duplicate.

    It is the one last loaded for the drop's table and mode if it has them; of a source recognized
    by header, where a file is applied once for ever, any that has them.
    """
    if drop.by_header:
        found = _known(
            connection,
            "where source = %s and sha256 = %s and state = any(%s) order by file_id desc limit 1",
            [drop.source, sha256, list(LOADED)],
        )
    else:
        found = _known(
            connection,
            "where source = %s and table_name = %s and mode = %s and state = any(%s)"
            " order by file_id desc limit 1",
            [drop.source, drop.table, drop.mode, list(LOADED)],
        )
    return found[0] if found and found[0].sha256 == sha256 else None


def loaded_files(connection: psycopg.Connection, source: str, table: str) -> list[Known]:
    """Every file loaded into a table, in the order it was loaded."""
    return _known(
        connection,
        "where source = %s and table_name = %s and state = any(%s) order by file_id",
        [source, table, list(LOADED)],
    )


def read_file(connection: psycopg.Connection, file_id: int) -> Known | None:
    """One row of the ledger."""
    found = _known(connection, "where file_id = %s", [file_id])
    return found[0] if found else None


def find_held(connection: psycopg.Connection, file: str) -> Known:
    """The held file of that number, or that name (with or without its folder).

    Raises :class:`NotHeld` when there is none, or several have the name.
    """
    if file.isdecimal():
        known = read_file(connection, int(file))
        if known is None or known.state != "held":
            raise NotHeld(f"file {file} is not held: see ops.file")
        return known
    found = _known(
        connection,
        "where state = 'held' and released_by is null"
        " and (file_name = %s or right(file_name, length(%s) + 1) = '/' || %s) order by file_id",
        [file, file, file],
    )
    if len(found) == 1:
        return found[0]
    numbers = ", ".join(str(known.file_id) for known in found)
    raise NotHeld(
        f"several held files have that name, give the number: {numbers}"
        if found
        else f"no held file is named {file}: see ops.file, or drops/held"
    )


def is_released(connection: psycopg.Connection, drop: Drop, sha256: str) -> bool:
    """Whether a person has released these bytes, held before, for this table and mode."""
    return bool(
        _known(
            connection,
            "where source = %s and table_name = %s and mode = %s and sha256 = %s"
            " and state = 'held' and released_by is not null limit 1",
            [drop.source, drop.table, drop.mode, sha256],
        )
    )


def newest_file_id(connection: psycopg.Connection) -> int:
    """The newest row of the ledger; 0 when it is empty."""
    row = connection.execute("select coalesce(max(file_id), 0) from ops.file").fetchone()
    return row[0] if row else 0


def refused_after(connection: psycopg.Connection, file_id: int) -> list[Known]:
    """Files rejected or held after that row of the ledger."""
    return _known(
        connection,
        "where file_id > %s and state in ('held', 'rejected') order by file_id",
        [file_id],
    )


def refused_since(connection: psycopg.Connection, started: datetime) -> list[Known]:
    """Files rejected or held since then."""
    return _known(
        connection,
        "where received_at >= %s and state in ('held', 'rejected') order by file_id",
        [started],
    )


def much_quarantined_after(connection: psycopg.Connection, file_id: int) -> list[Sifted]:
    """Files loaded after that row of the ledger, more than 10 % of whose rows were refused."""
    with connection.cursor(row_factory=class_row(Sifted)) as cursor:
        return cursor.execute(
            """
            select file_id, source, table_name, rows_read, rows_quarantined, array(
                select split_part(reason, ':', 1)
                from quarantine.refused_row, unnest(reasons) as reason
                where refused_row.file_id = file.file_id
                group by 1
                order by count(*) desc, 1
                limit 5
            ) as reasons
            from ops.file
            where file_id > %s and rows_quarantined * 100 > rows_read * %s
            order by file_id
            """,
            [file_id, MANY_PCT],
        ).fetchall()


def verdicts(connection: psycopg.Connection, sent: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """The newest verdict on each (source, name): counts of rows by what became of them.

    ``is_settled`` when the file lies where it belongs and its batch, if any, is committed.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            select distinct on (file.source, file.file_name)
                file.file_id, file.source, file.table_name as table, file.file_name as name,
                file.state, file.batch, file.rows_read as read, file.rows_inserted as inserted,
                file.rows_replaced as replaced, file.rows_unchanged as unchanged,
                file.rows_stale as stale, file.rows_quarantined as quarantined,
                file.rows_skipped as skipped, file.rows_dropped as dropped,
                file.rows_closed as closed, file.problem,
                file.warnings,
                file.archived_as is not null
                and coalesce(batch.state, 'committed') = 'committed' as is_settled
            from unnest(%s::text[], %s::text[]) as sent (source, name)
            inner join ops.file
                on file.source = sent.source and file.file_name = sent.name
            left join ops.batch on file.batch = batch.batch
            order by file.source, file.file_name, file.file_id desc
            """,
            [[source for source, _ in sent], [name for _, name in sent]],
        ).fetchall()


def record(
    connection: psycopg.Connection,
    drop: Drop,
    copy: Copy | None,
    state: Unapplied,
    problem: str,
) -> Known:
    """Write down a file nothing was applied of; ``copy`` is None when it was never opened."""
    with connection.transaction():
        row = connection.execute(
            "insert into ops.file (source, table_name, file_name, sha256, bytes, mode,"
            " exported_on, state, problem) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " returning file_id",
            [
                drop.source, drop.table, drop.name, copy.sha256 if copy else UNREAD,
                copy.bytes if copy else 0, drop.mode, drop.exported_on, state, problem,
            ],
        ).fetchone()  # fmt: skip
        assert row is not None
        known = read_file(connection, row[0])
        assert known is not None
        return known


def set_place(connection: psycopg.Connection, file_id: int, place: str) -> None:
    """Say where the file is about to be moved, below the drop folder."""
    with connection.transaction():
        connection.execute(
            "update ops.file set archived_as = %s where file_id = %s", [place, file_id]
        )


def release(connection: psycopg.Connection, file_id: int, by: str, reason: str) -> None:
    """Let a held file through, and write down who did and why."""
    with connection.transaction():
        connection.execute(
            "update ops.file set released_by = %s, release_reason = %s where file_id = %s",
            [by, reason, file_id],
        )
        connection.execute(
            "insert into ops.audit (actor, action, subject, detail)"
            " values (%s, 'release file', %s, jsonb_build_object('reason', %s::text))",
            [by, str(file_id), reason],
        )
