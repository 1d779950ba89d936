"""Where ledger, files and bank do not agree: the lists, and what is done about a line."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, cast, get_args

import psycopg
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel

from daysheet.desk.actors import Actor, DeskRole, display_codes
from daysheet.desk.money.reconciliation import (
    List,
    clear,
    post_difference,
)
from daysheet.desk.money.settlement import Remainder
from daysheet.desk.published import published
from daysheet.desk.reading.difference_list import (
    ControlTotal,
    DifferenceFilter,
    DifferenceList,
    subjects,
)
from daysheet.desk.reading.freshness import freshness
from daysheet.desk.reading.payable import payers
from daysheet.desk.reading.receivables import Order
from daysheet.desk.refusals import Refused, not_possible
from daysheet.web import forms
from daysheet.web.difference_words import LISTS
from daysheet.web.guards import DeskSession, Member
from daysheet.web.listing import Listing, listing
from daysheet.web.pages import page, see_other
from daysheet.web.typed import (
    amount_of,
    day_of,
    form_key_of,
    key_of,
    reason_of,
    search_of,
    version_of,
)

router = APIRouter()
_COLUMNS = ("since", "ours", "theirs", "amount")
_STATES = {"open": False, "cleared": True}
_MOST_TOTALS = 200


class LineFields(BaseModel):
    """What the form of one line sends: which line, as it was seen, and what is done about it."""

    subject: str = ""
    amount: str = ""
    reason: str = ""
    received_on: str = ""
    rest: str = ""
    row_version: str = ""
    idempotency_key: str = ""
    totals: str = ""


@dataclass(frozen=True)
class Visit:
    """Who looks at which list."""

    request: Request
    member: Actor
    connection: psycopg.Connection
    name: List

    def done(self, code: str) -> RedirectResponse:
        """To the list, which says what was done."""
        return see_other(self.request, f"/payments/reconciliation/{self.name}?done={code}")


def _visit(request: Request, name: str, member: Member, connection: DeskSession) -> Visit:
    if name not in get_args(List):
        raise Refused(404, "unknown_list", "there is no such list")
    return Visit(request, member, connection, cast(List, name))


Visited = Annotated[Visit, Depends(_visit)]


@dataclass(frozen=True)
class Sent:
    """A form that was sent: of which line, what was typed, why it was refused."""

    form: str
    typed: Mapping[str, str]
    refusal: Refused | None = None


@router.get("/payments/reconciliation")
def lists(request: Request, member: Member, connection: DeskSession) -> HTMLResponse:
    """The lists, each with what is open on it."""
    names = cast(tuple[List, ...], get_args(List))
    with published(connection) as reader:
        found = {name: DifferenceList(reader, name).sums() for name in names}
        fresh = freshness(reader)
    return page(request, "reconciliation", found=found, lists=LISTS, fresh=fresh)


@router.get("/payments/reconciliation/{name}")
def lines(visit: Visited) -> HTMLResponse:
    """One list, what is open first."""
    return _shown(visit, listing(visit.request, _COLUMNS, Order("since"), ("payer", "state")))


@router.post("/payments/reconciliation/{name}/clear")
def clear_line(visit: Visited, fields: Annotated[LineFields, Form()]) -> Response:
    """Say of a line that it is in order, and why."""
    visit.member.needs(DeskRole.BILLER, "clearing a difference")
    try:
        reason, amount = reason_of(fields.reason), amount_of(fields.amount)
        totals = _control(visit.name, fields.totals)
        with published(visit.connection) as reader:
            line = DifferenceList(reader, visit.name, totals).line(fields.subject, amount)
        clear(
            visit.connection,
            visit.member,
            visit.name,
            line.subject,
            amount=line.amount,
            reason=reason,
        )
    except Refused as refusal:
        return _again(visit, "clear", fields, refusal)
    return _again(visit, "clear", fields) if fields.totals else visit.done("line_cleared")


@router.post("/payments/reconciliation/ledger_against_export/post")
def post_line(
    request: Request,
    member: Member,
    connection: DeskSession,
    fields: Annotated[LineFields, Form()],
) -> Response:
    """Make the ledger say of a session what the export says."""
    visit = Visit(request, member, connection, "ledger_against_export")
    member.needs(DeskRole.BILLER, "posting a difference")
    try:
        post_difference(
            connection,
            member,
            key_of(fields.subject, "subject"),
            received_on=day_of(fields.received_on, "received_on"),
            reason=reason_of(fields.reason),
            idempotency_key=form_key_of(fields.idempotency_key),
            remainder=cast(Remainder, fields.rest),
            row_version=version_of(fields.row_version),
        )
    except Refused as refusal:
        return _again(visit, "post", fields, refusal)
    return visit.done("difference_posted")


@router.post("/payments/reconciliation/control_total")
def control(
    request: Request,
    member: Member,
    connection: DeskSession,
    fields: Annotated[LineFields, Form()],
) -> HTMLResponse:
    """Compare totals that were typed or pasted with what payment reports brought."""
    visit = Visit(request, member, connection, "control_total")
    try:
        _control(visit.name, fields.totals)
    except Refused as refusal:
        return _again(visit, "totals", fields, refusal)
    return _again(visit, "totals", fields)


def _again(
    visit: Visit, what: str, fields: LineFields, refusal: Refused | None = None
) -> HTMLResponse:
    if refusal is not None and refusal.status == 403:
        raise refusal  # nothing to correct in what was typed
    form = f"{what}-{fields.subject}" if what != "totals" else what
    usual = Order("since")
    path = f"{visit.request.scope.get('root_path', '')}/payments/reconciliation/{visit.name}"
    asked = Listing(path, {}, usual, usual)
    return _shown(visit, asked, Sent(form, fields.model_dump(), refusal))


def _shown(visit: Visit, asked: Listing, sent: Sent = Sent("", {})) -> HTMLResponse:
    refusal, words = sent.refusal, sent.typed.get("totals", "")
    try:
        totals = _control(visit.name, words)
    except Refused:
        totals = []
    which = _filter_of(asked)
    with published(visit.connection) as reader:
        names = dict(payers(reader))
        found = DifferenceList(reader, visit.name, totals)
        shown = found.lines(which, asked.order, limit=asked.size, offset=asked.offset)
        sums, listed_payers = found.sums(which), found.payers()
        about = subjects(reader, shown)
        codes = display_codes(reader.connection)
        fresh = freshness(reader)

    def form_of(name: str) -> forms.Form:
        return forms.Form(name, sent.typed, refusal) if name == sent.form else forms.Form(name)

    return page(
        visit.request,
        "differences",
        refusal.status if refusal else 200,
        name=visit.name,
        words=LISTS[visit.name],
        action=found.action,
        lines=shown,
        count=sums.lines + sums.cleared,
        sums=sums,
        about=about,
        payers=names,
        listed_payers=[(each, each) for each in listed_payers],
        codes=codes,
        asked=asked,
        totals=words if totals else "",
        form_of=form_of,
        refusal=refusal,
        may_post=visit.member.may(DeskRole.BILLER),
        fresh=fresh,
    )


def _filter_of(asked: Listing) -> DifferenceFilter:
    state = asked.filters.get("state")
    if state is not None and state not in _STATES:
        raise not_possible("unknown_filter", "a line is open or cleared", field="state")
    return DifferenceFilter(asked.filters.get("payer"), None if state is None else _STATES[state])


def _control(name: List, text: str) -> list[ControlTotal]:
    """``reference, 2026-11-20, 1234.50`` a line; the reference may hold commas itself."""
    if name != "control_total":
        return []
    typed = [line for line in text.splitlines() if line.strip()]
    if len(typed) > _MOST_TOTALS:
        raise not_possible("too_many", f"at most {_MOST_TOTALS} lines", field="totals")
    found = []
    for line in typed:
        parts = [part.strip() for part in search_of(line).rsplit(",", 2)]
        if len(parts) != 3:
            problem = "each line is reference, day, amount: EFT-1, 2026-11-20, 1234.50"
            raise not_possible("bad_line", problem, field="totals")
        reference, day, amount = parts
        day_on, dollars = day_of(day, "totals"), amount_of(amount, "totals")
        found.append(ControlTotal(reference or None, day_on, dollars))
    return found
