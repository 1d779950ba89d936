"""What one cell of a report may hold: money, moments, names, payers, codes; and why it may not.

Exports are padded, decorated and typed by people: spaces, currency signs and signs of all kinds
are read. What could be taken for two things (a two-digit year, half a cent, 1e3) is refused.
"""

import hashlib
import hmac
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from functools import lru_cache

from daysheet.desk.spelling import clean, fold

LONGEST_TEXT = 200
LARGEST_AMOUNT = Decimal("99999.99")
NO_INFORMATION = "--"

_US_DAY = re.compile(
    r"(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})/(?P<year>[0-9]{4})(?:[ T](?P<clock>.+))?"
)
_ISO_DAY = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})(?:[ T](?P<clock>.+))?"
)
_CLOCK = re.compile(
    r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)? ?(?:([AaPp])\.?[Mm]\.?)?"
)
_MONEY = re.compile(
    r"(?P<open>\()?(?P<minus>[-\u2212])?\$? ?(?P<late_minus>[-\u2212])?"
    r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]*)(?:\.(?P<part>[0-9]*))?(?P<close>\))?"
)
_PAYER_ID = re.compile(r"(?P<name>.*?)\s*\((?P<id>[A-Za-z0-9]{3,10})\)")
_NO_PAYER_ID = re.compile(r"(?P<name>.*?)\s*\(\s*\)")
_MODIFIER = re.compile(r"[A-Z0-9]{2}")
_FORMULA = ("=", "+", "-", "@")


class CellRefused(Exception):
    """The cell cannot be read; ``code`` is the reason, the text is never repeated."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True)
class Moment:
    """A day of the practice's calendar, and the time its clock showed if one is given."""

    day: date
    clock: time | None


@dataclass(frozen=True)
class Payer:
    """An insurer as a file names it; ``external_id`` is upper case, None when the cell has none."""

    name: str
    external_id: str | None

    @property
    def alias(self) -> str:
        """The name as spellings are compared."""
        return fold(self.name)

    @property
    def identity(self) -> str:
        """One payer, however it is spelled."""
        return self.external_id or f"name:{self.alias}"

    def __str__(self) -> str:
        return f"{self.name} ({self.external_id})" if self.external_id else self.name


@dataclass(frozen=True)
class Code:
    """A service code and its modifiers, upper case."""

    code: str
    modifiers: tuple[str, ...] = ()


def parse_text(text: str, waived: Collection[str] = ()) -> str | None:
    """Any text; None when the cell is empty or says that nothing is known."""
    found = clean(text)
    if found in ("", NO_INFORMATION):
        return None
    if len(found) > LONGEST_TEXT and "text_too_long" not in waived:
        raise CellRefused("text_too_long")
    if _is_suspicious(found) and "suspicious_text" not in waived:
        raise CellRefused("suspicious_text")
    return found


def _is_suspicious(text: str) -> bool:
    """Whether a spreadsheet would take it for a formula, or it holds what cannot be seen."""
    return text.startswith(_FORMULA) or not text.isprintable()


@lru_cache(4096)
def parse_money(text: str) -> Decimal | None:
    """Dollars and whole cents: ``$1,570.00``, ``(29.31)``, ``-0.27``; None when empty."""
    found = clean(text)
    if found in ("", NO_INFORMATION):
        return None
    match = _MONEY.fullmatch(found)
    if match is None or not (match["whole"] or match["part"]):
        raise CellRefused("bad_amount")
    signs = [match["open"], match["minus"], match["late_minus"]]
    if sum(map(bool, signs)) > 1 or bool(match["open"]) != bool(match["close"]):
        raise CellRefused("bad_amount")
    part = (match["part"] or "").rstrip("0")
    if len(part) > 2:
        raise CellRefused("sub_cent_amount")
    amount = Decimal(f"{match['whole'].replace(',', '') or '0'}.{part.ljust(2, '0')}")
    if amount > LARGEST_AMOUNT:
        raise CellRefused("amount_out_of_range")
    return -amount if any(signs) and amount else amount


@lru_cache(4096)
def parse_units(text: str) -> Decimal | None:
    """A count of units, perhaps a fraction; None when empty."""
    try:
        units = parse_money(text)
    except CellRefused:
        raise CellRefused("bad_units") from None
    if units is not None and not 0 <= units < 10_000:
        raise CellRefused("bad_units")
    return units


@lru_cache(4096)
def parse_moment(text: str) -> Moment | None:
    """``MM/DD/YYYY HH:MM`` or ISO, with or without time, as the practice's clock showed it."""
    found = clean(text)
    if found in ("", NO_INFORMATION):
        return None
    match = _US_DAY.fullmatch(found) or _ISO_DAY.fullmatch(found)
    if match is None:
        raise CellRefused("bad_date")
    try:
        day = date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        raise CellRefused("bad_date") from None
    return Moment(day, _clock(match["clock"]) if match["clock"] else None)


def _clock(text: str) -> time:
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise CellRefused("bad_time")
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if match[4]:
        if not 1 <= hour <= 12:
            raise CellRefused("bad_time")
        hour = hour % 12 + (12 if match[4] in "Pp" else 0)
    try:
        return time(hour, minute, second)
    except ValueError:
        raise CellRefused("bad_time") from None


@lru_cache(1024)
def parse_payer(text: str) -> Payer | None:
    """The payer's id is the last group in parentheses at the end, of 3 to 10 letters or digits."""
    found = parse_text(text)
    if found is None:
        return None
    if match := _PAYER_ID.fullmatch(found):
        external_id = match["id"].upper()
        return Payer(match["name"] or external_id, external_id)
    nameless = _NO_PAYER_ID.fullmatch(found)
    return Payer((nameless["name"] if nameless else found) or found, None)


@lru_cache(1024)
def parse_code(text: str) -> Code | None:
    """``90837-95`` is code 90837 with modifier 95."""
    found = parse_text(text)
    if found is None:
        return None
    code, *modifiers = found.upper().split("-")
    if code and all(_MODIFIER.fullmatch(modifier) for modifier in modifiers):
        return Code(code, tuple(modifiers))
    return Code(found.upper())


def hash_name(secret: bytes, name: str) -> bytes:
    """The key a client is known by: a keyed hash of the clean name, without case."""
    return hmac.digest(secret, fold(name).encode(), hashlib.sha256)
