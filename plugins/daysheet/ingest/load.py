"""Load one dropped file into ``raw``, whole or not at all, and account for each of its rows.

A row's time is its ``changed_at`` if it has one, else the file's ``exported_on``. Of a key the
latest time wins in whatever order files arrive, and of one time the greater hash. A ``full`` file
says which keys exist at its ``exported_on``: the newest full closes the current rows up to that
time that it lacks, and a row up to that time that comes later, in ``changes`` or in an older full,
is stale unless its key is current. So:

- a key that a full closed stays closed when an older ``changes`` file brings it again;
- it reappears when a row later than that full brings it, or a full at least as new holds it;
- an older full closes nothing, and its rows count as if they came in ``changes``;
- a row that was refused is not absent: the full that holds it spares its key, and a full with keys
  that cannot be read closes nothing (and is not remembered as the newest);
- a row of a later file that says the same moves the time of the current one, nothing else.

One final state for every order of arrival follows if exports do not contradict each other: a full
holds of each of its keys the latest version up to its ``exported_on`` (so state the time the export
began, not ended), and no two exports of a table without ``changed_at``, nor two fulls, bear the
same time.
"""

import time
from collections.abc import Sequence
from datetime import datetime

import psycopg

from daysheet.catalog import Contract
from daysheet.ingest.accounting import Judged, check_accounts, find_warnings
from daysheet.ingest.merge import Merge
from daysheet.ingest.scan import Scan
from daysheet.ingest.state import TableState, read_state, write_state
from daysheet.ingest.verdicts import DroppedFile, FileHeld, FileReport
from daysheet.settings import Settings
from daysheet.warehouse import LockClass

_SETTINGS = {
    "work_mem": "32MB",
    "lock_timeout": "60s",
    "synchronous_commit": "on",
    # The planner does not know what casts and hashes cost: share them out whenever it may.
    "parallel_setup_cost": "0",
    "parallel_tuple_cost": "0",
}


def load_file(
    connection: psycopg.Connection,
    contract: Contract,
    dropped: DroppedFile,
    *,
    batch: int,
    settings: Settings,
    released: bool = False,
) -> FileReport:
    """Apply a file to ``raw`` in one transaction (a savepoint, if the caller has one open).

    A file that does not have the rows its manifest says, or a ``full`` that would close more than
    the settings allow, is held unless ``released``. Raises :class:`FileRejected`,
    :class:`FileHeld`, :class:`AccountingBroken` or what the driver raises; then nothing of the file
    has been applied.
    """
    started = time.monotonic()
    scan = Scan(dropped, contract, settings)
    with connection.transaction():
        _prepare(connection, contract)
        before = read_state(connection, contract)
        merge = Merge(connection, contract, list(scan.layout.columns))
        judged = _judge(merge, scan, dropped, before, released)
        verdicts = judged.decided.verdicts
        if not released:
            _check_closing(verdicts["closed"], before.row_count, settings)
        file_id = begin_file(connection, dropped, batch)
        change = merge.apply(batch, file_id)
        quarantined = merge.quarantine(file_id)
        check_accounts(judged, change, quarantined)
        after = TableState(
            before.row_count + change.begun - change.replaced - change.closed,
            before.digest_high + change.digest_high,
            before.digest_low + change.digest_low,
            dropped.exported_on if judged.closes else before.newest_full,
        )
        write_state(connection, contract, batch, after)
        merge.finish(analyzes=(change.begun + change.closed) * 10 > after.row_count)
        report = FileReport(
            file_id=file_id,
            source=dropped.source,
            table=dropped.table,
            name=dropped.name,
            mode=dropped.mode,
            batch=batch,
            read=scan.rows.read,
            skipped=scan.rows.skipped,
            quarantined=quarantined,
            reasons=judged.refused.reasons,
            warnings=find_warnings(judged),
            seconds=round(time.monotonic() - started, 3),
            **verdicts,
        )
        end_file(connection, report)
    return report


def _prepare(connection: psycopg.Connection, contract: Contract) -> None:
    tune(connection)
    connection.execute(
        "select pg_advisory_xact_lock(%s, hashtext(%s))", [LockClass.TABLE_LOAD, contract.relation]
    )


def tune(connection: psycopg.Connection) -> None:
    """Settings of a load, for the rest of the transaction."""
    for name, setting in _SETTINGS.items():
        connection.execute("select set_config(%s, %s, true)", [name, setting])


def _judge(
    merge: Merge, scan: Scan, dropped: DroppedFile, before: TableState, released: bool
) -> Judged:
    staged = merge.stage(scan.chunks())
    if dropped.expected_rows not in (None, scan.rows.read) and not released:
        raise FileHeld(
            "row_count",
            f"the manifest says {dropped.expected_rows} rows, the file has {scan.rows.read}",
        )
    refused = merge.check()
    typed = merge.cast(dropped.exported_on)
    is_full = dropped.mode == "full"
    is_newest = is_full and dropped.exported_on >= (before.newest_full or datetime.min)
    closes = is_newest and not refused.keyless
    stale_until = None if is_newest else before.newest_full
    decided = merge.decide(dropped.exported_on, stale_until, closes)
    return Judged(
        scan=scan,
        staged=staged,
        refused=refused,
        typed=typed,
        decided=decided,
        is_full=is_full,
        is_newest=is_newest,
        closes=closes,
    )


def _check_closing(closing: int, rows: int, settings: Settings) -> None:
    if closing > settings.hold_closed_rows and closing * 100 > rows * settings.hold_closed_pct:
        raise FileHeld(
            "closes_too_many",
            f"this full file lacks {closing} of the table's {rows} rows: if they are really gone,"
            " release it",
        )


def begin_file(
    connection: psycopg.Connection,
    dropped: DroppedFile,
    batch: int,
    layout: Sequence[str | None] | None = None,
) -> int:
    """Write a file that is being loaded into the ledger; its number."""
    row = connection.execute(
        "insert into ops.file (source, table_name, file_name, sha256, bytes, mode, exported_on,"
        " state, batch, layout) values (%s, %s, %s, %s, %s, %s, %s, 'loaded', %s, %s)"
        " returning file_id",
        [
            dropped.source, dropped.table, dropped.name, dropped.sha256, dropped.bytes,
            dropped.mode, dropped.exported_on, batch, layout,
        ],
    ).fetchone()  # fmt: skip
    assert row is not None
    return row[0]


def end_file(connection: psycopg.Connection, report: FileReport) -> None:
    """Say in the ledger what became of the file's rows; they must add up."""
    connection.execute(
        "update ops.file set state = %s, rows_read = %s, rows_inserted = %s, rows_replaced = %s,"
        " rows_unchanged = %s, rows_stale = %s, rows_quarantined = %s, rows_skipped = %s,"
        " rows_dropped = %s, rows_closed = %s, warnings = %s, seconds = %s where file_id = %s",
        [
            report.state, report.read, report.inserted, report.replaced, report.unchanged,
            report.stale, report.quarantined, report.skipped, report.dropped, report.closed,
            list(report.warnings), report.seconds, report.file_id,
        ],
    )  # fmt: skip
