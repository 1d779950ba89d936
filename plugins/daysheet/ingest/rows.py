"""The rows of a file as CSV for COPY: line, whether SQL must judge it, refusal, text, cells."""

import re
from collections.abc import Callable, Sequence
from operator import itemgetter

from daysheet.catalog import Contract
from daysheet.ingest.grammar import plain_cells, plain_lines, without_zero_day
from daysheet.ingest.header import Layout
from daysheet.ingest.quotes import leading_cells, unquoted, without_quotes

_KEY_CELL = re.compile(rb"[\w.:+-]{1,64}", re.ASCII)
_TEXT_LIMIT = 2**16  # bytes of a refused row that are kept
_WITHHELD = "(not kept: the table has secret columns; see the line in the archived file)"


class Rows:
    """Writes and counts rows; ``line`` is the physical line of the next one (the header is 1)."""

    def __init__(self, contract: Contract, layout: Layout) -> None:
        self.line = 2
        self.read = self.skipped = self.refused = self.blank = 0
        self._layout = layout
        self._encoding = contract.encoding
        self._keeps_text = not any(c.phi == "secret_or_account" for c in contract.columns.values())
        self._pick = _picker(list(layout.columns.values()))
        self._is_plain = plain_cells(contract, list(layout.columns))
        pattern = plain_lines(contract, layout.names)
        self._plain_row = b"%d,,,," + b",".join([b"%b"] * pattern.groups) + b"\n"
        chosen = layout.presence or contract.rows
        self.match_plain = (lambda line: None) if chosen else pattern.fullmatch
        self._is_wanted = _row_filter(contract)

    def write_plain(self, matches: Sequence[re.Match[bytes]]) -> list[bytes]:
        """Pass on lines that ``match_plain`` has found plain: the fast path."""
        row = self._plain_row
        written = [row % (line, *match.groups()) for line, match in enumerate(matches, self.line)]
        self.line += len(written)
        self.read += len(written)
        return written

    def write(self, cells: list[bytes], lines: int = 1) -> bytes:
        """Pass on one row that took ``lines``; nothing if the contract leaves it out."""
        line = self.line
        self.line += lines
        self.read += 1
        if self._is_wanted and not self._is_wanted(unquoted(cells[self._layout.filtered_by])):
            self.skipped += 1
            return b""
        for index in self._layout.presence:
            cells[index] = b"1" if cells[index] else b"0"
        row = b",".join(self._pick(cells))
        return b"%d,,,,%b\n" % (line, row) if self._is_plain(row) else self._mended(line, cells)

    def refuse(self, text: bytes, reason: str, lines: int = 1) -> bytes:
        """Refuse a row, keeping its text and what can be made out of its key (merge needs it)."""
        line = self.line
        self.line += lines
        self.read += 1
        self.refused += 1
        text = text[:_TEXT_LIMIT].rstrip(b"\r\n")
        kept = _WITHHELD
        if self._keeps_text:
            kept = text.decode(self._encoding, "backslashreplace").replace("\0", "\\x00")
        leading = leading_cells(text, max(self._layout.keys) + 1)
        found = (
            unquoted(leading[at]) if at in self._layout.keys and at < len(leading) else b""
            for at in self._layout.columns.values()
        )
        keys = b",".join(cell if _KEY_CELL.fullmatch(cell) else b"" for cell in found)
        quoted = kept.replace('"', '""').encode(self._encoding)
        return b'%d,t,%b,"%b",%b\n' % (line, reason.encode(), quoted, keys)

    def pass_over(self) -> None:
        """Count a blank line, which is no row."""
        self.line += 1
        self.blank += 1

    def _mended(self, line: int, cells: list[bytes]) -> bytes:
        """A row for SQL to judge, unless only quotes or MySQL's way to write no day were odd."""
        for index in self._layout.typed:
            cells[index] = without_quotes(cells[index])
        for index in self._layout.days:
            cells[index] = without_zero_day(cells[index])
        row = b",".join(self._pick(cells))
        return b"%d,%b,,,%b\n" % (line, b"" if self._is_plain(row) else b"t", row)


def _picker(indexes: list[int]) -> Callable[[list[bytes]], Sequence[bytes]]:
    if len(indexes) == 1:
        return lambda cells: (cells[indexes[0]],)
    return itemgetter(*indexes)


def _row_filter(contract: Contract) -> Callable[[bytes], bool] | None:
    """The contract's choice of rows, on what the filtering cell holds."""
    rows = contract.rows
    if rows is None:
        return None
    only = {value.encode(contract.encoding) for value in rows.only}
    without = {value.encode(contract.encoding) for value in rows.without}
    return lambda cell: (not only or cell in only) and cell not in without
