"""Many sessions of the aging list at once: chosen, then one thing done to all, with its results."""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

import psycopg
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel

from daysheet.alerts.bulk import acknowledging
from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.lifecycle import bulk
from daysheet.desk.lifecycle.changes import MOST_AT_ONCE, Details
from daysheet.desk.lifecycle.denials import CATEGORIES
from daysheet.desk.lifecycle.selections import (
    choose,
    chosen_sessions,
    portals_of,
    selection,
    versions_of,
)
from daysheet.desk.published import published
from daysheet.desk.reading.aging import aged_claims
from daysheet.desk.reading.freshness import freshness
from daysheet.desk.refusals import Refused, missing
from daysheet.desk.work.assignment import workers
from daysheet.web import forms
from daysheet.web.aging_filters import ME, NOBODY, asked_for
from daysheet.web.claim_forms import Words
from daysheet.web.guards import DeskSession, Member
from daysheet.web.pages import page, see_other
from daysheet.web.typed import day_of, key_of
from daysheet.web.wording import DONE_TO_MANY, words

router = APIRouter()

Action = Literal["assign", "note", "status", "submit", "acknowledge", "snooze"]


class Choice(BaseModel):
    """What was ticked on a page of the list, or all that its filters match."""

    which: Words = "ticked"
    session: list[Words] = []


class Fields(BaseModel):
    """What the forms below a selection send, each its own."""

    row_version: int = 0
    to: Words = ""
    on: Words = ""
    until: Words = ""
    note: Words = ""
    body: Words = ""
    outcome: Words = ""
    next_action_on: Words = ""
    reason: Words = ""
    category: Words = ""
    portal: list[Words] = []


@router.post("/aging/selections")
def chosen(
    request: Request,
    member: Member,
    connection: DeskSession,
    choice: Annotated[Choice, Form()],
) -> RedirectResponse:
    """Freeze what is chosen; a 413 for more than 500."""
    asked = asked_for(request, connection, member)
    if choice.which == "all":
        with published(connection) as reader:
            rows = aged_claims(reader, asked.which, basis=asked.basis, limit=None)
        sessions = {row.session_id: row.row_version for row in rows if row.session_id}
    else:
        sessions = versions_of(connection, choice.session[: MOST_AT_ONCE + 1])
    return _to(request, choose(connection, member, asked.query, sessions))


@router.get("/aging/selections/{selection_id}")
def show(
    request: Request, member: Member, connection: DeskSession, selection_id: UUID
) -> HTMLResponse:
    """What is chosen, how much it is, and what can be done to it; after that, what came of it."""
    return _selection(request, member, connection, selection_id, forms.Form(""))


@router.post("/aging/selections/{selection_id}/{action}")
def do(
    request: Request,
    member: Member,
    connection: DeskSession,
    selection_id: UUID,
    *,
    action: Action,
    fields: Annotated[Fields, Form()],
) -> Response:
    """Do that to all of them, each on its own merits."""
    try:
        bulk.work_on(
            connection,
            member,
            selection_id,
            row_version=fields.row_version,
            action=action,
            work=_WORK[action](fields, _owners(connection, member)),
        )
    except Refused as refusal:
        if refusal.status in (403, 404):
            raise
        typed = {name: value for name, value in fields if isinstance(value, str)}
        form = forms.Form(action, typed, refusal)
        return _selection(request, member, connection, selection_id, form)
    return _to(request, selection_id)


def _to(request: Request, selection_id: UUID) -> RedirectResponse:
    return see_other(request, f"/aging/selections/{selection_id}")


def _owners(connection: psycopg.Connection, member: Actor) -> dict[str, str | None]:
    """Whom the member may give work to, by what the form calls them; None is the pool."""
    if not member.may(DeskRole.LEAD):
        return {ME: member.user_id}
    called = {code: user_id for user_id, code in workers(connection)}
    return {ME: member.user_id, **called, NOBODY: None}


def _assigning(fields: Fields, owners: dict[str, str | None]) -> bulk.Work:
    if fields.to not in owners:
        raise missing("to")
    return bulk.assigning(owners[fields.to])


def _moving(fields: Fields) -> bulk.Work:
    if not fields.to:
        raise missing("to")
    details = Details(
        on=day_of(fields.on, "on") if fields.on.strip() else None,
        reason=fields.reason.strip() or None,
        category=fields.category or None,
    )
    return bulk.moving(fields.to, details)


_WORK: dict[Action, Callable[[Fields, dict[str, str | None]], bulk.Work]] = {
    "assign": _assigning,
    "note": lambda fields, _: bulk.noting(
        fields.body, fields.outcome, day_of(fields.next_action_on, "next_action_on")
    ),
    "status": lambda fields, _: _moving(fields),
    "submit": lambda fields, _: bulk.submitting(
        day_of(fields.on, "on"), [key_of(each, "portal") for each in fields.portal if each]
    ),
    "acknowledge": lambda fields, _: acknowledging(fields.note, day_of(fields.until, "until")),
    "snooze": lambda fields, _: bulk.putting_off(day_of(fields.until, "until"), fields.reason),
}


def _selection(
    request: Request,
    member: Actor,
    connection: psycopg.Connection,
    selection_id: UUID,
    form: forms.Form,
) -> HTMLResponse:
    with published(connection) as reader:
        found = selection(connection, member, selection_id)
        keys = [session_id for session_id, _ in found.sessions]
        said = found.outcome
        sessions = chosen_sessions(connection, keys)
        finished = chosen_sessions(connection, said.done if said else [])
        statuses = bulk.next_statuses(connection, member, keys)
        portals = portals_of(connection, keys)
        owners = _owners(connection, member)
        fresh = freshness(reader)
    return page(
        request,
        "selection",
        form.refusal.status if form.refusal else 200,
        selection=found,
        result=DONE_TO_MANY[said.action] if said else None,
        sessions=list(sessions.values()),
        finished=list(finished.values()),
        amount=sum((each.outstanding for each in sessions.values()), Decimal(0)),
        ready=sum(each.status == "ready_to_bill" for each in sessions.values()),
        statuses=[(code, f"{words(code)} ({count})") for code, count in statuses.items()],
        portals=portals,
        owners=[(code, code) for code in owners],
        categories=[(code, words(code)) for code in CATEGORIES],
        may_name=member.may(DeskRole.LEAD),
        form=form,
        blank=forms.Form,
        fresh=fresh,
    )
