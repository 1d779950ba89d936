"""Files that were dropped, what became of them, and the rows that wait for somebody."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from daysheet.desk.actors import DeskRole
from daysheet.desk.published import published
from daysheet.desk.reading.alert_list import alerts_of_file
from daysheet.desk.reading.freshness import freshness
from daysheet.desk.reading.import_record import (
    FileFilter,
    State,
    file_kinds,
    file_record,
    list_files,
    list_rows,
)
from daysheet.desk.reading.receivables import Order
from daysheet.desk.refusals import Refused
from daysheet.web.guards import DeskSession, Member
from daysheet.web.listing import listing
from daysheet.web.pages import page
from daysheet.web.wording import words

router = APIRouter()

SOURCES = {"simplepractice": "Counseling", "opendental": "Dental"}
STATES = tuple(State.__args__)
_NEWEST = Order("file", is_descending=True)
_IN_ORDER = Order("line")


@router.get("/imports")
def files(request: Request, member: Member, connection: DeskSession) -> HTMLResponse:
    """Every file, the newest first."""
    known = ("source", "kind", "state", "undecided", "duplicates")
    asked = listing(request, ("file",), _NEWEST, known)
    chosen = asked.filters
    which = FileFilter(
        source=chosen.get("source"),
        table_name=chosen.get("kind"),
        state=chosen.get("state"),
        is_undecided=True if "undecided" in chosen else None,
        with_duplicates="duplicates" in chosen or chosen.get("state") == "duplicate",
    )
    with published(connection) as reader:
        found, count = list_files(reader, member, which, limit=asked.size, offset=asked.offset)
        kinds = file_kinds(reader)
        fresh = freshness(reader)
    return page(
        request,
        "imports",
        listing=asked,
        files=found,
        count=count,
        sources=SOURCES,
        kinds=[(kind, words(kind)) for kind in kinds],
        states=[(state, words(state)) for state in STATES],
        is_biller=member.may(DeskRole.BILLER),
        fresh=fresh,
    )


@router.get("/imports/quarantine")
def quarantine(request: Request, member: Member, connection: DeskSession) -> HTMLResponse:
    """Rows of all reports that wait for a decision, without what they say."""
    asked = listing(request, ("line",), _IN_ORDER, ("reason",))
    with published(connection) as reader:
        rows, count = list_rows(
            reader,
            reason=asked.filters.get("reason"),
            is_undecided=True,
            limit=asked.size,
            offset=asked.offset,
        )
        fresh = freshness(reader)
    return page(
        request,
        "quarantine",
        listing=asked,
        rows=rows,
        count=count,
        is_biller=member.may(DeskRole.BILLER),
        fresh=fresh,
    )


@router.get("/imports/files/{number}")
def file(request: Request, number: str, member: Member, connection: DeskSession) -> HTMLResponse:
    """One file with the verdicts of its rows."""
    asked = listing(request, ("line",), _IN_ORDER, ("verdict", "reason", "undecided"))
    file_id = number_of(number)
    with published(connection) as reader:
        record = file_record(reader, member, file_id)
        alerts = alerts_of_file(reader, file_id)
        rows, count = list_rows(
            reader,
            file_id=file_id,
            verdict=asked.filters.get("verdict"),
            reason=asked.filters.get("reason"),
            is_undecided="undecided" in asked.filters,
            limit=asked.size,
            offset=asked.offset,
        )
        fresh = freshness(reader)
    return page(
        request,
        "import_file",
        listing=asked,
        record=record,
        file=record.file,
        alerts=alerts,
        rows=rows,
        count=count,
        sources=SOURCES,
        is_biller=member.may(DeskRole.BILLER),
        fresh=fresh,
    )


def number_of(text: str) -> int:
    """The number of a file or a line in a URL; what is none is not there."""
    if text.isascii() and text.isdigit() and len(text) < 16:
        return int(text)
    raise Refused(404, "unknown_number", "there is no such file or row")
