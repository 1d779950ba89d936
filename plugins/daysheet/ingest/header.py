"""The first line of a file against the contract: which cell of a row is which column."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from daysheet.catalog import Contract
from daysheet.ingest.quotes import split_quoted, unquoted
from daysheet.ingest.verdicts import FileHeld, FileRejected

_MAX_COLUMNS = 4096
_NAMED_AT_MOST = 10  # unknown columns a warning lists
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_ .-]")


@dataclass(frozen=True)
class Layout:
    """Where a file keeps the contract's columns; indexes count cells from the left."""

    names: tuple[str, ...]  # of all columns
    columns: dict[str, int]  # loaded columns the file has, as they stand in it
    presence: tuple[int, ...]
    keys: tuple[int, ...]
    typed: tuple[int, ...]  # loaded columns that are not text
    days: tuple[int, ...]  # those that hold a date
    filtered_by: int | None
    warnings: tuple[str, ...]

    @property
    def width(self) -> int:
        """Cells in a row."""
        return len(self.names)


def read_header(line: bytes, contract: Contract) -> Layout:
    """Map the header; its names are case-sensitive and may come in any order.

    Raises :class:`FileRejected` when it is no header at all or names a column twice, and
    :class:`FileHeld` when a required column is missing. What the file calls an unknown column is
    only repeated once all required ones were found: else the line may be a row of data.
    """
    names = _names(line, contract.encoding)
    known = [name for name in names if name in contract.columns]
    twice = sorted({name for name in known if known.count(name) > 1})
    needed = contract.required | ({contract.rows.column} if contract.rows else set())
    missing = [name for name in contract.columns if name in needed and name not in known]
    if missing:
        raise FileHeld(
            "missing_columns",
            f"the header of {contract.table} lacks {', '.join(missing)}: add to the export",
        )
    if twice or len(set(names)) < len(names):
        raise FileRejected(
            "duplicate_columns", f"the header names {', '.join(twice) or 'a column'} twice"
        )
    columns = {name: at for at, name in enumerate(names) if name in contract.loaded}
    loaded = contract.loaded
    return Layout(
        names=tuple(names),
        columns=columns,
        presence=tuple(i for name, i in columns.items() if loaded[name].load == "presence"),
        keys=tuple(columns[name] for name in contract.key),
        typed=tuple(i for name, i in columns.items() if loaded[name].type != "text"),
        days=tuple(i for name, i in columns.items() if loaded[name].type in ("date", "timestamp")),
        filtered_by=names.index(contract.rows.column) if contract.rows else None,
        warnings=(*_absent(contract, columns), *_unknown(contract, names)),
    )


def _names(line: bytes, encoding: str) -> list[str]:
    cells = split_quoted(line)
    if b"\0" in line or not cells or not line.strip():
        raise FileRejected("bad_header", "the first line is no CSV header")
    if len(cells) > _MAX_COLUMNS:
        raise FileRejected("bad_header", f"the header has more than {_MAX_COLUMNS} columns")
    try:
        return [unquoted(cell).decode(encoding) for cell in cells]
    except UnicodeDecodeError:
        raise FileRejected("bad_header", f"the header is not {encoding}") from None


def _absent(contract: Contract, columns: dict[str, int]) -> list[str]:
    return [
        f"column {name} is missing: loaded as null"
        for name, column in contract.loaded.items()
        if name not in columns and not column.since
    ]


def _unknown(contract: Contract, names: Sequence[str]) -> list[str]:
    unknown = [name for name in names if name not in contract.columns]
    shown = [_NOT_PLAIN.sub("?", name)[:40] or "(no name)" for name in unknown[:_NAMED_AT_MOST]]
    more = len(unknown) - len(shown)
    return [f"column {name} is unknown: dropped" for name in shown] + (
        [f"{more} more unknown columns: dropped"] if more else []
    )
