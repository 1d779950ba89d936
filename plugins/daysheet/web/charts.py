"""Lines and bars as SVG needs them: numbers in, coordinates out; templates draw, CSS colors."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Line:
    """A line in a box ``WIDTH`` by ``HEIGHT``: ``pieces`` for polylines, broken where no value is.

    ``dots`` are values with none beside them, and the last one.
    """

    pieces: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]


WIDTH, HEIGHT, MARGIN = 130, 34, 4


def line(values: Sequence[Decimal | None]) -> Line | None:
    """Of values oldest first; None if there are not two to connect."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    low, high = min(known), max(known)
    step = (WIDTH - 2 * MARGIN) / (len(values) - 1)
    points = [
        None if value is None else (round(MARGIN + at * step, 1), _height(value, low, high))
        for at, value in enumerate(values)
    ]
    pieces, dots, run = [], [], []
    for point in (*points, None):
        if point is not None:
            run.append(point)
            continue
        if len(run) == 1:
            dots += run
        elif run:
            pieces.append(" ".join(f"{x},{y}" for x, y in run))
        run = []
    last = next(point for point in reversed(points) if point is not None)
    return Line(tuple(pieces), tuple(dict.fromkeys([*dots, last])))


def share(part: Decimal | int, whole: Decimal | int) -> Decimal:
    """In percent, one decimal; 0 of nothing, and of less than nothing."""
    return round(100 * max(Decimal(part), Decimal(0)) / Decimal(whole), 1) if whole else Decimal(0)


def _height(value: Decimal, low: Decimal, high: Decimal) -> float:
    part = float((value - low) / (high - low)) if high > low else 0.5
    return round(HEIGHT - MARGIN - part * (HEIGHT - 2 * MARGIN), 1)
