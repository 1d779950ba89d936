"""What a cell of each type may look like: a fast look at whole rows, then SQL cell by cell.

Postgres' own casts take ``now``, ``NaN``, ``0x1f``, ``1_000``, `` 5`` and ``20200101``; we do not.
The fast look is one pattern over a whole line, at the scan. What it passes is right and can be
cast; what it does not, SQL judges. (In SQL the same look cost five times as much: Postgres builds
the states of a pattern anew for each row.)
"""

import re
from collections.abc import Callable, Sequence
from itertools import groupby

from psycopg import sql

from daysheet.catalog import Column, Contract

_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.][0-9]{1,6})?"
_WHOLE = "-?[0-9]+"
_NUMBER = "-?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)(?:[eE][-+]?[0-9]{1,3})?"

# The grammar proper: reason code and shape. Range and calendar are asked of Postgres.
_SHAPES = {
    "bigint": ("bad_integer", _WHOLE),
    "integer": ("bad_integer", _WHOLE),
    "smallint": ("bad_integer", _WHOLE),
    "money": ("bad_money", _NUMBER),
    "double": ("bad_number", _NUMBER),
    "date": ("bad_date", _DAY),
    "timestamp": ("bad_timestamp", f"{_DAY}(?: {_CLOCK})?"),
    "time": ("bad_time", _CLOCK),
}

# What needs no second look: nothing near the end of a range, only days that exist.
_LEAP_YEAR = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][48]|[13579][26]|[2468]0)00)"
_PLAIN_DAY = (
    "(?!0000)(?:[0-9]{4}-(?:(?:0[13-9]|1[0-2])-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13578]|1[02])-31)"
    f"|{_LEAP_YEAR}-02-29)"
)
_PLAIN_NUMBER = "-?[0-9]{1,14}+(?:[.][0-9]{1,99}+)?+(?:[eE]-[0-9]{1,2}+)?+"
_PLAIN = {
    "bigint": "-?[0-9]{1,18}+",
    "integer": "-?[0-9]{1,9}+",
    "smallint": "-?[0-9]{1,4}+",
    "money": _PLAIN_NUMBER,
    "double": _PLAIN_NUMBER,
    "date": _PLAIN_DAY,
    "timestamp": f"{_PLAIN_DAY}(?: {_CLOCK})?+",
    "time": _CLOCK,
}
_BARE = r'[^",\r\n\0]*+'
_QUOTED_OR_BARE = '(?:"[^"]*+(?:""[^"]*+)*+"|[^",]*+)'

_ZERO_DAY, _NO_DAY = b"0000-00-00", b"0001-01-01"  # how MySQL and the vendor write no date


def plain_lines(contract: Contract, names: Sequence[str]) -> re.Pattern[bytes]:
    """What a line of a file with these columns looks like when nothing in it needs a second look.

    Its groups, joined by commas, are the cells of the loaded columns in the file's order.
    """
    runs = []
    for loaded, members in groupby(names, lambda name: name in contract.loaded):
        cells = ",".join(
            _plain_cell(contract, name, _BARE) if loaded else _BARE for name in members
        )
        runs.append(f"({cells})" if loaded else cells)
    return re.compile(f"{','.join(runs)}(?:\r\n|\n|\r)".encode())


def plain_cells(contract: Contract, names: Sequence[str]) -> Callable[[bytes], object]:
    """A test of joined cells, quoted or not: true means that each is right and can be cast."""
    cells = (_plain_cell(contract, name, _QUOTED_OR_BARE) for name in names)
    return re.compile(",".join(cells).encode()).fullmatch


def _plain_cell(contract: Contract, name: str, any_text: str) -> str:
    column = contract.loaded[name]
    pattern = "[01]" if column.load == "presence" else _PLAIN.get(column.type, any_text)
    return f"(?![,\r\n]|$)(?:{pattern})" if name in contract.key else f"(?:{pattern})?+"


def without_zero_day(cell: bytes) -> bytes:
    """A day that MySQL left empty, as the vendor writes it."""
    return cell.replace(_ZERO_DAY, _NO_DAY, 1) if cell.startswith(_ZERO_DAY) else cell


def quoted(name: str) -> str:
    """A column's name in SQL text."""
    return sql.Identifier(name).as_string()


def reasons(contract: Contract, names: Sequence[str]) -> list[str]:
    """One SQL expression per column that can be wrong: null, or ``code:Column``."""
    found = []
    for name in names:
        cases = []
        if name in contract.key:
            cases.append(f"when {quoted(name)} is null then 'missing_key:{name}'")
        if _is_checked(contract.loaded[name]):
            reason, _ = _SHAPES[contract.loaded[name].type]
            cases.append(f"when not ({_is_right(contract, name)}) then '{reason}:{name}'")
        if cases:
            found.append(f"case {' '.join(cases)} end")
    return found


def typed(contract: Contract, names: Sequence[str], name: str) -> str:
    """SQL of the cell as its type; only for rows that passed. A column the file lacks is null."""
    column = contract.loaded[name]
    if name not in names:
        return f"null::{column.postgres_type}"
    if column.postgres_type == "text":
        return f"coalesce({quoted(name)}, '')"
    return f"{quoted(name)}::{column.postgres_type}"


def typed_key(contract: Contract, name: str) -> str:
    """SQL of a refused row's key, null where it is none."""
    if not _is_checked(contract.loaded[name]):
        return quoted(name)
    return f"case when {_is_right(contract, name)} then {typed(contract, [name], name)} end"


def _is_checked(column: Column) -> bool:
    return column.type != "text" and column.load != "presence"


def _is_right(contract: Contract, name: str) -> str:
    column = contract.loaded[name]
    _, shape = _SHAPES[column.type]
    return (
        f"{quoted(name)} ~ '^(?:{shape})$'"
        f" and pg_input_is_valid({quoted(name)}, '{column.postgres_type}')"
    )
