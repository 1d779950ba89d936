"""One file's rows, judged: that they all are accounted for, and what a person should be told."""

from dataclasses import dataclass

from daysheet.ingest.merge import Change, Decided, Refused, Typed
from daysheet.ingest.scan import Scan


class AccountingBroken(Exception):
    """Rows are unaccounted for: a defect of ours, so nothing was applied. Holds counts only."""


@dataclass(frozen=True)
class Judged:
    """What is known of a file's rows before any is applied."""

    scan: Scan
    staged: int  # rows that arrived in the database
    refused: Refused
    typed: Typed
    decided: Decided
    is_full: bool
    is_newest: bool  # of the full files of its table
    closes: bool  # whether the rows it lacks were closed


def check_accounts(judged: Judged, change: Change, quarantined: int) -> None:
    """Hold four countings against each other: scan, staging, verdicts, statements.

    Raises :class:`AccountingBroken`.
    """
    rows, verdicts = judged.scan.rows, judged.decided.verdicts
    decided = sum(count for verdict, count in verdicts.items() if verdict != "closed")
    equal = {
        "staged": (judged.staged, rows.read - rows.skipped),
        "decided": (decided, judged.staged - judged.refused.rows),
        "quarantined": (quarantined, judged.refused.rows),
        "begun": (change.begun, verdicts["inserted"] + verdicts["replaced"]),
        "replaced": (change.replaced, verdicts["replaced"]),
        "closed": (change.closed, verdicts["closed"]),
    }
    off = [f"{name} {have}, not {due}" for name, (have, due) in equal.items() if have != due]
    if rows.refused > judged.refused.rows:
        off.append(f"refused {judged.refused.rows}, not {rows.refused} or more")
    if off:
        raise AccountingBroken(f"of {rows.read} rows read: {'; '.join(off)}")


def find_warnings(judged: Judged) -> tuple[str, ...]:
    """What went well but may not be meant so; counts and column names only."""
    blank, keyless = judged.scan.rows.blank, judged.refused.keyless
    repeated, late, tied = judged.typed.repeated, judged.typed.late, judged.decided.tied
    found = {
        f"{blank} blank lines passed over": blank,
        f"{repeated} rows repeat a key of the file: the latest of each counts": repeated,
        f"{tied} rows differ from the current ones of the same time: one of each was chosen": tied,
        f"{late} rows changed after exported_on: check it and the clocks": judged.is_full and late,
        "older than the newest full file: it closes nothing": (
            judged.is_full and not judged.is_newest
        ),
        f"{keyless} refused rows have no readable key: the file closes nothing": (
            judged.is_newest and not judged.closes
        ),
    }
    return (*judged.scan.layout.warnings, *(text for text, holds in found.items() if holds))
