"""Batches: what became known together. At most one is open, and one run at a time owns it."""

import psycopg

from daysheet.warehouse import LockClass


class BatchLost(Exception):
    """Another run has taken the batch over, or committed it: this run must not go on."""


def open_batch(connection: psycopg.Connection, owner: str) -> int:
    """The open batch, now owned by ``owner``; a new one when none is open.

    Waits for a file another run is loading right now; that run can apply nothing afterwards.
    """
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s, 0)", [LockClass.BATCH])
        row = connection.execute(
            "update ops.batch set owner = %s where state = 'open' returning batch", [owner]
        ).fetchone()
        if row is None:
            row = connection.execute(
                "insert into ops.batch (owner) values (%s) returning batch", [owner]
            ).fetchone()
        assert row is not None
        return row[0]


def hold_batch(connection: psycopg.Connection, batch: int, owner: str) -> None:
    """Keep the batch open and ours until the caller's transaction ends.

    Raises :class:`BatchLost`: a load that went on would change a batch somebody has read.
    """
    found = connection.execute(
        "select from ops.batch where batch = %s and state = 'open' and owner = %s for share",
        [batch, owner],
    ).fetchone()
    if found is None:
        raise BatchLost(f"batch {batch} is committed, or another run has taken it over")


def unfinished_batch(connection: psycopg.Connection) -> int | None:
    """An open batch that already holds loaded files: a run ended before it could commit."""
    row = connection.execute(
        "select batch from ops.batch where state = 'open' and exists ("
        " select from ops.file where file.batch = batch.batch"
        " and file.state in ('loaded', 'loaded_with_quarantine'))"
    ).fetchone()
    return row[0] if row else None


def commit_batch(connection: psycopg.Connection, batch: int, owner: str) -> bool:
    """Commit the batch so that builds may use it; true also when this run has done so before.

    False, and the batch stays open for the next run, when no file was loaded into it.
    """
    with connection.transaction():
        row = connection.execute(
            "select state, owner, exists ("
            " select from ops.file where file.batch = batch.batch"
            " and file.state in ('loaded', 'loaded_with_quarantine'))"
            " from ops.batch where batch = %s for update",
            [batch],
        ).fetchone()
        if row is None or row[1] != owner:
            raise BatchLost(f"another run has taken batch {batch} over")
        state, _, has_files = row
        if state == "committed" or not has_files:
            return state == "committed"
        connection.execute(
            "update ops.batch set state = 'committed', committed_at = now() where batch = %s",
            [batch],
        )
        return True


def side_batch(connection: psycopg.Connection, owner: str) -> int:
    """The batch at which something becomes known beside the runs that load files.

    It is the open one if files are being loaded into it, else one of ``owner``, committed. Waits
    for nobody: a load into the open batch may itself be waiting for our table.
    """
    free = connection.execute(
        "select batch from ops.batch where state = 'open' for update skip locked"
    ).fetchone()
    if free is not None:
        connection.execute(
            "update ops.batch set state = 'committed', committed_at = now(), owner = %s"
            " where batch = %s"
            " and not exists (select from ops.file where file.batch = batch.batch)",
            [owner, *free],
        )
        return free[0]
    row = connection.execute(
        "select batch from ops.batch where state = 'open' for share"
    ).fetchone()
    if row is None:
        row = connection.execute(
            "insert into ops.batch (state, committed_at, owner)"
            " values ('committed', now(), %s) returning batch",
            [owner],
        ).fetchone()
    assert row is not None
    return row[0]
