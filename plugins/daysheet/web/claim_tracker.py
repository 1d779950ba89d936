"""The claim tracker: tabs by status, found by our references; by name or number only by POST."""

from dataclasses import replace
from typing import Annotated, Any, cast

from fastapi import APIRouter, Request
from fastapi import Form as Sent
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from daysheet.desk.actors import DeskRole, display_codes
from daysheet.desk.lifecycle.transitions import STATUSES
from daysheet.desk.published import published
from daysheet.desk.reading.claim_list import (
    OLDEST,
    SORTS,
    TABS,
    Tab,
    Which,
    Whose,
    listed_claims,
    next_statuses,
    payers_and_clinicians,
)
from daysheet.desk.reading.freshness import freshness
from daysheet.desk.reading.receivables import PAGE, Source
from daysheet.desk.receipts import fits_text
from daysheet.desk.refusals import Refused, not_possible
from daysheet.desk.viewing import record_view
from daysheet.web.claim_forms import Words
from daysheet.web.forms import Form
from daysheet.web.guards import DeskSession, Member
from daysheet.web.listing import Listing, listing
from daysheet.web.pages import page
from daysheet.web.typed import day_of, key_of
from daysheet.web.wording import words as in_words

router = APIRouter()
_FILTERS = ("tab", "source", "status", "reference", "payer", "clinician", "initials", "from", "to")
_SOURCES = {"counseling": "simplepractice", "dental": "opendental"}
_SHORTEST = 2  # letters of a name that is searched


class SearchForm(BaseModel):
    """What is known of whose claims are sought."""

    name: Words = ""
    number: Words = ""


@router.get("/claims")
def tracker(request: Request, member: Member, connection: DeskSession) -> HTMLResponse:
    """One page of a tab, for every role: it names no client."""
    asked = listing(request, SORTS, OLDEST, _FILTERS)
    which = _which(asked)
    with published(connection) as reader:
        claims, counts = listed_claims(
            reader, which, asked.order, limit=asked.size, offset=asked.offset
        )
        payers, clinicians = payers_and_clinicians(reader)
        values = {
            "claims": claims,
            "next": next_statuses(reader, member, claims),
            "codes": display_codes(connection),
            "fresh": freshness(reader),
        }
    count = counts[which.tab] if which.tab else sum(counts.values())
    return page(
        request,
        "claims",
        listing=asked,
        tabs=_tabs(asked, counts),
        count=count,
        payers=[(name, name) for name in payers],
        clinicians=clinicians,
        statuses=[(status, in_words(status)) for status in STATUSES],
        is_biller=member.may(DeskRole.BILLER),
        form=Form("search"),
        **values,
    )


@router.post("/claims/search")
def search(
    request: Request,
    member: Member,
    connection: DeskSession,
    sent: Annotated[SearchForm, Sent()],
) -> HTMLResponse:
    """The claims of whoever has that name, or of that number, the oldest first.

    By POST, so that no address, log or history keeps what was sought; who was found is audited.
    """
    member.needs(DeskRole.BILLER, "searching by name or number")
    name, number = sent.name.strip() or None, sent.number.strip() or None
    refusal = _refusal(name, number)
    with published(connection) as reader:
        claims = []
        if not refusal:
            whose = Whose(name, number)
            claims, _ = listed_claims(reader, Which(), OLDEST, whose=whose, limit=PAGE + 1)
        shown = claims[:PAGE]
        values: dict[str, Any] = {
            "claims": shown,
            "next": next_statuses(reader, member, shown),
            "codes": display_codes(connection),
            "fresh": freshness(reader),
        }
    found = {client for claim in shown for client in claim.client_ids}
    record_view(connection, member, "/claims/search", found, "names")
    return page(
        request,
        "claim_search",
        refusal.status if refusal else 200,
        form=Form("search", {"name": sent.name, "number": sent.number}, refusal),
        has_more=len(claims) > PAGE,
        is_biller=True,
        **values,
    )


def _refusal(name: str | None, number: str | None) -> Refused | None:
    if name is None and number is None:
        return not_possible("missing", "enter a name or a number", field="name")
    if name is not None and len(name) < _SHORTEST:
        return not_possible("too_short", f"at least {_SHORTEST} letters", field="name")
    return None


def _which(asked: Listing) -> Which:
    words = asked.filters
    for name, value in words.items():
        fits_text(value, name)
    tab, source, status = words.get("tab"), words.get("source"), words.get("status")
    if tab is not None and tab not in TABS:
        raise not_possible("unknown_tab", "there is no such tab", field="tab")
    if source is not None and source not in _SOURCES:
        raise not_possible("unknown_source", "counseling or dental", field="source")
    if status is not None and status not in STATUSES:
        raise not_possible("unknown_status", "there is no such status", field="status")
    return Which(
        tab=cast("Tab | None", tab),
        source=cast("Source", _SOURCES[source]) if source else None,
        status=status,
        reference=words.get("reference"),
        payer=words.get("payer"),
        clinician_id=key_of(words["clinician"], "clinician") if "clinician" in words else None,
        initials=words.get("initials"),
        first_day=day_of(words["from"], "from") if "from" in words else None,
        last_day=day_of(words["to"], "to") if "to" in words else None,
    )


def _tabs(asked: Listing, counts: dict[Tab, int]) -> list[tuple[str, str, int, bool]]:
    """Of each tab its code ("" is all), URL and count, and whether it is the one shown."""
    here = asked.filters.get("tab", "")
    others = {name: value for name, value in asked.filters.items() if name != "tab"}
    plain = replace(asked, filters=others, number=1)
    tabs = [("", plain.url(), sum(counts.values()), here == "")]
    return tabs + [
        (tab, plain.narrowed(tab=tab), count, here == tab) for tab, count in counts.items()
    ]
