"""What a file's name says: which table it holds and when it was exported."""

import re
from collections.abc import Iterable
from datetime import datetime
from functools import cache

from daysheet.catalog import all_contracts

_CSV = re.compile(r"\.csv(\.gz)?$", re.IGNORECASE)
_UNFINISHED = (".tmp", ".part", ".crdownload")
_DATE = re.compile(
    r"(?<!\d)((?:19|20|21)\d\d)-?(\d\d)-?(\d\d)"
    r"(?:[T _-]?(\d\d)[-:.]?(\d\d)(?:[-:.]?(\d\d))?)?(?!\d)"
)
_US_DATE = re.compile(r"(?<!\d)(\d\d)([-_]?)(\d\d)\2((?:19|20|21)\d\d)(?!\d)")


@cache
def tables_by_source() -> dict[str, tuple[str, ...]]:
    """The tables of every source there is a contract for."""
    contracts = all_contracts().values()
    return {
        source: tuple(one.table for one in contracts if one.source == source)
        for source in sorted({contract.source for contract in contracts})
    }


@cache
def sources_by_header() -> frozenset[str]:
    """The sources whose files say by their header what they hold, not by their name."""
    contracts = all_contracts().values()
    return frozenset(one.source for one in contracts if one.recognized_by == "header")


def is_ignored(name: str) -> bool:
    """Whether a name is nobody's finished file: hidden, a lock file or still being written."""
    return name.startswith((".", "~$")) or name.lower().endswith(_UNFINISHED)


def is_csv(name: str) -> bool:
    """Whether a name says it is a CSV file, perhaps compressed."""
    return bool(_CSV.search(name))


def table_in(name: str, tables: Iterable[str]) -> str | None:
    """The one table that ``name`` (``patient_2026-11-20.csv.gz``) holds as a word of its own.

    None when it is no CSV, names no table, or names several.
    """
    if not is_csv(name):
        return None
    stem = _CSV.sub("", name.lower())
    named = {table for table in tables if re.search(rf"(?<![a-z0-9]){table}(?![a-z0-9])", stem)}
    whole = {table for table in named if not any(table in other for other in named - {table})}
    return whole.pop() if len(whole) == 1 else None


def time_in(name: str) -> datetime | None:
    """The date in ``name``, with the time behind it if there is one (else midnight).

    The year comes first, or last as in 11202026 and 11_20_2026.
    """
    for found in _DATE.finditer(name):
        year, month, day, *clock = (int(part) if part else 0 for part in found.groups())
        for candidate in ((year, month, day, *clock), (year, month, day)):
            try:
                return datetime(*candidate)
            except ValueError:
                continue
    for month, _, day, year in _US_DATE.findall(name):
        try:
            return datetime(int(year), int(month), int(day))
        except ValueError:
            continue
    return None
