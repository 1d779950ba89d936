"""The header of a report: which report it is, and which of its columns each cell of a row is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from daysheet.catalog import Column, Contract
from daysheet.ingest.reports.cells import clean, fold
from daysheet.ingest.verdicts import FileRejected

_OTHER_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class ReportLayout:
    """Where a file keeps the contract's columns; ``names`` has one entry per cell of a row."""

    contract: Contract
    names: tuple[str | None, ...]  # None for a cell the contract does not know
    header: tuple[str, ...]  # as compared

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know of the columns; their names may hold anything."""
        extra = self.names.count(None)
        return (f"{extra} unknown columns: dropped",) if extra else ()


def compared(heading: str) -> str:
    """A heading as it is compared with others."""
    return clean(fold(clean(heading)).replace("-", " "))


def recognize(cells: Sequence[str], contracts: Iterable[Contract]) -> ReportLayout:
    """Tell the report by its header, and map its columns.

    Raises :class:`FileRejected`; headings are never repeated, since the line may be data.
    """
    header = tuple(compared(cell) for cell in cells)
    found = [_map(contract, header) for contract in contracts]
    whole = [one for one in found if not one.missing]
    if whole:
        best = max(whole, key=lambda one: len(one.places))
        if best.twice:
            raise FileRejected("duplicate_columns", "the header names a column twice")
        names: list[str | None] = [None] * len(header)
        for name, place in best.places.items():
            names[place] = name
        return ReportLayout(best.contract, tuple(names), header)
    if len(header) == 1 and (used := _delimiter(cells[0])):
        raise FileRejected("wrong_delimiter", f"its cells are separated by {used}, not by commas")
    nearest = max(found, key=lambda one: len(one.places) / len(_headings(one.contract)))
    if len(nearest.places) * 3 < len(_headings(nearest.contract)):
        raise FileRejected("unknown_header", "its first line is the header of no known report")
    raise FileRejected(
        "missing_columns",
        f"read as {nearest.contract.table}, it lacks {', '.join(nearest.missing)}",
    )


@dataclass(frozen=True)
class _Mapping:
    contract: Contract
    places: dict[str, int]
    missing: tuple[str, ...]
    twice: bool


def _headings(contract: Contract) -> dict[str, Column]:
    return {name: column for name, column in contract.columns.items() if column.heading}


def _map(contract: Contract, header: tuple[str, ...]) -> _Mapping:
    """Walk the header; behind a block's anchor its headings mean the block's columns."""
    columns = _headings(contract)
    anchors: dict[str, str] = {}  # heading -> block
    for column in columns.values():
        if column.block and column.block not in anchors.values():
            anchors[compared(column.heading or "")] = column.block
    wanted = {
        (column.block, compared(column.heading or "")): name for name, column in columns.items()
    }
    block, places, twice = None, {}, False
    for place, heading in enumerate(header):
        block = anchors.get(heading, block)
        name = wanted.get((block, heading)) or wanted.get((None, heading))
        twice = twice or name in places
        if name is not None:
            places.setdefault(name, place)
    absent = {
        column.block
        for column in columns.values()
        if column.block == "insurance"  # a practice without insurance exports no such block
    } - {columns[name].block for name in places}
    missing = tuple(
        f"{column.heading} ({column.block})" if column.block else str(column.heading)
        for name, column in columns.items()
        if column.required and name not in places and column.block not in absent
    )
    return _Mapping(contract, places, missing, twice)


def _delimiter(line: str) -> str | None:
    counted = {line.count(sign): name for sign, name in _OTHER_DELIMITERS.items()}
    return counted[max(counted)] if max(counted) >= 3 else None
