"""The aging list: all that is owed, narrowed by the URL, and from where many are worked at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import psycopg
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from daysheet.desk.actors import Actor, DeskRole, display_codes
from daysheet.desk.published import published
from daysheet.desk.reading.aging import (
    ALL_BRACKETS,
    BRACKETS,
    SEVERITIES,
    AgedTotal,
    aged_claims,
    aged_totals,
    choices,
)
from daysheet.desk.reading.freshness import freshness
from daysheet.desk.reading.saved_filters import forget_filter, save_filter, saved_filters
from daysheet.desk.refusals import Refused
from daysheet.web import forms
from daysheet.web.aging_filters import ME, NOBODY, SEARCHED, asked_for
from daysheet.web.guards import DeskSession, Member
from daysheet.web.pages import page
from daysheet.web.wording import words

router = APIRouter()
_PAGE = "aging"  # of saved filters
_UNSAVED = forms.Form("save")


@dataclass(frozen=True)
class Sum:
    """How much some totals are together; ``average_age`` is None where nothing has an age."""

    rows: int
    amount: Decimal
    unestimated: int
    average_age: int | None


@router.get("/aging")
def aging(request: Request, member: Member, connection: DeskSession) -> HTMLResponse:
    """One page of it, for every role: it names no client, but by initials."""
    return _aging(request, member, connection)


@router.post("/aging/filters")
def save(
    request: Request,
    member: Member,
    connection: DeskSession,
    name: Annotated[str, Form()] = "",
) -> Response:
    """Keep the filters of the URL under a name."""
    asked = asked_for(request, connection, member)
    try:
        save_filter(connection, member, _PAGE, name, asked.query)
    except Refused as refusal:
        return _aging(request, member, connection, forms.Form("save", {"name": name}, refusal))
    return _back(request, asked.query, "filter_saved")


@router.post("/aging/filters/{filter_id}/forget")
def forget(
    request: Request, member: Member, connection: DeskSession, filter_id: UUID
) -> RedirectResponse:
    """Remove a saved filter of one's own."""
    asked = asked_for(request, connection, member)
    forget_filter(connection, member, filter_id)
    return _back(request, asked.query, "filter_forgotten")


def _back(request: Request, query: str, done: str) -> RedirectResponse:
    root = request.scope.get("root_path", "")
    return RedirectResponse(f"{root}/aging?{query}{'&' if query else ''}done={done}", 303)


def _aging(
    request: Request,
    member: Actor,
    connection: psycopg.Connection,
    saving: forms.Form = _UNSAVED,
) -> HTMLResponse:
    asked = asked_for(request, connection, member)
    with published(connection) as reader:
        rows = aged_claims(
            reader,
            asked.which,
            asked.listing.order,
            basis=asked.basis,
            limit=asked.listing.size,
            offset=asked.listing.offset,
        )
        all_of_it = replace(asked.which, is_snoozed=None) if asked.is_hiding else asked.which
        totals = aged_totals(reader, all_of_it, asked.basis)
        offered = choices(reader)
        codes = display_codes(connection)
        fresh = freshness(reader)
        saved = saved_filters(connection, member, _PAGE)
    shown = [total for total in totals if not (asked.is_hiding and total.is_snoozed)]
    return page(
        request,
        "aging",
        saving.refusal.status if saving.refusal else 200,
        listing=asked.listing,
        query=asked.query,
        basis=asked.basis,
        rows=rows,
        total=summed(shown),
        sessions=sum(total.rows for total in shown if total.source == "simplepractice"),
        hidden=summed([total for total in totals if total not in shown]),
        by_bracket=[
            (label, summed([total for total in shown if total.bracket == label]))
            for label in BRACKETS
        ],
        brackets=[(label, words(label)) for label in ALL_BRACKETS],
        severities=[(code, words(code)) for code in SEVERITIES],
        payers=[(name, name) for name in offered.payers],
        statuses=[(code, words(code).lower()) for code in offered.statuses],
        clinicians=offered.clinicians,
        owners=[(ME, "me"), (NOBODY, "nobody"), *((code, code) for code in sorted(codes.values()))],
        may_work=member.may(DeskRole.BILLER),
        may_name=member.may(DeskRole.LEAD),
        saved=saved,
        saving=saving,
        exporting=forms.Form("export"),
        searched=SEARCHED,
        fresh=fresh,
    )


def summed(totals: Sequence[AgedTotal]) -> Sum:
    """Them together."""
    dated = sum(total.dated for total in totals)
    return Sum(
        rows=sum(total.rows for total in totals),
        amount=sum((total.amount for total in totals), Decimal(0)),
        unestimated=sum(total.unestimated for total in totals),
        average_age=round(sum(total.age_days for total in totals) / dated) if dated else None,
    )
