"""The smallest world that still differs, and its report."""

from collections.abc import Iterator
from decimal import Decimal

from tests.aging.comparing import Practice, disagreements
from tests.aging.ledger import TABLES, Ledger, Row, key_of, shown

TOLD = 25  # differences in a report


def report(warehouse: str, world: Ledger, given: Practice) -> str:
    """The smallest world like this one on which the two differ, as tables, and how they do."""
    world = _smallest(warehouse, world, given)
    (lines,) = disagreements(warehouse, [world], given)
    more = [f"... and {len(lines) - TOLD} more"] * (len(lines) > TOLD)
    return "\n".join([str(given), shown(world), *lines[:TOLD], *more])


def _smallest(warehouse: str, world: Ledger, given: Practice) -> Ledger:
    """Take the first simpler world that still differs, until none does.

    All simpler worlds of a round are built together, so a round costs one build.
    """
    while True:
        simpler = list(_simpler(world))
        found = zip(simpler, disagreements(warehouse, simpler, given), strict=True)
        differing = (candidate for candidate, lines in found if lines)
        smaller = next(differing, None)
        if smaller is None:
            return world
        world = smaller


def _simpler(world: Ledger) -> Iterator[Ledger]:
    """Worlds with a table, a row or a cell less, the boldest first."""
    for table, rows in world.items():
        if rows:
            yield world | {table: []}
    for table, rows in world.items():
        for at in range(len(rows)):
            yield world | {table: rows[:at] + rows[at + 1 :]}
    for table, rows in world.items():
        for at, row in enumerate(rows):
            for plain in _plainer(table, row):
                yield world | {table: [*rows[:at], plain, *rows[at + 1 :]]}


def _plainer(table: str, row: Row) -> Iterator[Row]:
    plainest = TABLES[table] | ({"Guarantor": row["PatNum"]} if table == "patient" else {})
    for name, nothing in plainest.items():
        cell = row[name]
        if name == key_of(table) or cell == nothing:
            continue
        yield row | {name: nothing}
        if isinstance(cell, Decimal) and abs(cell) != 10:
            yield row | {name: Decimal(10).copy_sign(cell)}
