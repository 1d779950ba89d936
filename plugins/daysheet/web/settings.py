"""What the practice sets by hand: lists that everybody at the desk sees, forms for who may edit."""

from collections.abc import Mapping
from typing import Annotated, Any

import psycopg
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from daysheet.alerts.rules import RULES
from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.published import published
from daysheet.desk.reading.freshness import freshness
from daysheet.desk.reading.receivables import Order
from daysheet.desk.receipts import fits_text
from daysheet.desk.refusals import Refused
from daysheet.desk.setup.sections import SECTIONS
from daysheet.desk.setup.settings import (
    Section,
    last_change,
    read_entries,
    read_entry,
    remove_entry,
    save_entry,
)
from daysheet.web.forms import Form
from daysheet.web.guards import DeskSession, Member
from daysheet.web.listing import listing
from daysheet.web.pages import clock, day, page, see_other
from daysheet.web.settings_tabs import TABS, Field, Tab

router = APIRouter()
_SECTIONS = SECTIONS | {"rules": RULES}
_NOT_SENT = Form("entry")


async def _sent(request: Request) -> dict[str, str]:
    """Which fields a form has depends on the tab."""
    sent = await request.form()
    return {name: value for name, value in sent.multi_items() if isinstance(value, str)}


Sent = Annotated[dict[str, str], Depends(_sent)]


@router.get("/settings")
def first(request: Request, member: Member, connection: DeskSession) -> HTMLResponse:
    """The payers."""
    return entries(request, "payers", member, connection)


@router.get("/settings/{tab}")
def entries(request: Request, tab: str, member: Member, connection: DeskSession) -> HTMLResponse:
    """One kind of entry, 50 a page."""
    shown, section = _tab(tab, member)
    wanted = listing(request, ["entry"], Order("entry"))
    with published(connection) as reader:
        rows = read_entries(connection, section)
        fresh = freshness(reader)
    return page(
        request,
        "settings",
        tabs=_tabs(member),
        tab=shown,
        rows=rows[wanted.offset : wanted.offset + wanted.size],
        count=len(rows),
        listing=wanted,
        may_edit=member.may(section.least),
        is_admin=member.may(DeskRole.ADMIN),
        least=section.least.name.lower(),
        fresh=fresh,
    )


@router.get("/settings/{tab}/entry")
def entry(
    request: Request, tab: str, member: Member, connection: DeskSession, key: str = ""
) -> HTMLResponse:
    """The form of one entry, or of a new one."""
    return _form(request, tab, member, connection, key=key)


@router.post("/settings/{tab}/entry")
def save(
    request: Request, tab: str, member: Member, connection: DeskSession, sent: Sent
) -> Response:
    """Keep what was entered."""
    shown, section = _tab(tab, member)
    key, seen = sent.get("key", ""), sent.get("seen", "")
    try:
        member.needs(section.least, f"editing {section.what}")
        row = read_entry(connection, section, key) if key else None
        save_entry(connection, member, section, _entered(shown, row, sent), key=key, seen=seen)
    except Refused as refusal:
        if refusal.status in (403, 404):
            raise
        refused = Form("entry", sent, refusal)
        return _form(request, tab, member, connection, key=key, refused=refused)
    return see_other(request, f"/settings/{tab}?done=setting_saved")


@router.post("/settings/{tab}/removal")
def remove(
    request: Request, tab: str, member: Member, connection: DeskSession, sent: Sent
) -> Response:
    """Take an entry away that may go."""
    _, section = _tab(tab, member)
    key, seen = sent.get("key", ""), sent.get("seen", "")
    try:
        remove_entry(connection, member, section, key, seen)
    except Refused as refusal:
        if refusal.status in (403, 404):
            raise
        # nothing was typed that could be kept
        return _form(
            request, tab, member, connection, key=key, refused=Form("removal", {}, refusal)
        )
    return see_other(request, f"/settings/{tab}?done=setting_removed")


def _form(
    request: Request,
    tab: str,
    member: Actor,
    connection: psycopg.Connection,
    *,
    key: str = "",
    refused: Form = _NOT_SENT,
) -> HTMLResponse:
    shown, section = _tab(tab, member)
    member.needs(section.least, f"editing {section.what}")
    with published(connection) as reader:
        row = read_entry(connection, section, key) if key else None
        if row is None and not shown.may_add:
            raise Refused(404, "unknown", "no entry can be added here")
        changed = last_change(connection, section, row) if row else None
        fresh = freshness(reader)
        options = {
            field.name: field.options or _options(connection, field)
            for field in shown.fields
            if field.kind == "choice"
        }
    refusal = refused.refusal
    if refusal and refusal.status == 409 and changed:
        told = f"changed by {changed.who} on {day(changed.at)} at {clock(changed.at)}"
        problem = f"{told}: the page shows what you typed, save again to write it over theirs"
        refused = Form(refused.name, refused.typed, Refused(409, refusal.code, problem))
    return page(
        request,
        "settings_entry",
        refusal.status if refusal else 200,
        tabs=_tabs(member),
        tab=shown,
        row=row,
        fields=[field for field in shown.fields if field.applies(row)],
        options=options,
        form=refused,
        title=shown.title_of(row) if row else f"New {shown.one}",
        is_removable=row is not None and section.removed_by(row) is not None,
        changed=changed,
        fresh=fresh,
    )


def _tab(name: str, member: Actor) -> tuple[Tab, Section]:
    shown = TABS.get(name)
    if shown is None:
        raise Refused(404, "unknown", "there is no such page")
    member.needs(shown.least, f"seeing {shown.title.lower()}")
    return shown, _SECTIONS[name]


def _tabs(member: Actor) -> list[Tab]:
    return [tab for tab in TABS.values() if member.may(tab.least)]


def _options(connection: psycopg.Connection, field: Field) -> list[tuple[str, str]]:
    """Of a choice among what is there: payers or metrics."""
    if field.name == "payer":
        rows = read_entries(connection, SECTIONS["payers"])
        return [(row["key"], f"{row['name']} {row['external_id'] or ''}") for row in rows]
    metrics = {row["metric"] for row in read_entries(connection, SECTIONS["targets"])}
    return [(name, name.replace("_", " ")) for name in sorted(metrics)]


def _entered(tab: Tab, row: Mapping[str, Any] | None, sent: Mapping[str, str]) -> dict[str, Any]:
    """What was typed, as the entry's document reads it: nothing for what was left empty."""
    found: dict[str, Any] = {}
    for field in tab.fields:
        typed = sent.get(field.name, "").strip()
        if not field.applies(row):
            found |= field.standing(row)
            continue
        for line in typed.splitlines():
            fits_text(line, field.name)
        if field.kind == "tick":
            found[field.name] = bool(typed)
        elif field.kind == "lines":
            found[field.name] = [line.strip() for line in typed.splitlines() if line.strip()]
        elif field.kind == "money":
            found[field.name] = typed.replace("$", "").replace(",", "") or None
        elif field.is_optional:
            found[field.name] = typed or None
        else:
            found[field.name] = typed.replace("\r\n", "\n")
    return found
