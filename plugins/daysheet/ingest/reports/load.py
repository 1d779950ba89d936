"""Load one report in one transaction: judged, applied to the desk, remembered in ``raw``.

Each row of the file gets one verdict, and the verdicts add up to the rows. Nothing but lines and
codes leaves the database.
"""

import time
from collections import Counter
from collections.abc import Sequence

import psycopg

from daysheet.catalog import Contract
from daysheet.desk.actors import Actor, system
from daysheet.desk.work.items import open_item
from daysheet.ingest.accounting import AccountingBroken
from daysheet.ingest.load import begin_file, end_file, tune
from daysheet.ingest.reports.judging import Judge, judge_of
from daysheet.ingest.reports.kinds import KINDS
from daysheet.ingest.reports.remembering import KnownAs, remember
from daysheet.ingest.reports.retrying import hold_source, retry_waiting
from daysheet.ingest.reports.rows import Report, ReportRow, Verdict
from daysheet.ingest.reports.sifting import Sifted, open_sheet, sift
from daysheet.ingest.reports.vanishing import find_vanished
from daysheet.ingest.verdicts import DroppedFile, FileHeld, FileParked, FileReport
from daysheet.settings import Settings

_TEXT_LIMIT = 2**16  # characters of a refused row that are kept


def tell_report(dropped: DroppedFile, settings: Settings) -> str:
    """Which report a file is, by its header; raises :class:`FileRejected`."""
    return open_sheet(dropped, settings).layout.contract.table


def load_report(
    connection: psycopg.Connection,
    contract: Contract,
    dropped: DroppedFile,
    *,
    batch: int,
    settings: Settings,
    released: bool = False,
) -> FileReport:
    """Apply a report in one transaction (a savepoint, if the caller has one open).

    A file that does not have the rows its manifest says is held unless ``released``. Raises
    :class:`FileRejected`, :class:`FileHeld`, :class:`FileParked`, :class:`AccountingBroken` or what
    the driver raises; then nothing of the file has been applied.
    """
    started = time.monotonic()
    if contract.parked:
        raise FileParked("parked", "a known report of which nothing is loaded")
    sheet = open_sheet(dropped, settings)
    with connection.transaction():
        judge = _prepare(connection, contract, settings)
        sifted = sift(sheet, judge, settings)
        if not released:
            _check_count(dropped, sifted)
        names = sheet.layout.names
        file_id = begin_file(connection, dropped, batch, list(names))
        report = Report(
            file_id=file_id,
            contract=contract,
            exported_on=dropped.exported_on.date(),
            today=judge.today,
            columns=frozenset(name for name in names if name),
            present=frozenset(sifted.present),
        )
        actor = system("import", contract.table)
        verdicts, kept = _apply(connection, actor, report, sifted)
        known_as = KnownAs(batch, file_id, dropped.exported_on)
        facts = remember(connection, contract, kept, known_as)
        _write_down(connection, file_id, verdicts, sifted)
        _supersede(connection, actor, report, kept)
        counted = Counter(verdict.verdict for verdict in verdicts)
        done = FileReport(
            file_id=file_id,
            source=dropped.source,
            table=contract.table,
            name=dropped.name,
            mode=dropped.mode,
            batch=batch,
            read=len(verdicts),
            quarantined=counted["quarantined"],
            skipped=counted["skipped"],
            dropped=counted["duplicate_dropped"],
            closed=0,
            reasons=_count_reasons(verdicts),
            warnings=sheet.warnings,
            seconds=round(time.monotonic() - started, 3),
            **facts,
        )
        end_file(connection, done)
        if contract.table == "appointment_status":
            find_vanished(connection, report)
            retry_waiting(connection, judge, batch)
    return done


def _check_count(dropped: DroppedFile, sifted: Sifted) -> None:
    rows = len(sifted.good) + sum(one.verdict != "skipped" for one in sifted.verdicts)
    if dropped.expected_rows not in (None, rows):
        raise FileHeld(
            "row_count", f"the manifest says {dropped.expected_rows} rows, the file has {rows}"
        )


def _prepare(connection: psycopg.Connection, contract: Contract, settings: Settings) -> Judge:
    """Take the lock of the source, whose reports change the same sessions.

    The desk's day is the settings' from here to the end of the transaction.
    """
    tune(connection)
    for name, setting in settings.clock().items():
        connection.execute("select set_config(%s, %s, true)", [name, setting])
    hold_source(connection, contract.source)
    return judge_of(connection, contract)


def _apply(
    connection: psycopg.Connection, actor: Actor, report: Report, sifted: Sifted
) -> tuple[list[Verdict], list[ReportRow]]:
    """Every row's verdict by line, and the rows that count."""
    applied = KINDS[report.contract.table](connection, actor, report, sifted.good)
    lines = {verdict.line: verdict for verdict in applied}
    if len(lines) != len(applied) or lines.keys() != {row.line for row in sifted.good}:
        raise AccountingBroken(
            f"{len(sifted.good)} good rows were applied, {len(applied)} verdicts came back"
        )
    for row in sifted.good:
        if lines[row.line].verdict == "quarantined":
            sifted.raw[row.line], sifted.keys[row.line] = row.raw, row.key
    kept = [row for row in sifted.good if lines[row.line].is_kept]
    return sorted([*sifted.verdicts, *applied], key=lambda verdict: verdict.line), kept


def _write_down(
    connection: psycopg.Connection, file_id: int, verdicts: Sequence[Verdict], sifted: Sifted
) -> None:
    refused = [verdict for verdict in verdicts if verdict.verdict == "quarantined"]
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "copy quarantine.refused_row (file_id, line, reasons, raw_text) from stdin"
        ) as copy,
    ):
        for one in refused:
            text = sifted.raw[one.line][:_TEXT_LIMIT]
            copy.write_row((file_id, one.line, list(one.reasons), text))
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "copy ops.row_verdict (file_id, line, verdict, reasons, warnings, session_id,"
            " claim_id, payment_id, row_key) from stdin"
        ) as copy,
    ):
        for one in verdicts:
            copy.write_row(
                (
                    file_id, one.line, one.verdict, list(one.reasons), list(one.warnings),
                    one.session_id, one.claim_id, one.payment_id, sifted.keys.get(one.line),
                )
            )  # fmt: skip
    for one in refused:
        detail = {"reasons": one.reasons}
        open_item(connection, "quarantined_row", file_id=file_id, line=one.line, detail=detail)


def _supersede(
    connection: psycopg.Connection, actor: Actor, report: Report, kept: Sequence[ReportRow]
) -> None:
    """Refused rows of earlier files that this one brings again, now good, need no decision."""
    connection.execute(
        """
        with superseded as (
            update ops.row_verdict
            set decision = 'superseded', decided_by = %(actor)s, decided_at = now()
            from ops.file
            where
                file.file_id = row_verdict.file_id and file.source = %(source)s
                and file.table_name = %(table)s and file.file_id != %(file)s
                and file.exported_on::date <= %(exported_on)s
                and row_verdict.verdict = 'quarantined' and row_verdict.decision is null
                and row_verdict.row_key = any(%(keys)s)
            returning row_verdict.file_id, row_verdict.line
        )

        update desk.work_items
        set done_at = now(), done_by = %(actor)s, outcome = 'superseded'
        from superseded
        where
            work_items.file_id = superseded.file_id and work_items.line = superseded.line
            and work_items.done_at is null
        """,
        {
            "actor": actor.user_id,
            "source": report.contract.source,
            "table": report.contract.table,
            "file": report.file_id,
            "exported_on": report.exported_on,
            "keys": [row.key for row in kept if row.key],
        },
    )


def _count_reasons(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """How many rows each reason code was given to, refused ones first of all."""
    return dict(
        Counter(
            reason for verdict in verdicts for reason in (verdict.reasons or verdict.warnings)
        ).most_common()
    )
