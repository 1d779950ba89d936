"""One pass over a dropped file: its lines become rows, each passed on or refused by itself."""

import re
from collections.abc import Iterator
from itertools import zip_longest

from daysheet.catalog import Contract
from daysheet.ingest.header import read_header
from daysheet.ingest.physical import read_blocks
from daysheet.ingest.quotes import opens_quote, split_quoted, swallows_rows
from daysheet.ingest.rows import Rows
from daysheet.ingest.verdicts import DroppedFile, FileRejected
from daysheet.settings import Settings

_LINE_END = re.compile(rb"\r\n|\n|\r")
_ENDS = (b"\n", b"\r")
_ROW_FIELDS = 8  # a row may be this many times the longest cell


class Scan:
    """The rows of one file, read once in bounded memory; ``rows`` counts them.

    A row is refused alone, and reading goes on at the next line. Lines end in LF, CRLF or CR, mixed
    at will; blank lines are no rows. A last line without its end is refused, since nothing tells a
    whole row from a cut one, unless the manifest's count of rows includes it. A quoted cell over
    several lines is one cell, unless it seems to have swallowed rows: then each of its lines is
    refused, because loading them would let a note plant rows, and keeping the cell would lose some.
    """

    def __init__(self, dropped: DroppedFile, contract: Contract, settings: Settings) -> None:
        self._expected = dropped.expected_rows
        self._field_limit = settings.max_field_bytes
        self._row_limit = settings.max_field_bytes * _ROW_FIELDS
        self._encoding = contract.encoding
        self._blocks = read_blocks(dropped, settings)
        header, self._left = self._first_line()
        self.layout = read_header(header, contract)
        self.rows = Rows(contract, self.layout)
        self._skipping = False  # inside a line over the limit
        self._open = 0  # bytes of _left that are a row whose quote is still open

    def chunks(self) -> Iterator[bytes]:
        """CSV for COPY, about a block at a time; the counts are whole when it has ended."""
        for block in self._blocks:
            yield self._take(self._left, False)
            self._left += block
        yield self._take(self._left, True)

    def _first_line(self) -> tuple[bytes, bytes]:
        data = b""
        for block in self._blocks:
            data += block
            if end := _line_end(data, False):
                return data[: end.start()], data[end.end() :]
            if len(data) > self._row_limit:
                raise FileRejected("bad_header", "the first line does not end")
        return data.rstrip(b"\r"), b""

    def _take(self, data: bytes, final: bool) -> bytes:
        """Turn the whole rows of ``data`` into output; what must wait is left in ``_left``."""
        if self._skipping:
            end = _line_end(data, final)
            self._skipping = not end
            data = data[end.end() :] if end else data[-1:]
        waits = self._open and len(data) <= self._row_limit and data.find(b'"', self._open) < 0
        if self._skipping or (waits and not final):
            self._left = data
            return b""
        # A CR that ends the block may be half of a CRLF.
        whole = max(data.rfind(b"\n"), data.rfind(b"\r", 0, max(len(data) - 1, 0))) + 1
        if final:
            whole = len(data)
        out, used = self._block(data[:whole], final)
        self._left, self._open = data[used:], whole - used
        if len(self._left) > self._row_limit and not _line_end(self._left, final):
            out.append(self.rows.refuse(self._left, "row_too_long"))
            self._left, self._skipping = self._left[-1:], True
        joined = b"".join(out)
        return joined if self._encoding == "utf-8" else joined.decode(self._encoding).encode()

    def _block(self, data: bytes, final: bool) -> tuple[list[bytes], int]:
        """The rows of whole lines, and how many bytes of them were used up."""
        lines = data.splitlines(keepends=True)
        plain = [*self._plain(lines, data), None]
        # A quote is open at the end of a line with an odd number, up to the next such line.
        odd = [at for at, line in enumerate(lines) if not plain[at] and line.count(b'"') & 1]
        closes = dict(zip_longest(odd, odd[1:]))
        out: list[bytes] = []
        at = used = 0
        while at < len(lines):
            end = at + 1
            if plain[at]:
                end = plain.index(None, at)
                out += self.rows.write_plain(plain[at:end])
            elif at in closes and not opens_quote(lines[at]):
                out.append(self.rows.refuse(lines[at], "stray_quote"))
            elif at in closes and closes[at] is None:
                if not final and len(data) - used <= self._row_limit:
                    break
                out.append(self.rows.refuse(lines[at], "unterminated_quote"))
            else:
                taken, rows = self._row(lines[at : closes.get(at, at) + 1])
                out += rows
                end = at + taken
            used += sum(map(len, lines[at:end]))
            at = end
        return out, used

    def _plain(self, lines: list[bytes], data: bytes) -> list[re.Match[bytes] | None]:
        """What is plain of the lines that make up ``data``: no fault, and no quote in it."""
        plain = list(map(self.rows.match_plain, lines))
        if self._is_clean(data) and max(map(len, lines), default=0) <= self._field_limit:
            return plain
        return [
            match if len(line) <= self._field_limit and self._is_clean(line) else None
            for match, line in zip(plain, lines, strict=True)
        ]

    def _row(self, lines: list[bytes]) -> tuple[int, list[bytes]]:
        """The row that ``lines`` hold, or the refusal of its first line; and the lines used."""
        text = b"".join(lines).rstrip(b"\r\n")
        if not text:
            self.rows.pass_over()
            return 1, []
        cells = split_quoted(text) if b'"' in text else text.split(b",")
        if cells is None or len(cells) != self.layout.width:
            return 1, [self.rows.refuse(lines[0], "wrong_width" if cells else "stray_quote")]
        if len(lines) > 1:
            if any(_LINE_END.search(cells[index]) for index in self.layout.typed):
                return 1, [self.rows.refuse(lines[0], "stray_quote")]
            if self._swallows_rows(lines):
                return len(lines), [self.rows.refuse(line, "quote_swallows_rows") for line in lines]
        if fault := self._fault(text, cells, lines[-1]):
            return len(lines), [self.rows.refuse(text, fault, len(lines))]
        return len(lines), [self.rows.write(cells, len(lines))]

    def _swallows_rows(self, lines: list[bytes]) -> bool:
        bare = [line.rstrip(b"\r\n") for line in lines]
        return swallows_rows(bare, self.layout.width, self.layout.keys, self.layout.typed)

    def _fault(self, text: bytes, cells: list[bytes], last_line: bytes) -> str | None:
        if not self._is_clean(text):
            return "nul_byte" if b"\0" in text else "bad_encoding"
        if len(text) > self._field_limit:
            kept = set(self.layout.columns.values()) - set(self.layout.presence)
            if any(len(cells[index]) > self._field_limit for index in kept):
                return "field_too_long"
        if not last_line.endswith(_ENDS) and self._expected != self.rows.read + 1:
            return "no_final_newline"
        return None

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
