"""The one way the desk says no: a status code, a reason code, and what would be possible."""

from datetime import date
from uuid import UUID

# What a field is called where its code would mean nothing.
_LABELS = {
    "on": "the day",
    "next_action_on": "the day of the next action",
    "portal_id": "the portal",
    "payer_id": "the payer",
    "body": "the note",
    "name": "the name",
    "category": "the category",
    "outcome": "the outcome",
    "reason": "the reason",
    "to": "the person to give it to",
}


class Refused(Exception):
    """Nothing was changed. ``problem`` holds codes, dates and amounts: never who or what for.

    ``status`` is the HTTP status a page answers with: 403 no right, 404 unknown, 409 somebody was
    faster (or it exists already), 413 too many at once, 422 not possible as asked.
    """

    def __init__(
        self,
        status: int,
        code: str,
        problem: str,
        *,
        field: str | None = None,
        allowed: tuple[str, ...] = (),
        first: UUID | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.problem = problem
        self.field = field  # of the form, when one is at fault
        self.allowed = allowed  # next statuses, when the one asked for is not among them
        self.first = first  # what exists already, when it must not exist twice
        super().__init__(status, code, problem)

    def __str__(self) -> str:
        return f"{self.code}: {self.problem}"


def conflict(problem: str, code: str = "conflict", *, first: UUID | None = None) -> Refused:
    """Somebody else was faster: look again."""
    return Refused(409, code, problem, first=first)


def not_possible(code: str, problem: str, *, field: str | None = None) -> Refused:
    """It cannot be done as asked."""
    return Refused(422, code, problem, field=field)


def missing(field: str) -> Refused:
    """Something has to be entered that was not."""
    return Refused(422, "missing", f"{_LABELS.get(field, field)} is missing", field=field)


def shown(day: date) -> str:
    """A day as refusals name it: ``Nov 20, 2026``."""
    return f"{day:%b} {day.day}, {day.year}"


def no_right(problem: str) -> Refused:
    """It can be done, by somebody else."""
    return Refused(403, "no_right", problem)
