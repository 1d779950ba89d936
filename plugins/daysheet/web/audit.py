"""Who saw a client: what the audit answers, for admins."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse

from daysheet.desk.published import published
from daysheet.desk.reading.freshness import Freshness, freshness
from daysheet.desk.reading.receivables import Order
from daysheet.desk.reading.who_saw import (
    MOST_NAMED,
    clients_named,
    clients_of,
    only_admins,
    who_saw,
)
from daysheet.desk.refusals import Refused
from daysheet.desk.viewing import record_view
from daysheet.web import forms
from daysheet.web.guards import DeskSession, Member
from daysheet.web.listing import listing
from daysheet.web.pages import page, see_other
from daysheet.web.typed import search_of

router = APIRouter()
_NEWEST_FIRST = Order("at", True)


@router.get("/audit")
def audit(request: Request, member: Member, connection: DeskSession) -> HTMLResponse:
    """The search; with ``reference`` (RS-, RC-, DC-) who saw whom it is about."""
    only_admins(member)
    asked = listing(request, {"at"}, _NEWEST_FIRST, {"reference"})
    reference = search_of(asked.filters.get("reference", "")).upper()
    form, clients, seen = forms.Form("by-reference", {"reference": reference}), [], None
    with published(connection) as reader:
        fresh = freshness(reader)
        if reference:
            try:
                clients = clients_of(reader, member, reference)
                seen = who_saw(reader, member, clients, limit=asked.size, offset=asked.offset)
            except Refused as refusal:
                form = replace(form, refusal=refusal)
    if seen:  # committed before a byte of it leaves
        keys = [each.client for each in clients]
        record_view(connection, member, f"/audit {reference}", keys, "names")
    return _page(request, fresh, by_reference=form, clients=clients, seen=seen, listing=asked)


@router.post("/audit")
def audit_by_name(
    request: Request, member: Member, connection: DeskSession, name: Annotated[str, Form()] = ""
) -> Response:
    """Whoever is called so: the one, by a reference, or all of them to choose from.

    A name is typed into a form that is sent, so that it is in no URL.
    """
    only_admins(member)
    wanted = search_of(name)
    form, found = forms.Form("by-name", {"name": wanted}), []
    with published(connection) as reader:
        fresh = freshness(reader)
        try:
            found = clients_named(reader, member, wanted)
        except Refused as refusal:
            form = replace(form, refusal=refusal)
    if found:
        record_view(connection, member, "/audit", [each.client for each in found], "names")
    if len(found) == 1:
        return see_other(request, f"/audit?reference={found[0].reference}")
    return _page(request, fresh, by_name=form, named=found)


def _page(request: Request, fresh: Freshness, **values: Any) -> HTMLResponse:
    shown = {
        "by_reference": forms.Form("by-reference"),
        "by_name": forms.Form("by-name"),
        "most_named": MOST_NAMED,
        "named": [],
        "clients": [],
        "seen": None,
    } | values
    refusal = shown["by_reference"].refusal or shown["by_name"].refusal
    code = refusal.status if refusal else 200
    return page(request, "audit", code, fresh=fresh, **shown)
