"""What an appointment's amounts say of its billing status, and what they contradict."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from daysheet.desk.lifecycle.guards import LOCKED_NOTES

Snapshot = dict[str, Any]  # column of desk.sessions -> what the newest export says

_CLOSED = {"paid", "client_responsibility", "written_off", "voided"}
_UNSENT = {"completed", "documented", "ready_to_bill"}
_NOTHING = Decimal("0.00")


def first_status(service_on: date, exported_on: date, snapshot: Snapshot) -> str:
    """The status of a visit nobody has worked on: the first of these that holds.

    Not yet taken place; nothing is insured; nothing is left and the insurer paid, or did not;
    something is left and the insurer paid; the note is done. Labels never decide, and readiness is
    a person's word.
    """
    paid, unpaid = snapshot["ins_paid_reported"], snapshot["ins_unpaid_reported"]
    if service_on > exported_on:
        return "scheduled"
    if snapshot["ins_charge"] == 0 and paid == 0:
        return "client_responsibility"
    if unpaid <= 0:
        return "paid" if paid > 0 else "written_off"
    if paid > 0:
        return "pending"
    return "documented" if _is_note_done(snapshot) else "completed"


def steps(status: str, wanted: str, outstanding: Decimal) -> Iterator[str]:
    """The statuses a session goes through, one by one, when its newest export wants another.

    Nothing goes backwards, and what is closed stays closed.
    """
    if status == "scheduled" and wanted != "scheduled":
        yield "completed"
        status = "completed"
    if status in _CLOSED or wanted == status:
        return
    if (
        (wanted == "documented" and status == "completed")
        or (wanted == "pending" and status == "submitted")
        or (wanted == "client_responsibility" and status in _UNSENT)
        or wanted == "written_off"
        or (wanted == "paid" and outstanding == 0)
    ):
        yield wanted


def goes_backwards(status: str, before: Snapshot, now: Snapshot) -> bool:
    """Whether the source takes back what it said, or moves money where we are done.

    A closed session for which more is paid is only news when nothing was to be paid any more.
    """
    paid = now["ins_paid_reported"] - before["ins_paid_reported"]
    unpaid = now["ins_unpaid_reported"] - before["ins_unpaid_reported"]
    return (
        paid < 0
        or (status in _CLOSED and unpaid > 0)
        or (status in _CLOSED - {"paid"} and paid > 0)
        or (status not in _CLOSED | _UNSENT | {"scheduled"} and now["ins_charge"] == 0)
        or (_is_note_done(before) and not _is_note_done(now))
    )


def is_partly_paid(snapshot: Snapshot) -> bool:
    """Whether the insurer paid and something is left: somebody must say what becomes of it."""
    return snapshot["ins_paid_reported"] > _NOTHING and snapshot["ins_unpaid_reported"] > _NOTHING


def _is_note_done(snapshot: Snapshot) -> bool:
    return (snapshot["note_status"] or "").upper() in LOCKED_NOTES
