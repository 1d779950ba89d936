"""Refused rows read again: from their kept text, with what a person has typed instead of cells."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import psycopg
from psycopg.rows import class_row

from daysheet.catalog import Contract, load_contract
from daysheet.desk.actors import system
from daysheet.ingest.reports.judging import Judge
from daysheet.ingest.reports.kinds import KINDS
from daysheet.ingest.reports.lines import read_lines
from daysheet.ingest.reports.remembering import KnownAs, remember
from daysheet.ingest.reports.rows import Report, ReportRow, Verdict
from daysheet.ingest.reports.rules import Judged
from daysheet.ingest.reports.sifting import cells_of, good_row
from daysheet.warehouse import LockClass

WAITS_FOR_DAYS = 30  # a row without its visit is tried again with each appointment report

_REFUSED = """
    select
        file.file_id, file.source, file.table_name as table, file.exported_on, file.layout,
        row_verdict.line, row_verdict.verdict, row_verdict.reasons, row_verdict.row_key,
        row_verdict.decision, refused_row.raw_text
    from ops.row_verdict
    inner join ops.file on row_verdict.file_id = file.file_id
    inner join quarantine.refused_row
        on row_verdict.file_id = refused_row.file_id and row_verdict.line = refused_row.line
"""


@dataclass(frozen=True)
class RefusedRow:
    """A row in quarantine, and the file it came in."""

    file_id: int
    source: str
    table: str
    exported_on: datetime
    layout: list[str | None]
    line: int
    verdict: str
    reasons: list[str]
    row_key: bytes | None = field(repr=False)
    decision: str | None
    raw_text: str = field(repr=False)

    @property
    def contract(self) -> Contract:
        """Of its report."""
        return load_contract(self.source, self.table)

    def cells(self, typed: Mapping[str, str]) -> dict[str, str]:
        """Its cells by column, with those a person has ``typed`` in place of its own.

        A row of the wrong width has none of its own: what stands where is not known.
        """
        line = next(read_lines(self.raw_text), None)
        found = dict.fromkeys(filter(None, self.layout), "")
        if line and not line.fault and len(line.cells) == len(self.layout):
            found = cells_of(self.layout, line.cells)
        return found | dict(typed)


def hold_source(connection: psycopg.Connection, source: str) -> None:
    """One at a time may apply rows of a source; until the transaction ends it is us."""
    connection.execute(
        "select pg_advisory_xact_lock(%s, hashtext(%s))", [LockClass.TABLE_LOAD, source]
    )


def find_refused(
    connection: psycopg.Connection, file_id: int, line: int | None = None
) -> list[RefusedRow]:
    """The refused rows of a file, or the one of a line; locked against other decisions."""
    return _read(
        connection,
        "where row_verdict.file_id = %s and row_verdict.line = coalesce(%s, row_verdict.line)"
        " order by row_verdict.line for update of row_verdict",
        [file_id, line],
    )


def see_refused(connection: psycopg.Connection, file_id: int, line: int) -> list[RefusedRow]:
    """The refused row of a line, then those of its file with the same key; nothing is locked."""
    found = _read(
        connection,
        "where row_verdict.file_id = %(file_id)s and (row_verdict.line = %(line)s or"
        " row_verdict.row_key = ("
        "select row_key from ops.row_verdict where file_id = %(file_id)s and line = %(line)s"
        ")) order by row_verdict.line != %(line)s, row_verdict.line",
        {"file_id": file_id, "line": line},
    )
    return found if found and found[0].line == line else []


def retry_waiting(connection: psycopg.Connection, judge: Judge, batch: int) -> int:
    """Try again the rows that found no visit, now that visits came; how many found theirs."""
    waiting = _read(
        connection,
        "where row_verdict.verdict = 'quarantined' and row_verdict.decision is null"
        " and 'session_not_found' = any(row_verdict.reasons)"
        " and file.exported_on::date >= desk.today() - %s"
        " order by file.exported_on, file.file_id, row_verdict.line",
        [WAITS_FOR_DAYS],
    )
    files: dict[int, list[tuple[RefusedRow, Judged]]] = defaultdict(list)
    for row in waiting:
        judged = judge.of(row.contract).judge(row.cells({}))
        if not judged.reasons:
            files[row.file_id].append((row, judged))
    found = 0
    for rows in files.values():
        verdicts = apply_again(connection, judge, rows, batch)
        actor = system("import", rows[0][0].table)
        kept = [verdict for verdict in verdicts if verdict.is_kept]
        for verdict in kept:
            decide(connection, rows[0][0].file_id, verdict, Decision("retried", actor.user_id))
        found += len(kept)
    return found


def apply_again(
    connection: psycopg.Connection,
    judge: Judge,
    rows: Sequence[tuple[RefusedRow, Judged]],
    batch: int,
) -> list[Verdict]:
    """Apply mended rows of one file as if they had been good at once; one verdict each."""
    first = rows[0][0]
    good = [good_row(row.line, judged, row.raw_text) for row, judged in rows]
    report = Report(
        file_id=first.file_id,
        contract=first.contract,
        exported_on=first.exported_on.date(),
        today=judge.today,
        columns=frozenset(filter(None, first.layout)),
        present=frozenset(row.key for row in good),
    )
    actor = system("import", first.table)
    verdicts = KINDS[first.table](connection, actor, report, good)
    by_line = {verdict.line: verdict for verdict in verdicts}
    kept: list[ReportRow] = [row for row in good if by_line[row.line].is_kept]
    if kept:
        known_as = KnownAs(batch, first.file_id, first.exported_on)
        remember(connection, first.contract, kept, known_as, analyzes=False)
    return verdicts


@dataclass(frozen=True)
class Decision:
    """How a refused row ended, who says so, and why where that must be said."""

    what: Literal["retried", "accepted", "discarded"]
    by: str
    reason: str | None = None


def decide(
    connection: psycopg.Connection, file_id: int, verdict: Verdict, decision: Decision
) -> None:
    """Write down how a refused row ended; its own verdict and reasons stay."""
    connection.execute(
        "update ops.row_verdict set decision = %s, decided_by = %s, decided_at = now(),"
        " decision_reason = %s, warnings = %s, session_id = %s, claim_id = %s, payment_id = %s"
        " where file_id = %s and line = %s",
        [
            decision.what, decision.by, decision.reason, list(verdict.warnings),
            verdict.session_id, verdict.claim_id,
            verdict.payment_id, file_id, verdict.line,
        ],
    )  # fmt: skip
    connection.execute(
        "update desk.work_items set done_at = now(), done_by = %s, outcome = %s"
        " where file_id = %s and line = %s and done_at is null",
        [decision.by, decision.what, file_id, verdict.line],
    )


def _read(
    connection: psycopg.Connection, rest: str, values: list[Any] | dict[str, Any]
) -> list[RefusedRow]:
    with connection.cursor(row_factory=class_row(RefusedRow)) as cursor:
        return cursor.execute(f"{_REFUSED} {rest}", values).fetchall()
