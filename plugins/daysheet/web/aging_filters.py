"""What the URL of the aging list asks for."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from fastapi import Request

from daysheet.desk.actors import Actor, display_codes
from daysheet.desk.reading.aging import (
    ALL_BRACKETS,
    OLDEST_FIRST,
    SEVERITIES,
    SORTED_BY,
    AgedFilter,
    Basis,
)
from daysheet.desk.refusals import not_possible
from daysheet.web.listing import Listing, listing
from daysheet.web.typed import amount_of, day_of, key_of

ME, NOBODY = "me", "nobody"
_KNOWN = (
    "source", "bracket", "payer", "clinician", "status", "owner", "min", "max", "submitted_from",
    "submitted_to", "deadline", "alert", "snoozed", "disposition", "q", "basis",
)  # fmt: skip
_ONE_OF = {
    "source": ("simplepractice", "opendental"),
    "bracket": tuple(ALL_BRACKETS),
    "alert": ("any", *SEVERITIES),
    "snoozed": ("hide", "show", "only"),
    "disposition": ("yes",),
    "basis": ("submission", "service"),
}
_MOST_DAYS = 1095
# The beginning of a reference, or initials: a name would stay in the address, logs and history.
SEARCHED = r"\s*([Rr][SsCc]?|[Dd][Cc]?)(-[A-Za-z0-9]{0,7})?\s*|\s*\S{1,2}\s*"


@dataclass(frozen=True)
class Asked:
    """The list as asked for, and what it is of."""

    listing: Listing
    which: AgedFilter
    basis: Basis

    @property
    def query(self) -> str:
        """Of its URL, without the page."""
        return replace(self.listing, number=1).url().partition("?")[2]

    @property
    def is_hiding(self) -> bool:
        """Whether what is snoozed is not shown."""
        return self.which.is_snoozed is False


def asked_for(request: Request, connection: psycopg.Connection, actor: Actor) -> Asked:
    """Read it off the request's URL, whatever the page; raises a 422 for what is no such filter."""
    asked = replace(
        listing(request, SORTED_BY, OLDEST_FIRST, _KNOWN),
        path=f"{request.scope.get('root_path', '')}/aging",
    )
    words = asked.filters
    for name, values in _ONE_OF.items():
        if words.get(name, values[0]) not in values:
            raise not_possible("unknown_value", f"{name} is one of: {', '.join(values)}")
    owner = words.get("owner")
    which = AgedFilter(
        source=words.get("source"),
        bracket=words.get("bracket"),
        payer=words.get("payer"),
        clinician_id=_read(words, "clinician", key_of),
        status=words.get("status"),
        owner=_user(connection, actor, owner) if owner and owner != NOBODY else None,
        is_assigned=False if owner == NOBODY else None,
        min_amount=_read(words, "min", amount_of),
        max_amount=_read(words, "max", amount_of),
        sent_from=_read(words, "submitted_from", day_of),
        sent_until=_read(words, "submitted_to", day_of),
        deadline_days=_read(words, "deadline", _days),
        alert=words.get("alert"),
        is_snoozed={"hide": False, "show": None, "only": True}[words.get("snoozed", "hide")],
        needs_disposition=True if "disposition" in words else None,
        search=_read(words, "q", _search),
    )
    return Asked(asked, which, "service" if words.get("basis") == "service" else "submission")


def _read(words: Mapping[str, str], name: str, read: Callable[[str, str], Any]) -> Any:
    return read(words[name], name) if name in words else None


def _user(connection: psycopg.Connection, actor: Actor, owner: str) -> str:
    if owner == ME:
        return actor.user_id
    for user_id, code in display_codes(connection).items():
        if code == owner:
            return user_id
    raise not_possible("unknown_owner", "there is nobody of that code at the desk", field="owner")


def _days(text: str, field: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:9]) <= _MOST_DAYS):
        raise not_possible("no_number", f"a number of days up to {_MOST_DAYS}", field=field)
    return int(text)


def _search(text: str, field: str) -> str:
    if not text.isprintable() or not re.fullmatch(SEARCHED, text):
        raise not_possible(
            "no_reference", "search for a reference, or a client's initials", field=field
        )
    return text
