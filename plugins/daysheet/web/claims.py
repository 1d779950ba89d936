"""The record of one claim: what mails about it link to."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from daysheet.desk.claim_record import claim_record
from daysheet.desk.freshness import freshness
from daysheet.desk.published import published
from daysheet.desk.viewing import record_view
from daysheet.web.guards import DeskSession, Member
from daysheet.web.pages import page

router = APIRouter()


@router.get("/claims/{reference}")
def claim(
    request: Request, reference: str, member: Member, connection: DeskSession
) -> HTMLResponse:
    """A session (``RS-``), a claim (``RC-``) or a dental claim (``DC-``)."""
    with published(connection) as reader:
        record = claim_record(reader, member, reference)
        fresh = freshness(reader)
    # committed before a byte of it leaves
    record_view(connection, member, record.reference, record.client_ids, record.shown)
    return page(request, "claim", record=record, fresh=fresh)
