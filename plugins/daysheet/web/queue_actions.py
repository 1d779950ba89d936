"""One work item, or one alert: what it is, and what somebody may do about it."""

from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import psycopg
from fastapi import APIRouter, Request
from fastapi import Form as Sent
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from daysheet.alerts import acting
from daysheet.desk.actors import Actor, DeskRole, display_codes
from daysheet.desk.published import published
from daysheet.desk.reading.alert_list import live_alert
from daysheet.desk.reading.freshness import freshness
from daysheet.desk.refusals import Refused, not_possible
from daysheet.desk.work.assignment import assign, take, workers
from daysheet.desk.work.finishing import finish
from daysheet.desk.work.queue import open_item
from daysheet.desk.work.snoozing import latest_day, snooze
from daysheet.desk.work.state import STATE_KINDS
from daysheet.web.forms import Form
from daysheet.web.guards import DeskSession, Member
from daysheet.web.pages import page, see_other
from daysheet.web.queue import KNOWN
from daysheet.web.typed import day_of, key_of, note_of, reason_of

router = APIRouter()
_NOT_SENT = Form("")
# What the page says after each act.
_DONE = {"take": "taken", "assign": "assigned", "snooze": "snoozed", "done": "finished"}
_ALERT_DONE = {"acknowledge": "acknowledged", "snooze": "alert_snoozed", "close": "alert_closed"}


class ItemForm(BaseModel):
    """What is done with an item: each ``act`` has its own fields."""

    act: str = ""
    row_version: int = 0
    back: str = ""
    to: str = ""
    until: str = ""
    reason: str = ""
    outcome: str = ""
    next_action_on: str = ""


class AlertForm(BaseModel):
    """What is done with an alert: each ``act`` has its own fields."""

    act: str = ""
    row_version: int = 0
    back: str = ""
    until: str = ""
    note: str = ""
    reason: str = ""


@router.get("/queue/items/{item_id}")
def item(
    request: Request, item_id: str, member: Member, connection: DeskSession, back: str = ""
) -> HTMLResponse:
    """An open item with its forms."""
    return _item_page(request, member, connection, _known(item_id), back)


@router.post("/queue/items/{item_id}")
def act_on_item(
    request: Request,
    item_id: str,
    member: Member,
    connection: DeskSession,
    sent: Annotated[ItemForm, Sent()],
) -> Response:
    """Take, assign, snooze or finish it."""
    key, version = _known(item_id), sent.row_version
    member.needs(DeskRole.BILLER, "working on items")
    try:
        if sent.act == "take":
            take(connection, member, item_id=key, row_version=version)
        elif sent.act == "assign":
            assign(connection, member, sent.to or None, item_id=key, row_version=version)
        elif sent.act == "snooze":
            until = day_of(sent.until, "until")
            snooze(connection, member, key, until, reason_of(sent.reason), row_version=version)
        elif sent.act == "done":
            day = day_of(sent.next_action_on, "next_action_on") if sent.next_action_on else None
            outcome = reason_of(sent.outcome, "outcome")
            finish(connection, member, key, outcome, next_action_on=day, row_version=version)
        else:
            raise not_possible("unknown_act", "there is no such action", field="act")
    except Refused as refusal:
        refused = Form(sent.act, sent.model_dump(exclude={"row_version"}), refusal)
        return _item_page(request, member, connection, key, sent.back, refused=refused)
    return see_other(request, _back(sent.back, _DONE[sent.act]))


@router.get("/queue/alerts/{alert_id}")
def alert(
    request: Request, alert_id: str, member: Member, connection: DeskSession, back: str = ""
) -> HTMLResponse:
    """A live alert with its forms."""
    return _alert_page(request, member, connection, _known(alert_id), back)


@router.post("/queue/alerts/{alert_id}")
def act_on_alert(
    request: Request,
    alert_id: str,
    member: Member,
    connection: DeskSession,
    sent: Annotated[AlertForm, Sent()],
) -> Response:
    """Acknowledge it, put it off or close it."""
    key, version = _known(alert_id), sent.row_version
    member.needs(DeskRole.BILLER, "acting on alerts")
    try:
        if sent.act == "acknowledge":
            until = day_of(sent.until, "until")
            note = note_of(sent.note)
            acting.acknowledge(connection, member, key, note, until, row_version=version)
        elif sent.act == "snooze":
            until = day_of(sent.until, "until")
            reason = reason_of(sent.reason)
            acting.snooze(connection, member, key, until, reason, row_version=version)
        elif sent.act == "close":
            note = reason_of(sent.note, "note")
            acting.resolve(connection, member, key, note, row_version=version)
        else:
            raise not_possible("unknown_act", "there is no such action", field="act")
    except Refused as refusal:
        refused = Form(sent.act, sent.model_dump(exclude={"row_version"}), refusal)
        return _alert_page(request, member, connection, key, sent.back, refused=refused)
    return see_other(request, _back(sent.back, _ALERT_DONE[sent.act]))


def _item_page(
    request: Request,
    member: Actor,
    connection: psycopg.Connection,
    item_id: UUID,
    back: str,
    *,
    refused: Form = _NOT_SENT,
) -> HTMLResponse:
    try:
        with published(connection) as reader:
            found = open_item(reader.connection, member, item_id)
            today, latest = latest_day(reader.connection, item_id)
            codes = display_codes(reader.connection)
            fresh = freshness(reader)
            owners = workers(reader.connection) if member.may(DeskRole.LEAD) else []
    except Refused as unknown:
        return _gone(request, unknown, refused, back)
    is_mine = found.assigned_to == member.user_id
    is_lead = member.may(DeskRole.LEAD)
    return page(
        request,
        "queue_item",
        refused.refusal.status if refused.refusal else 200,
        item=found,
        today=today,
        latest=latest,
        asks_for_day=found.kind in STATE_KINDS,
        codes=codes,
        owners=owners,
        may_take=member.may(DeskRole.BILLER) and not is_mine,
        may_work=is_lead or (is_mine and member.may(DeskRole.BILLER)),
        is_lead=is_lead,
        fresh=fresh,
        **_frame(refused, back),
    )


def _alert_page(
    request: Request,
    member: Actor,
    connection: psycopg.Connection,
    alert_id: UUID,
    back: str,
    *,
    refused: Form = _NOT_SENT,
) -> HTMLResponse:
    try:
        with published(connection) as reader:
            found = live_alert(reader, member, alert_id)
            latest = acting.latest_day(reader.connection, alert_id)
            fresh = freshness(reader)
    except Refused as unknown:
        return _gone(request, unknown, refused, back)
    is_mine = found.assigned_to == member.user_id and member.may(DeskRole.BILLER)
    return page(
        request,
        "queue_alert",
        refused.refusal.status if refused.refusal else 200,
        alert=found,
        latest=latest,
        longest=fresh.today + timedelta(days=acting.LONGEST_ACKNOWLEDGED),
        may_act=is_mine or member.may(DeskRole.LEAD),
        fresh=fresh,
        **_frame(refused, back),
    )


def _gone(request: Request, unknown: Refused, refused: Form, back: str) -> HTMLResponse:
    """There is nothing to show any more; what was typed about it is."""
    if refused.refusal is None:
        raise unknown
    kept = ("note", "reason", "outcome")
    typed = [refused.typed[name] for name in kept if refused.typed.get(name)]
    return page(request, "queue_gone", refused.refusal.status, typed=typed, **_frame(refused, back))


def _frame(refused: Form, back: str) -> dict[str, Any]:
    return {
        "refused": refused,
        "form": lambda name: refused if refused.name == name else Form(name),
        "back": _back(back),
    }


def _known(key: str) -> UUID:
    """A key of a URL; what is none of ours is not there."""
    try:
        return key_of(key, "key")
    except Refused:
        raise Refused(404, "unknown_key", "there is no such thing, or it is done") from None


def _back(query: str, done: str = "") -> str:
    """The list somebody came from, as far as it is ours; with the code of what was done."""
    words = {name: word for name, word in parse_qsl(query) if name in (*KNOWN, "page", "size")}
    if done:
        words["done"] = done
    return f"/queue?{urlencode(words)}" if words else "/queue"
