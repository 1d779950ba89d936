"""Days and times as the practice system writes them; nothing here asks the real clock."""

from datetime import date, datetime, timedelta

from daysheet.synthetic.draws import Random

NEVER = "0001-01-01"
ZERO = "0000-00-00"
CONVERTED = "1900-01-01"
_OFFICE_HOURS = [
    f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    for second in range(8 * 3600, 18 * 3600)
]


def stamp(day: date, rng: Random) -> str:
    """A second within office hours of ``day``."""
    return f"{day} {_OFFICE_HOURS[int(rng.random() * len(_OFFICE_HOURS))]}"


def moment(day: date, rng: Random) -> datetime:
    """A second within office hours of ``day``."""
    second = int((8 + 10 * rng.random()) * 3600)
    return at(day, 0) + timedelta(seconds=second)


def at(day: date, minutes: int) -> datetime:
    """So many minutes after midnight."""
    return datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)


def office_day(day: date) -> date:
    """``day``, or the Monday after a weekend."""
    weekday = day.weekday()
    return day if weekday < 5 else day + timedelta(days=7 - weekday)


def next_weekday(day: date, weekday: int) -> date:
    """The first ``weekday`` (Monday 0) on or after ``day``."""
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def months_later(day: date, months: int) -> date:
    """The same day of a later month, the 28th at most."""
    month = day.month - 1 + months
    return date(day.year + month // 12, month % 12 + 1, min(day.day, 28))


def interval(months: int, days: int = 0) -> int:
    """A recall interval as the vendor packs it."""
    return months << 16 | days
