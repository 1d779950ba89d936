"""All rows of a report, sifted: good ones, refused ones, and those that are no rows at all."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from daysheet.catalog import load_contracts
from daysheet.ingest.reports.cells import clean, fold
from daysheet.ingest.reports.header import ReportLayout, compared, recognize
from daysheet.ingest.reports.judging import Judge
from daysheet.ingest.reports.lines import Line, read_lines, read_text
from daysheet.ingest.reports.rows import ReportRow, Verdict
from daysheet.ingest.reports.rules import Judged
from daysheet.ingest.verdicts import DroppedFile, FileRejected
from daysheet.settings import Settings

# A file with this share of its rows refused is a shifted or broken export: nothing is applied.
REFUSED_PCT, OF_AT_LEAST = 60, 10

_SUMMARY = re.compile(r"(grand )?totals?:?|summary:?")
# Two equal lines of a remittance may be two payments: a person decides.
_PAYMENTS = "insurance_payments"


@dataclass(frozen=True)
class Sheet:
    """An opened report: its layout and its rows, the header apart."""

    layout: ReportLayout
    lines: Iterator[Line] = field(repr=False)
    warnings: tuple[str, ...] = ()


@dataclass
class Sifted:
    """A sheet's rows by what is known of them before any is applied; keys by line."""

    good: list[ReportRow] = field(default_factory=list, repr=False)
    verdicts: list[Verdict] = field(default_factory=list)  # of all others
    raw: dict[int, str] = field(default_factory=dict, repr=False)  # of the refused
    keys: dict[int, bytes] = field(default_factory=dict, repr=False)  # of the refused, if readable
    present: set[bytes] = field(default_factory=set, repr=False)

    def refuse(self, line: Line, reasons: Sequence[str], key: bytes = b"") -> None:
        """Refuse a row, keeping its text."""
        self.verdicts.append(Verdict(line.number, "quarantined", tuple(reasons)))
        self.raw[line.number] = line.text
        if key:
            self.keys[line.number] = key


def open_sheet(dropped: DroppedFile, settings: Settings) -> Sheet:
    """Tell the report by its header. Raises :class:`FileRejected`."""
    text, warnings = read_text(dropped, settings)
    lines = read_lines(text)
    header = next(lines)
    if header.fault:
        raise FileRejected("bad_header", "the first line is no CSV header")
    layout = recognize(header.cells, load_contracts(dropped.source).values())
    return Sheet(layout, lines, (*warnings, *layout.warnings))


def sift(sheet: Sheet, judge: Judge, settings: Settings) -> Sifted:
    """Judge every row. Raises :class:`FileRejected` when there are none, or too many bad ones."""
    sifted = Sifted()
    by_key: dict[bytes, list[tuple[Line, Judged]]] = defaultdict(list)
    for number, line in enumerate(sheet.lines):
        if number == settings.max_report_rows:
            raise FileRejected("too_large", f"over {settings.max_report_rows} rows: export less")
        if reason := _no_row(line, sheet.layout):
            sifted.verdicts.append(Verdict(line.number, "skipped", (reason,)))
        elif reason := line.fault or _wrong_width(line, sheet.layout):
            sifted.refuse(line, [reason])
        else:
            judged = judge.judge(cells_of(sheet.layout.names, line.cells))
            if judged.reasons:
                sifted.refuse(line, judged.reasons, judged.key)
                sifted.present.add(judged.key)
            else:
                by_key[judged.key].append((line, judged))
    for key, rows in by_key.items():
        _settle(sifted, key, rows, sheet.layout.contract.table)
    _check(sifted)
    sifted.present.update(by_key)
    sifted.good.sort(key=lambda row: row.line)
    return sifted


def cells_of(names: Sequence[str | None], cells: Sequence[str]) -> dict[str, str]:
    """A row's cells by column."""
    return {name: text for name, text in zip(names, cells, strict=True) if name}


def good_row(line: int, judged: Judged, raw: str) -> ReportRow:
    """A row nothing is wrong with."""
    return ReportRow(line, judged.cells, judged.key, tuple(judged.warnings), raw)


def _no_row(line: Line, layout: ReportLayout) -> str | None:
    """Why a line is none of the report's rows."""
    first = clean(line.cells[0]) if line.cells else ""
    if not first and not line.fault and not any(map(clean, line.cells)):
        return "blank_row"
    if _SUMMARY.fullmatch(fold(first)) and not any(map(clean, line.cells[1:3])):
        return "summary_row"
    if compared(first) == layout.header[0] and tuple(map(compared, line.cells)) == layout.header:
        return "repeated_header"
    return None


def _wrong_width(line: Line, layout: ReportLayout) -> str | None:
    if len(line.cells) == len(layout.names):
        return None
    return "too_few_columns" if len(line.cells) < len(layout.names) else "too_many_columns"


def _settle(sifted: Sifted, key: bytes, rows: list[tuple[Line, Judged]], table: str) -> None:
    """Rows of one key: of those that say the same one counts; if they differ, none does."""
    if key and len({judged.content for _, judged in rows}) > 1:
        for line, _ in rows:
            sifted.refuse(line, ["conflicting_duplicate"], key)
        return
    counting = rows[:1] if key else rows
    sifted.good += [good_row(line.number, judged, line.text) for line, judged in counting]
    for line, _ in rows[len(counting) :]:
        if table == _PAYMENTS:
            sifted.refuse(line, ["duplicate_payment_row"], key)
        else:
            sifted.verdicts.append(Verdict(line.number, "duplicate_dropped", ("duplicate_row",)))


def _check(sifted: Sifted) -> None:
    counted = Counter(verdict.verdict for verdict in sifted.verdicts)
    refused = counted["quarantined"]
    rows = refused + counted["duplicate_dropped"] + len(sifted.good)
    if not rows:
        raise FileRejected("no_rows", "it holds a header and no rows")
    if rows >= OF_AT_LEAST and refused * 100 > rows * REFUSED_PCT:
        raise FileRejected(
            "too_many_bad_rows",
            f"{refused} of {rows} rows would be refused: the export is not what it seems",
        )
