"""The record of one claim: what mails about it link to, and where it is worked on."""

from dataclasses import replace
from datetime import datetime

import psycopg
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.lifecycle.denials import GROUP_CODES
from daysheet.desk.published import published
from daysheet.desk.reading.claim_record import ClaimRecord, claim_record
from daysheet.desk.reading.claim_work import claim_work, last_change
from daysheet.desk.reading.freshness import freshness
from daysheet.desk.refusals import Refused
from daysheet.desk.viewing import record_view
from daysheet.desk.work.notes import KINDS
from daysheet.web.claim_forms import (
    DAY_OF,
    DECISIONS,
    METHODS,
    categories,
    pairs,
    status_choice,
)
from daysheet.web.forms import Form
from daysheet.web.guards import DeskSession, Member
from daysheet.web.pages import clock, day, page
from daysheet.web.wording import actor

router = APIRouter()
_NOT_SENT = Form("")


@router.get("/claims/{reference}")
def claim(
    request: Request,
    reference: str,
    member: Member,
    connection: DeskSession,
    *,
    to: str = "",
    do: str = "",
) -> HTMLResponse:
    """A session (``RS-``), a claim (``RC-``) or a dental claim (``DC-``).

    ``to`` is a status whose form is asked for, ``do`` another form to be open.
    """
    return record_page(request, member, connection, reference, to=to, opened=do)


def record_page(
    request: Request,
    member: Actor,
    connection: psycopg.Connection,
    reference: str,
    refused: Form = _NOT_SENT,
    *,
    to: str = "",
    opened: str = "",
) -> HTMLResponse:
    """The record as it is now; ``refused`` is the form that was just sent in vain, if one was."""
    with published(connection) as reader:
        record = claim_record(reader, member, reference)
        work = claim_work(reader, member, record)
        fresh = freshness(reader)
        if refused.refusal is not None and refused.refusal.status == 409:
            changed = last_change(reader, record)
            refused = replace(refused, refusal=_with_who(refused.refusal, changed))
    # committed before a byte of it leaves
    record_view(connection, member, record.reference, record.client_ids, record.shown)
    is_lead = member.may(DeskRole.LEAD)
    choice = status_choice(record, work, to)
    if refused.refusal is not None and refused.refusal.field == "on":
        label = "Decided on" if choice.asks_decision else DAY_OF.get(to, "the day")
        refused = replace(refused, refusal=_with_label(refused.refusal, label))
    return page(
        request,
        "claim",
        refused.refusal.status if refused.refusal else 200,
        record=record,
        work=work,
        fresh=fresh,
        member=member,
        is_biller=member.may(DeskRole.BILLER),
        is_lead=is_lead,
        is_admin=member.may(DeskRole.ADMIN),
        refused=refused,
        opened=refused.name or opened,
        form=lambda name: refused if refused.name == name else Form(name),
        choice=choice,
        categories=categories(choice.facts),
        group_codes=[(code, code) for code in GROUP_CODES],
        note_kinds=pairs(KINDS),
        methods=pairs(METHODS),
        decisions=pairs(DECISIONS[choice.step.status] if choice.asks_decision else ()),
        portals=[(portal.portal_id, portal.name) for portal in work.portals],
        money_kinds=_money_kinds(record, is_lead=is_lead),
        day_of=DAY_OF,
    )


def _money_kinds(record: ClaimRecord, *, is_lead: bool) -> list[tuple[str, str]]:
    """What may be done about an amount of one session: nothing where nothing is there to move."""
    if record.source != "simplepractice" or len(record.lines) != 1:
        return []
    (line,) = record.lines
    kinds = []
    if line.outstanding:
        kinds.append(("to_client", "move to the client"))
        if line.paid > 0 or is_lead:
            kinds.append(("contractual", "contractual write-off"))
        if is_lead:
            kinds.append(("write_off", "write off"))
    if line.client_share:
        kinds.append(("from_client", "move back from the client"))
    return kinds


def _with_label(refusal: Refused, label: str) -> Refused:
    """A missing day by what its field is called on the form."""
    if refusal.code != "missing":
        return refusal
    problem = refusal.problem.replace("the day is missing", f"{label} is missing")
    return Refused(refusal.status, refusal.code, problem, field=refusal.field)


def _with_who(refusal: Refused, changed: tuple[str, datetime] | None) -> Refused:
    """A conflict with who was faster, and when."""
    if changed is None:
        return refusal
    who, at = changed
    problem = (
        f"changed by {actor(who)} on {day(at)} at {clock(at)}: the page shows it as it is now,"
        f" with what you typed ({refusal.problem})"
    )
    return Refused(409, refusal.code, problem, field=refusal.field)
