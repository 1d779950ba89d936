"""The work queue and the live alerts: whose they are, how urgent, and what hides."""

from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter
from typing import cast, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from daysheet.desk.actors import Actor, DeskRole, display_codes
from daysheet.desk.published import published
from daysheet.desk.reading.alert_list import Level, list_alerts
from daysheet.desk.reading.freshness import freshness
from daysheet.desk.reading.overview import alert_counts
from daysheet.desk.reading.receivables import Order
from daysheet.desk.refusals import not_possible
from daysheet.desk.work.queue import Filters, Whose, list_queue, payers_of_items
from daysheet.desk.work.scoring import Queue
from daysheet.web.guards import DeskSession, Member
from daysheet.web.listing import Listing, listing
from daysheet.web.pages import page
from daysheet.web.wording import words

router = APIRouter()

KINDS = (
    "bill_it", "follow_up", "denial", "appeal_due", "more_info", "rejection", "disposition",
    "credit", "unmatched_money", "unmatched_takeback", "quarantined_row", "conflict",
    "confirm_sent", "payer_review", "possible_correction", "deleted_at_source",
)  # fmt: skip
GROUPS: dict[Queue, str] = {"now": "Now", "this_week": "This week", "on_track": "On track"}
ALL_LEVELS = "all"
_group = attrgetter("queue")
_LEVELS: tuple[Level, ...] = get_args(Level)
_BY_URGENCY = Order("score", is_descending=True)
KNOWN = ("whose", "group", "kind", "payer", "snoozed", "severity")


@dataclass(frozen=True)
class Asked:
    """The queue as its URL asks for it; with a ``level`` it is that of alerts."""

    listing: Listing
    whose: Whose
    level: str

    @property
    def tabs(self) -> list[tuple[str, str, bool]]:
        """Whose work can be shown: name, URL, whether it is."""
        return [
            (name.capitalize(), self.path(whose=name), name == self.whose)
            for name in get_args(Whose)
        ]

    def path(self, **filters: str) -> str:
        """URL of the first page with these filters, of the same person and the same kind."""
        kept = {"whose": self.whose} | ({"severity": self.level} if self.level else {}) | filters
        return f"{self.listing.path}?{urlencode(kept)}"

    @property
    def query(self) -> str:
        """Of its URL, to come back to it."""
        return self.listing.url().partition("?")[2]


def asked_for(request: Request, actor: Actor) -> Asked:
    """Read it off the request's URL; raises a 422 for what is no such filter."""
    found = listing(request, (_BY_URGENCY.column,), _BY_URGENCY, KNOWN)
    found = replace(found, kept=("whose",))
    usual = "mine" if actor.role is DeskRole.BILLER else "team"  # others see how all of it goes
    whose = _one_of(found, "whose", get_args(Whose), usual)
    _one_of(found, "group", tuple(GROUPS))
    _one_of(found, "kind", KINDS)
    _one_of(found, "snoozed", ("show",))
    return Asked(found, cast(Whose, whose), _one_of(found, "severity", (ALL_LEVELS, *_LEVELS)))


@router.get("/queue")
def queue(request: Request, member: Member, connection: DeskSession) -> HTMLResponse:
    """What is to be done; with ``severity`` the alerts of that level, or all of them."""
    asked = asked_for(request, member)
    return (_alerts if asked.level else _items)(request, member, connection, asked)


def _items(request: Request, member: Actor, connection: DeskSession, asked: Asked) -> HTMLResponse:
    chosen = asked.listing.filters
    filters = Filters(
        kinds=[chosen["kind"]] if "kind" in chosen else None,
        payer_name=chosen.get("payer"),
        queue=cast(Queue | None, chosen.get("group")),
        with_snoozed="snoozed" in chosen,
    )
    with published(connection) as reader:
        found = list_queue(
            reader.connection,
            member,
            asked.whose,
            filters,
            limit=asked.listing.size,
            offset=asked.listing.offset,
        )
        payers = payers_of_items(reader.connection, member, asked.whose)
        counts = alert_counts(reader)
        codes = display_codes(reader.connection)
        fresh = freshness(reader)
    return page(
        request,
        "queue",
        asked=asked,
        listing=asked.listing,
        found=found,
        count=sum(found.groups.values()),
        groups=GROUPS,
        grouped=[(name, list(items)) for name, items in groupby(found.items, _group)],
        kinds=[(kind, words(kind)) for kind in KINDS],
        payers=[(name, name) for name in payers],
        counts=counts,
        codes=codes,
        fresh=fresh,
        member=member,
        may_work=member.may(DeskRole.BILLER),
    )


def _alerts(request: Request, member: Actor, connection: DeskSession, asked: Asked) -> HTMLResponse:
    level = None if asked.level == ALL_LEVELS else cast(Level, asked.level)
    with published(connection) as reader:
        alerts, own = list_alerts(
            reader,
            member,
            asked.whose,
            level,
            limit=asked.listing.size,
            offset=asked.listing.offset,
        )
        counts = alert_counts(reader)
        fresh = freshness(reader)
    by_level = {each: getattr(own, each) for each in _LEVELS}
    by_level = {ALL_LEVELS: sum(by_level.values())} | by_level
    return page(
        request,
        "queue_alerts",
        asked=asked,
        listing=asked.listing,
        alerts=alerts,
        by_level=by_level,
        count=by_level[asked.level],
        counts=counts,
        fresh=fresh,
        member=member,
        is_lead=member.may(DeskRole.LEAD),
    )


def _one_of(found: Listing, name: str, known: tuple[str, ...], usual: str = "") -> str:
    word = found.filters.get(name, usual)
    if word and word not in known:
        raise not_possible("unknown_filter", f"{name} is one of {', '.join(known)}", field=name)
    return word
