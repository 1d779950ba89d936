"""Load one dropped file into ``raw``, whole or not at all, and account for each of its rows."""

import time
from datetime import datetime

import psycopg

from daysheet.catalog import Contract
from daysheet.ingest.merge import Change, Merge
from daysheet.ingest.scan import Scan
from daysheet.ingest.state import TableState, read_state, write_state
from daysheet.ingest.verdicts import DroppedFile, FileHeld, FileReport
from daysheet.settings import Settings
from daysheet.warehouse import LockClass

_SETTINGS = {"work_mem": "48MB", "lock_timeout": "60s", "synchronous_commit": "on"}


class AccountingBroken(Exception):
    """Rows are unaccounted for: a defect of ours, so nothing was applied. Holds counts only."""


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

    A row's time is its ``changed_at`` if it has one, else the file's ``exported_on``. Of a key the
    latest time wins in whatever order files arrive, and of one time the greater hash. A ``full``
    file says which keys exist at its ``exported_on``: the newest full closes the current rows up to
    that time that it lacks, and a row up to that time that comes later, in ``changes`` or in an
    older full, is stale unless its key is current. So:

    - a key that a full closed stays closed when an older ``changes`` file brings it again;
    - it reappears when a row later than that full brings it, or a full at least as new holds it;
    - an older full closes nothing, and its rows count as if they came in ``changes``;
    - a row that was refused is not absent: the full that holds it spares its key, and a full with
      keys that cannot be read closes nothing (and is not remembered as the newest).

    One final state for every order of arrival follows if exports do not contradict each other: a
    full holds of each of its keys the latest version up to its ``exported_on`` (so state the time
    the export began, not ended), and no two exports of a table without ``changed_at``, nor two
    fulls, bear the same time. A ``full`` that would close more rows than the settings allow, or a
    file whose rows are not as many as its manifest says, is held unless ``released``.

    Raises :class:`FileRejected`, :class:`FileHeld`, :class:`AccountingBroken`; in each case, as in
    any other, nothing of the file has been applied.
    """
    started = time.monotonic()
    scan = Scan(dropped, contract, settings)
    with connection.transaction():
        _prepare(connection, contract)
        before = read_state(connection, contract)
        merge = Merge(connection, contract, list(scan.layout.columns))
        staged = merge.stage(scan.chunks())
        if not released:
            _check_count(dropped.expected_rows, scan.read)
        refused = merge.check()
        rows = merge.cast(dropped.exported_on)
        is_full = dropped.mode == "full"
        is_newest = is_full and dropped.exported_on >= (before.newest_full or datetime.min)
        closes = is_newest and not refused.keyless
        stale_until = None if is_newest else before.newest_full
        verdicts = merge.decide(dropped.exported_on, stale_until, closes)
        if not released:
            _check_closing(verdicts["closed"], before.row_count, settings)
        file_id = _begin_file(connection, dropped, batch)
        change = merge.apply(batch, file_id)
        quarantined = merge.quarantine(file_id)
        _account(scan, staged, refused.rows, quarantined, verdicts=verdicts, change=change)
        after = TableState(
            before.row_count + change.begun - change.replaced - change.closed,
            before.digest_high + change.digest_high,
            before.digest_low + change.digest_low,
            dropped.exported_on if closes else before.newest_full,
        )
        write_state(connection, contract, batch, after)
        merge.finish(analyzes=(change.begun + change.closed) * 10 > after.row_count)
        warnings = {
            f"{scan.blank} blank lines passed over": scan.blank,
            f"{rows.repeated} rows share their key with a later row of the file": rows.repeated,
            f"{rows.late} rows changed after exported_on: check it and the clocks": (
                is_full and rows.late
            ),
            "older than the newest full file: it closes nothing": is_full and not is_newest,
            f"{refused.keyless} refused rows have no readable key: the file closes nothing": (
                is_newest and not closes
            ),
        }
        report = FileReport(
            file_id=file_id,
            source=dropped.source,
            table=dropped.table,
            name=dropped.name,
            mode=dropped.mode,
            batch=batch,
            read=scan.read,
            skipped=scan.skipped,
            quarantined=quarantined,
            reasons=refused.reasons,
            warnings=(*scan.layout.warnings, *(text for text, due in warnings.items() if due)),
            seconds=round(time.monotonic() - started, 3),
            **verdicts,
        )
        _end_file(connection, report)
    return report


def _prepare(connection: psycopg.Connection, contract: Contract) -> None:
    for name, setting in _SETTINGS.items():
        connection.execute("select set_config(%s, %s, true)", [name, setting])
    connection.execute(
        "select pg_advisory_xact_lock(%s, hashtext(%s))", [LockClass.TABLE_LOAD, contract.relation]
    )


def _check_count(expected: int | None, read: int) -> None:
    if expected not in (None, read):
        raise FileHeld("row_count", f"the manifest says {expected} rows, the file has {read}")


def _check_closing(closing: int, rows: int, settings: Settings) -> None:
    if closing > settings.hold_closed_rows and closing * 100 > rows * settings.hold_closed_pct:
        raise FileHeld(
            "closes_too_many",
            f"this full file lacks {closing} of the table's {rows} rows: if they are really gone,"
            " release it",
        )


def _account(
    scan: Scan, staged: int, refused: int, kept: int, *, verdicts: dict[str, int], change: Change
) -> None:
    """Check the four countings against each other: scan, staging, verdicts, statements."""
    judged = sum(count for verdict, count in verdicts.items() if verdict != "closed")
    equal = {
        "staged": (staged, scan.read - scan.skipped),
        "judged": (judged + refused, staged),
        "quarantined": (kept, refused),
        "begun": (change.begun, verdicts["inserted"] + verdicts["replaced"]),
        "replaced": (change.replaced, verdicts["replaced"]),
        "closed": (change.closed, verdicts["closed"]),
    }
    off = [f"{name} {have}, not {due}" for name, (have, due) in equal.items() if have != due]
    if off or scan.refused > refused:
        raise AccountingBroken(f"of {scan.read} rows read: {'; '.join(off) or 'refusals lost'}")


def _begin_file(connection: psycopg.Connection, dropped: DroppedFile, batch: int) -> int:
    row = connection.execute(
        "insert into ops.file (source, table_name, file_name, sha256, bytes, mode, exported_on,"
        " state, batch) values (%s, %s, %s, %s, %s, %s, %s, 'loaded', %s) returning file_id",
        [
            dropped.source, dropped.table, dropped.name, dropped.sha256, dropped.bytes,
            dropped.mode, dropped.exported_on, batch,
        ],
    ).fetchone()  # fmt: skip
    assert row is not None
    return row[0]


def _end_file(connection: psycopg.Connection, report: FileReport) -> None:
    connection.execute(
        "update ops.file set state = %s, rows_read = %s, rows_inserted = %s, rows_replaced = %s,"
        " rows_unchanged = %s, rows_stale = %s, rows_quarantined = %s, rows_skipped = %s,"
        " rows_closed = %s, warnings = %s, seconds = %s where file_id = %s",
        [
            report.state, report.read, report.inserted, report.replaced, report.unchanged,
            report.stale, report.quarantined, report.skipped, report.closed,
            list(report.warnings), report.seconds, report.file_id,
        ],
    )  # fmt: skip
