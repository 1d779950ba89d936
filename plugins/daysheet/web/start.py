"""The first page: open claims, the oldest first."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from daysheet.desk.actors import display_codes
from daysheet.desk.aging import aged_claims, aged_totals
from daysheet.desk.freshness import freshness
from daysheet.desk.published import published
from daysheet.desk.receivables import PAGE
from daysheet.web.guards import DeskSession, Member
from daysheet.web.pages import page

router = APIRouter()


@router.get("/")
def start(
    request: Request,
    member: Member,
    connection: DeskSession,
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> HTMLResponse:
    """One page of them, for every role: it names no client."""
    with published(connection) as reader:
        claims = aged_claims(reader, offset=(number - 1) * PAGE)
        totals = aged_totals(reader)
        codes = display_codes(connection)
        fresh = freshness(reader)
    count = sum(total.rows for total in totals)
    return page(
        request,
        "start",
        claims=claims,
        codes=codes,
        fresh=fresh,
        number=number,
        last=max(1, -(-count // PAGE)),
        count=count,
        amount=sum((total.amount for total in totals), Decimal(0)),
        unestimated=sum(total.unestimated for total in totals),
    )
