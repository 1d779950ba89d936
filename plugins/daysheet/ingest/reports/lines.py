"""The text of a report as physical lines and rows: each row alone, never shifted into another."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from daysheet.ingest.physical import read_blocks
from daysheet.ingest.quotes import opens_quote
from daysheet.ingest.verdicts import DroppedFile, FileRejected
from daysheet.settings import Settings

_FURTHEST = 50  # lines a quoted cell may run over before the quote is taken for a stray one


@dataclass(frozen=True)
class Line:
    """One row: its first physical line, its text, and its cells unless a quote is wrong."""

    number: int  # the header is 1
    text: str = field(repr=False)
    cells: list[str] = field(repr=False)
    fault: str | None = None


def read_text(dropped: DroppedFile, settings: Settings) -> tuple[str, tuple[str, ...]]:
    """The whole file as text, and what to say of its encoding.

    UTF-8 with or without a byte order mark; else Windows-1252. Raises :class:`FileRejected`.
    """
    limits = settings.model_copy(update={"max_file_bytes": settings.max_report_bytes})
    data = b"".join(read_blocks(dropped, limits))
    if b"\0" in data:
        raise FileRejected("not_csv", "it holds NUL bytes: export it as CSV in UTF-8")
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252"), ("cp1252_decoded",)
    except UnicodeDecodeError:
        raise FileRejected("bad_encoding", "it is neither UTF-8 nor Windows-1252") from None


def read_lines(text: str) -> Iterator[Line]:
    """Split into rows by RFC 4180, line ends of any kind; the first is the header.

    A row whose quotes are wrong is one line with a fault, and reading goes on at the next line.
    """
    lines = io.StringIO(text, newline="").readlines()
    width, at = 0, 0
    while at < len(lines):
        taken, cells, fault = _row(lines, at, width)
        width = width or len(cells)
        yield Line(at + 1, "".join(lines[at : at + taken]).rstrip("\r\n"), cells, fault)
        at += taken


def _row(lines: list[str], at: int, width: int) -> tuple[int, list[str], str | None]:
    """How many lines the row at ``at`` takes, its cells, and what is wrong with its quotes."""
    line = lines[at].rstrip("\r\n")
    if '"' not in line:
        return 1, line.split(","), None
    taken, is_open = 1, line.count('"') % 2
    if is_open and not opens_quote(line.encode()):
        return 1, [], "stray_quote"
    while is_open:
        if at + taken == len(lines) or taken == _FURTHEST:
            return 1, [], "unterminated_quote"
        is_open ^= lines[at + taken].count('"') % 2
        taken += 1
    if any(one.count(",") >= width - 1 for one in lines[at + 1 : at + taken]):
        return 1, [], "quote_swallows_rows"
    try:
        (cells,) = csv.reader(["".join(lines[at : at + taken]).rstrip("\r\n")], strict=True)
    except (csv.Error, ValueError):
        return 1, [], "stray_quote"
    return taken, cells, None
