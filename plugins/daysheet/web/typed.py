"""Words of a form as what they mean: dollars, days, keys, text. What means nothing is a 422."""

import re
from datetime import date
from decimal import Decimal
from uuid import UUID

from daysheet.desk.amounts import dollars
from daysheet.desk.receipts import fits_text
from daysheet.desk.refusals import Refused, not_possible

_AMOUNT = re.compile(r"-?\$?([0-9]{1,9}|[0-9]{1,3}(,[0-9]{3}){1,2})(\.[0-9]{1,6})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def amount_of(text: str, field: str = "amount") -> Decimal:
    """``1,234.50`` or ``$1234.5``, to the cent."""
    if not _AMOUNT.fullmatch(text.strip()):
        raise not_possible("bad_amount", "enter an amount, as 130.00", field=field)
    return dollars(Decimal(re.sub(r"[$,]", "", text.strip())), field)


def amount_or_none(text: str) -> Decimal | None:
    """The same, None for what is no amount."""
    try:
        return amount_of(text)
    except Refused:
        return None


def day_of(text: str, field: str) -> date:
    """``2026-11-20``."""
    try:
        if _DAY.fullmatch(text.strip()):
            return date.fromisoformat(text.strip())
    except ValueError:
        pass
    raise not_possible("bad_date", "enter a day, as 2026-11-20", field=field)


def is_key(text: str) -> bool:
    """Whether it is a key as our own pages send it."""
    return _KEY.fullmatch(text) is not None


def key_of(text: str, field: str) -> UUID:
    """A key as our own pages send it."""
    if not is_key(text):
        raise not_possible("bad_key", "reload the page and try again", field=field)
    return UUID(text)


def reason_of(text: str, field: str = "reason") -> str:
    """What somebody typed on one line; it must say something."""
    fits_text(text.strip(), field)
    if not text.strip():
        raise not_possible("reason_missing", "say why", field=field)
    return text.strip()


def note_of(text: str, field: str = "note") -> str:
    """What somebody typed on one line or several; whether it says anything is for the desk."""
    lines = text.replace("\r\n", "\n").strip()
    if not re.sub(r"[\n\t]", " ", lines).isprintable():
        raise not_possible("suspicious_text", "control characters are refused", field=field)
    return lines


def search_of(text: str) -> str:
    """Words to look for: on one line, without what no keyboard types."""
    return "".join(each for each in text if each.isprintable()).strip()[:200]


def version_of(text: str) -> int:
    """A row version as our own pages send it."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise not_possible("bad_form", "reload the page and try again")
    return int(text)


def form_key_of(text: str) -> str:
    """The key that was made when the form was opened."""
    if not text or len(text) > 200 or not text.isprintable():
        raise not_possible("missing_key", "reload the page and try again")
    return text
