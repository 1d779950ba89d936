"""What codes, days and events are called on the pages."""

from collections.abc import Callable

from daysheet.desk.reading.alert_list import ListedAlert
from daysheet.desk.reading.claim_record import Event, LiveAlert

_TONES = {
    "denied": "bad",
    "appealing": "warn",
    "written_off": "done",
    "voided": "done",
    "paid": "good",
    "Received": "good",
    "approved": "good",
    "completed": "warn",
    "documented": "warn",
    "ready_to_bill": "warn",
    "critical": "bad",
    "high": "warn",
    "low": "done",
    "current": "good",
    "failed": "bad",
    "abandoned": "bad",
    "kept": "done",
    "superseded": "done",
    "linked": "done",
    "inherited": "done",
    "applied": "good",
    "unapplied": "warn",
    "partly_applied": "warn",
    "reversed": "done",
    "reversal": "done",
}


def words(code: str) -> str:
    """``ready_to_bill`` as it is read."""
    return code.replace("_", " ")


def actor(who: str) -> str:
    """A display code as it is; a DAG or an import by its name."""
    return words(who.removeprefix("system:"))


def without_folder(file_name: str) -> str:
    """The name of a file as it was exported, without the folders it was dropped in."""
    return file_name.rpartition("/")[2]


def tone(code: str) -> str:
    """The color of a status or a severity, beside its word: good, warn, bad, done or open."""
    return _TONES.get(code, "open")


def days_of(alert: LiveAlert | ListedAlert) -> str:
    """What an alert counts: ``112 days``, ``5 days left``, ``3 days too late``; else nothing."""
    count = alert.day_count
    if count is None or alert.counts == "at_once":
        return ""
    if alert.counts == "over":
        return f"{count} days"
    return f"{count} days left" if count >= 0 else f"{-count} days too late"


def headline(event: Event) -> str:
    """An event in a few words, without what anybody typed."""
    return _HEADLINES[event.kind](event)


def _status(event: Event) -> str:
    if not event.was:
        return f"began {words(event.code)}"
    decided = f" ({event.via})" if event.via else ""
    return f"{words(event.was)} → {words(event.code)}{decided}"


def _sent(event: Event) -> str:
    claim = "claim" if event.code == "original" else f"{event.code} claim"
    return f"{claim} sent" + (f" through {event.via}" if event.via else "")


def _denial(event: Event) -> str:
    return f"denied: {words(event.code)}" + (f" ({event.via})" if event.via else "")


def _import(event: Event) -> str:
    told = f"{words(event.via or '')} report: {words(event.code)}"
    return told + (f" ({words(event.was)})" if event.was else "")


def _alert(event: Event) -> str:
    return f"alert {words(event.code)}: {event.was} ({event.via})"


_HEADLINES: dict[str, Callable[[Event], str]] = {
    "status": _status,
    "sent": _sent,
    "answer": lambda event: f"{event.code} by the payer",
    "payment": lambda event: f"payment by {words(event.code)}",
    "taken_back": lambda event: f"payment by {words(event.code)} undone",
    "adjustment": lambda event: words(event.code),
    "undone": lambda event: f"{words(event.code)} undone",
    "note": lambda event: words(event.code),
    "alert": _alert,
    "denial": _denial,
    "appeal": lambda event: f"appeal filed, level {event.code}",
    "import": _import,
}

# What the day of an event is, where it has one besides that on which it was written.
DAYS = {
    "sent": "on",
    "payment": "received",
    "taken_back": "received",
    "note": "next action",
    "alert": "quiet until",
    "denial": "on",
    "appeal": "on",
    "import": "exported",
}

# What was just done, by the code a page is shown with after it.
DONE: dict[str, str] = {
    "setting_saved": "It is kept, and applies from the next run.",
    "setting_removed": "It is taken away.",
    "filter_saved": "The filters are saved.",
    "filter_forgotten": "The saved filters are removed.",
    **{
        f"status_{code}": f"The status is now {code.replace('_', ' ')}."
        for code in (
            "completed",
            "documented",
            "ready_to_bill",
            "submitted",
            "pending",
            "approved",
            "denied",
            "appealing",
            "written_off",
            "voided",
        )
    },
    "noted": "The note is kept.",
    "taken": "It is yours now.",
    "assigned": "It is assigned.",
    "snoozed": "It is snoozed.",
    "acknowledged": "The alert is acknowledged and quiet until then.",
    "alert_closed": "The alert is closed.",
    "adjusted": "The amount is moved.",
    "undone": "It is undone.",
    "payment_saved": "The payment is saved.",
    "payment_shared": "The payment is shared out.",
    "payment_reversed": "The payment is reversed.",
    "payment_aside": "That part is set aside.",
    "payment_released": "That part is unapplied again.",
    "line_cleared": "The line is cleared.",
    "difference_posted": "The difference is posted.",
    "finished": "It is done.",
    "alert_snoozed": "The alert is snoozed.",
    "row_retried": "The row is in, as it was mended.",
    "row_accepted": "The row is in, as it came.",
    "row_discarded": "The row is left out for good.",
    "same_visit": "Both are one visit now.",
    "two_visits": "They are two visits; either may become ready.",
    "payer_confirmed": "The payer is confirmed.",
    "payer_merged": "Both are one payer now.",
}

# What was just done to many chosen sessions.
DONE_TO_MANY: dict[str, str] = {
    "assign": "Assigned",
    "note": "Followed up",
    "status": "Moved",
    "submit": "Submitted",
    "acknowledge": "Alerts acknowledged",
    "snooze": "Snoozed",
}
