"""What files leave to a person besides refused rows: conflicts, and payers nobody knows yet."""

from typing import Annotated
from uuid import UUID

import psycopg
from fastapi import APIRouter, Request
from fastapi import Form as Sent
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.published import published
from daysheet.desk.reading.freshness import freshness
from daysheet.desk.reading.import_conflicts import list_conflicts, session_asked_about
from daysheet.desk.reading.receivables import Order
from daysheet.desk.refusals import Refused, conflict, not_possible
from daysheet.desk.setup.payer_review import (
    confirm_payer,
    known_payers,
    merge_payer,
    payers_in_review,
)
from daysheet.desk.work.assignment import take
from daysheet.desk.work.finishing import finish
from daysheet.ingest.reports.corrections import same_visit, two_visits
from daysheet.web.forms import Form
from daysheet.web.guards import DeskSession, Member
from daysheet.web.listing import listing
from daysheet.web.pages import page, see_other
from daysheet.web.typed import key_of, reason_of

router = APIRouter()
_NOT_SENT = Form("")
_OLDEST = Order("opened_on")
# What a conflict is called, by the code it was opened with.
_WHYS = {
    "source_regression": "A report takes back what it said",
    "status_conflict": "A report's status does not follow from ours",
    "money_after_closing": "Money moved after it was closed",
    "remittance": "A payment report says otherwise",
}
_CONFLICT_DONE = {
    "same_visit": "same_visit", "two_visits": "two_visits", "close": "finished", "take": "taken",
}  # fmt: skip


class ConflictForm(BaseModel):
    """A decision on what a file told; ``session_version`` is that of the session it is about."""

    act: str = ""
    row_version: int = 0
    session_version: int = 0
    outcome: str = ""


class PayerForm(BaseModel):
    """A decision on a payer first seen in a file; ``into`` is the one it really is."""

    act: str = ""
    row_version: int = 0
    into: str = ""


@router.get("/imports/conflicts")
def conflicts(request: Request, member: Member, connection: DeskSession) -> HTMLResponse:
    """What files told that does not go together with what is known."""
    return _conflicts_page(request, member, connection)


@router.post("/imports/conflicts/{item_id}")
def decide_conflict(
    request: Request,
    item_id: str,
    member: Member,
    connection: DeskSession,
    sent: Annotated[ConflictForm, Sent()],
) -> Response:
    """One visit or two; or close what was looked into."""
    member.needs(DeskRole.BILLER, "deciding on conflicts")
    key = _known(item_id)
    try:
        if sent.act in ("same_visit", "two_visits"):
            _one_or_two(connection, member, key, sent)
        elif sent.act == "close":
            outcome = reason_of(sent.outcome, "outcome")
            finish(connection, member, key, outcome, row_version=sent.row_version)
        elif sent.act == "take":
            take(connection, member, item_id=key, row_version=sent.row_version)
        else:
            raise not_possible("unknown_act", "there is no such decision", field="act")
    except Refused as refusal:
        refused = Form(str(key), sent.model_dump(include={"outcome"}), refusal)
        return _conflicts_page(request, member, connection, refused)
    return see_other(request, f"/imports/conflicts?done={_CONFLICT_DONE[sent.act]}")


@router.get("/imports/payers")
def payers(request: Request, member: Member, connection: DeskSession) -> HTMLResponse:
    """Payers first seen in a file."""
    return _payers_page(request, member, connection)


@router.post("/imports/payers/{payer_id}")
def decide_payer(
    request: Request,
    payer_id: str,
    member: Member,
    connection: DeskSession,
    sent: Annotated[PayerForm, Sent()],
) -> Response:
    """A payer of its own, or another one under another name."""
    member.needs(DeskRole.BILLER, "confirming payers")
    key = _known(payer_id)
    try:
        if sent.act == "confirm":
            confirm_payer(connection, member, key, row_version=sent.row_version)
        elif sent.act == "merge":
            into = key_of(sent.into, "into") if sent.into else None
            if into is None:
                raise not_possible("missing", "choose the payer it is", field="into")
            merge_payer(connection, member, key, into, row_version=sent.row_version)
        else:
            raise not_possible("unknown_act", "there is no such decision", field="act")
    except Refused as refusal:
        refused = Form(str(key), sent.model_dump(include={"into"}), refusal)
        return _payers_page(request, member, connection, refused)
    done = {"confirm": "payer_confirmed", "merge": "payer_merged"}[sent.act]
    return see_other(request, f"/imports/payers?done={done}")


def _one_or_two(
    connection: psycopg.Connection, member: Actor, item_id: UUID, sent: ConflictForm
) -> None:
    with published(connection) as reader:
        session_id = session_asked_about(reader, item_id)
    if session_id is None:
        raise not_possible("no_pair", "it is about one claim, not about two visits")
    try:
        if sent.act == "two_visits":
            two_visits(connection, member, session_id)
        else:
            same_visit(connection, member, session_id, row_version=sent.session_version)
    except Refused as refusal:
        if refusal.status == 404:  # it was asked, and is no more
            raise conflict("somebody has decided it already") from refusal
        raise


def _conflicts_page(
    request: Request, member: Actor, connection: psycopg.Connection, refused: Form = _NOT_SENT
) -> HTMLResponse:
    asked = listing(request, (_OLDEST.column,), _OLDEST)
    with published(connection) as reader:
        found, count = list_conflicts(reader, limit=asked.size, offset=asked.offset)
        fresh = freshness(reader)
    return page(
        request,
        "conflicts",
        refused.refusal.status if refused.refusal else 200,
        listing=asked,
        conflicts=found,
        whys=_WHYS,
        count=count,
        member=member,
        is_biller=member.may(DeskRole.BILLER),
        is_lead=member.may(DeskRole.LEAD),
        refused=refused,
        form=lambda name: refused if refused.name == name else Form(name),
        fresh=fresh,
    )


def _payers_page(
    request: Request, member: Actor, connection: psycopg.Connection, refused: Form = _NOT_SENT
) -> HTMLResponse:
    with published(connection) as reader:
        found = payers_in_review(reader)
        known = known_payers(reader)
        fresh = freshness(reader)
    return page(
        request,
        "payer_review",
        refused.refusal.status if refused.refusal else 200,
        payers=found,
        known=[(key, f"{name} ({own_id})" if own_id else name) for key, name, own_id in known],
        is_biller=member.may(DeskRole.BILLER),
        is_lead=member.may(DeskRole.LEAD),
        refused=refused,
        form=lambda name: refused if refused.name == name else Form(name),
        fresh=fresh,
    )


def _known(key: str) -> UUID:
    """A key of a URL; what is none of ours is not there."""
    try:
        return key_of(key, "key")
    except Refused:
        raise Refused(404, "unknown_key", "there is no such thing, or it is decided") from None
