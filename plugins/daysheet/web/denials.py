"""The denial report: who refuses how often and why, and what became of the money."""

from typing import get_args

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from daysheet.desk.actors import DeskRole
from daysheet.desk.published import published
from daysheet.desk.reading.denial_report import Grouping, denial_report
from daysheet.desk.reading.freshness import freshness
from daysheet.web.guards import DeskSession, Member
from daysheet.web.pages import page

router = APIRouter()


@router.get("/denials")
def denials(request: Request, member: Member, connection: DeskSession) -> HTMLResponse:
    """By payer and category, for leads by clinician too; it names no client."""
    groupings: list[Grouping] = [
        by for by in get_args(Grouping) if by != "clinician" or member.may(DeskRole.LEAD)
    ]
    with published(connection) as reader:
        return page(
            request,
            "denials",
            reports={by: denial_report(connection, member, by) for by in groupings},
            fresh=freshness(reader),
        )
