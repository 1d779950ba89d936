"""Quotes by RFC 4180, strictly: cells of a row that has them, and rows that swallowed others."""

import re
from collections.abc import Sequence

_CELL = re.compile(rb'(?:^|,)("[^"]*+(?:""[^"]*+)*+"|[^",]*+)(?=,|\Z)')
_NEEDS_QUOTES = re.compile(rb'[",\r\n]')
_LEADING_CELL = re.compile(rb'("[^"]*+(?:""[^"]*+)*+"|[^",]*+)(?:,|\Z)')
_OPEN = re.compile(rb'(?:(?:"[^"]*+(?:""[^"]*+)*+"|[^",]*+),)*+"[^"]*+(?:""[^"]*+)*+')
_NUMBER_OR_TIME = re.compile(rb"[-+0-9.:eE ]*")
_WHOLE_NUMBER = re.compile(rb"-?[0-9]+")


def split_quoted(row: bytes) -> list[bytes] | None:
    """The cells as written, quotes and all (an empty one without); None at any stray quote."""
    cells = _CELL.findall(row)
    # The pattern passes over what it cannot read: then something is missing between the commas.
    if len(b",".join(cells)) != len(row):
        return None
    return [b"" if cell == b'""' else cell for cell in cells]


def unquoted(cell: bytes) -> bytes:
    """What a cell holds."""
    return cell[1:-1].replace(b'""', b'"') if cell.startswith(b'"') else cell


def without_quotes(cell: bytes) -> bytes:
    """The cell as it would be written without quotes, if that means the same."""
    bare = cell[1:-1]
    return cell if not cell.startswith(b'"') or _NEEDS_QUOTES.search(bare) else bare


def opens_quote(line: bytes) -> bool:
    """Whether the line is the start of a row whose last cell goes on in the next line."""
    return _OPEN.fullmatch(line) is not None


def leading_cells(row: bytes, count: int) -> list[bytes]:
    """Up to ``count`` cells of a damaged row, as far as they can be told apart."""
    cells: list[bytes] = []
    at = 0
    while len(cells) < count and at < len(row) and (cell := _LEADING_CELL.match(row, at)):
        cells.append(cell[1])
        at = cell.end()
    return cells


def swallows_rows(
    lines: Sequence[bytes], width: int, keys: Sequence[int], typed: Sequence[int]
) -> bool:
    """Whether a quoted cell that runs over ``lines`` seems to have eaten rows, line ends stripped.

    RFC 4180 cannot tell two stray quotes from one long cell. A line inside the cell that is a row
    by itself (its width, and half of its ``typed`` cells look like numbers or times) gives it away;
    so does a last line that would be one, with a whole number in its ``keys``, but for the quote.
    """
    for line in lines[1:-1]:
        cells = split_quoted(line)
        if cells and len(cells) == width and _looks_typed(cells, typed):
            return True
    cells = lines[-1].split(b",")
    return (
        len(cells) == width
        and all(_WHOLE_NUMBER.fullmatch(cells[index]) for index in keys)
        and _looks_typed(cells, typed)
    )


def _looks_typed(cells: Sequence[bytes], typed: Sequence[int]) -> bool:
    alike = sum(1 for index in typed if _NUMBER_OR_TIME.fullmatch(unquoted(cells[index])))
    return alike * 2 >= len(typed)
