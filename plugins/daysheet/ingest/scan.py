"""One pass over a dropped file: every row goes on to COPY, as cells or refused as a whole."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from operator import itemgetter

from daysheet.catalog import Contract
from daysheet.ingest.grammar import plain_rows, without_zero_day
from daysheet.ingest.header import Layout, read_header
from daysheet.ingest.physical import read_blocks
from daysheet.ingest.quotes import (
    leading_cells,
    opens_quote,
    split_quoted,
    swallows_rows,
    unquoted,
    without_quotes,
)
from daysheet.ingest.verdicts import DroppedFile, FileRejected
from daysheet.settings import Settings

_LINE_END = re.compile(rb"\r\n|\n|\r")
_KEY_CELL = re.compile(rb"[\w.:+-]{1,64}", re.ASCII)
_ROW_FIELDS = 16  # a row may be this many times the longest cell
_RAW_LIMIT = 2**16  # bytes of a refused row that are kept
_WITHHELD = "(not kept: the table has secret columns; see the line in the archived file)"


class Scan:
    """The rows of one file, read once in bounded memory.

    ``chunks()`` yields CSV for COPY: line, whether SQL must judge it, refusal, raw text, then the
    columns of ``layout``. A row is refused alone, and reading goes on at the next line. Lines end
    in LF, CRLF or CR, mixed at will; blank lines are no rows. A last line without its end is
    refused, since nothing tells a whole row from a cut one, unless the manifest's count of rows
    includes it. A quoted cell over several lines is one cell, unless it seems to have swallowed
    rows: then each of its lines is refused, because loading them would let a note plant rows, and
    keeping the cell would lose some.
    """

    def __init__(self, dropped: DroppedFile, contract: Contract, settings: Settings) -> None:
        self.read = self.skipped = self.refused = self.blank = 0
        self._expected = dropped.expected_rows
        self._field_limit = settings.max_field_bytes
        self._row_limit = settings.max_field_bytes * _ROW_FIELDS
        self._encoding = contract.encoding
        self._keeps_raw = not any(c.phi == "secret_or_account" for c in contract.columns.values())
        self._blocks = read_blocks(dropped, settings)
        header, self._rest = self._first_line()
        self.layout: Layout = read_header(header, contract)
        self._pick = _picker(list(self.layout.columns.values()))
        self._is_plain = plain_rows(contract, list(self.layout.columns))
        self._wanted = _row_filter(contract)
        self._line = 2
        self._skipping = False  # inside a line over the limit

    def chunks(self) -> Iterator[bytes]:
        """Rows for COPY in pieces of about a block; the counts are whole when it has ended."""
        pending = self._rest
        for block in self._blocks:
            yield from self._take(pending, False)
            pending = self._left + block
        yield from self._take(pending, True)

    def _first_line(self) -> tuple[bytes, bytes]:
        data = b""
        for block in self._blocks:
            data += block
            if end := _line_end(data, False):
                return data[: end.start()], data[end.end() :]
            if len(data) > self._row_limit:
                raise FileRejected("bad_header", "the first line does not end")
        return data.rstrip(b"\r"), b""

    def _take(self, data: bytes, final: bool) -> Iterator[bytes]:
        """Turn the whole rows of ``data`` into output; what must wait is left in ``_left``."""
        if self._skipping:
            end = _line_end(data, final)
            self._skipping = not end
            data = data[end.end() :] if end else data[-1:]
        if self._skipping:
            self._left = data
            return
        # A CR that ends the block may be half of a CRLF.
        whole = max(data.rfind(b"\n"), data.rfind(b"\r", 0, max(len(data) - 1, 0))) + 1
        if final:
            whole = len(data)
        out = self._plain_rows(data[:whole])
        if out is None:
            out, whole = self._careful_rows(data[:whole], final)
        self._left = data[whole:]
        if len(self._left) > self._row_limit and not _line_end(self._left, final):
            out.append(self._refuse(self._left, "row_too_long"))
            self._left, self._skipping = self._left[-1:], True
        yield self._encoded(out)

    def _encoded(self, rows: Sequence[bytes]) -> bytes:
        data = b"".join(rows)
        return data if self._encoding == "utf-8" else data.decode(self._encoding).encode()

    def _plain_rows(self, data: bytes) -> list[bytes] | None:
        """The fast path, for lines that all are rows and hold nothing to look at twice."""
        if not data:
            return []
        if not (data.endswith((b"\n", b"\r")) and b'"' not in data and self._is_clean(data)):
            return None
        lines = data.splitlines()
        rows = [line.split(b",") for line in lines]
        if set(map(len, rows)) != {self.layout.width} or max(map(len, lines)) > self._field_limit:
            return None
        if self.layout.width == 1 and b"" in lines:
            return None
        numbered = list(enumerate(rows, self._line))
        self._line += len(rows)
        self.read += len(rows)
        if self._wanted:
            index = self.layout.filtered_by
            numbered = [(number, cells) for number, cells in numbered if self._wanted(cells[index])]
            self.skipped += len(rows) - len(numbered)
        for index in self.layout.presence:
            for cells in rows:
                cells[index] = b"1" if cells[index] else b"0"
        pick, comma, is_plain = self._pick, b",", self._is_plain
        return [
            b"%d,,,,%b\n" % (number, row)
            if is_plain(row := comma.join(pick(cells)))
            else self._suspect(number, cells)
            for number, cells in numbered
        ]

    def _suspect(self, number: int, cells: list[bytes]) -> bytes:
        """A row for SQL to judge, unless only the way MySQL writes no date was in the way."""
        for index in self.layout.days:
            cells[index] = without_zero_day(cells[index])
        row = b",".join(self._pick(cells))
        return b"%d,%b,,,%b\n" % (number, b"" if self._is_plain(row) else b"t", row)

    def _careful_rows(self, data: bytes, final: bool) -> tuple[list[bytes], int]:
        """The same for lines with quotes or faults; also how many bytes were used up."""
        lines = data.splitlines(keepends=True)
        clean = self._is_clean(data)
        # A quote is open at the end of a line with an odd number, up to the next such line.
        odd = [at for at, line in enumerate(lines) if line.count(b'"') & 1]
        closes = dict(zip_longest(odd, odd[1:]))
        out: list[bytes] = []
        at = used = 0
        while at < len(lines):
            taken = 1
            if at in closes and not opens_quote(lines[at]):
                out.append(self._refuse(lines[at], "stray_quote"))
            elif at in closes and closes[at] is None:
                if not final and len(data) - used <= self._row_limit:
                    break
                out.append(self._refuse(lines[at], "unterminated_quote"))
            else:
                taken, rows = self._row(lines[at : closes.get(at, at) + 1], clean)
                out += rows
            used += sum(map(len, lines[at : at + taken]))
            at += taken
        return out, used

    def _row(self, lines: list[bytes], clean: bool) -> tuple[int, list[bytes]]:
        """The row that ``lines`` hold, or the refusal of its first line; and the lines used."""
        text = b"".join(lines).rstrip(b"\r\n")
        if not text:
            self._line += 1
            self.blank += 1
            return 1, []
        cells = split_quoted(text) if b'"' in text else text.split(b",")
        if cells is None or len(cells) != self.layout.width:
            return 1, [self._refuse(lines[0], "wrong_width" if cells else "stray_quote")]
        if len(lines) > 1 and self._swallows_rows(lines):
            return len(lines), [self._refuse(line, "quote_swallows_rows") for line in lines]
        fault = self._fault(text, cells, clean, lines[-1])
        if fault:
            return len(lines), [self._refuse(text, fault, len(lines))]
        number = self._line
        self._line += len(lines)
        self.read += 1
        if self._wanted and not self._wanted(unquoted(cells[self.layout.filtered_by])):
            self.skipped += 1
            return len(lines), []
        for index in self.layout.presence:
            cells[index] = b"1" if cells[index] else b"0"
        for index in self.layout.typed:
            cells[index] = without_quotes(cells[index])
        return len(lines), [self._suspect(number, cells)]

    def _swallows_rows(self, lines: list[bytes]) -> bool:
        bare = [line.rstrip(b"\r\n") for line in lines]
        return swallows_rows(bare, self.layout.width, self.layout.keys, self.layout.typed)

    def _fault(self, text: bytes, cells: list[bytes], clean: bool, last_line: bytes) -> str | None:
        if not clean and b"\0" in text:
            return "nul_byte"
        if not clean and not self._is_clean(text):
            return "bad_encoding"
        if len(text) > self._field_limit:
            kept = set(self.layout.columns.values()) - set(self.layout.presence)
            if any(len(cells[index]) > self._field_limit for index in kept):
                return "field_too_long"
        if not last_line.endswith((b"\n", b"\r")) and self._expected != self.read + 1:
            return "no_final_newline"
        return None

    def _refuse(self, text: bytes, reason: str, lines: int = 1) -> bytes:
        """A row of COPY that says why; with its key, if that can be made out (merge needs it)."""
        number = self._line
        self._line += lines
        self.read += 1
        self.refused += 1
        text = text[:_RAW_LIMIT].rstrip(b"\r\n")
        raw = _WITHHELD
        if self._keeps_raw:
            raw = text.decode(self._encoding, "backslashreplace").replace("\0", "\\x00")
        leading = leading_cells(text, max(self.layout.keys) + 1)
        found = (
            leading[index].strip(b'"')
            if index in self.layout.keys and index < len(leading)
            else b""
            for index in self.layout.columns.values()
        )
        cells = (cell if _KEY_CELL.fullmatch(cell) else b"" for cell in found)
        quoted = raw.replace('"', '""').encode(self._encoding)
        return b'%d,t,%b,"%b",%b\n' % (number, reason.encode(), quoted, b",".join(cells))

    def _is_clean(self, data: bytes) -> bool:
        """Whether it is text of the contract's encoding without NUL."""
        if b"\0" in data:
            return False
        try:
            data.decode(self._encoding)
        except UnicodeDecodeError:
            return False
        return True


def _line_end(data: bytes, final: bool) -> re.Match[bytes] | None:
    """The first line end, unless it is a CR that may prove half of a CRLF."""
    end = _LINE_END.search(data)
    return None if end and end[0] == b"\r" and end.end() == len(data) and not final else end


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
