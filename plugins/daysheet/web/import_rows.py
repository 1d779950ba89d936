"""One refused row: what it says, and what somebody decides on it."""

from typing import Annotated

import psycopg
from fastapi import APIRouter, Request
from fastapi import Form as Sent
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict

from daysheet.desk.actors import Actor
from daysheet.desk.published import published
from daysheet.desk.reading.freshness import freshness
from daysheet.desk.reading.import_record import import_row
from daysheet.desk.refusals import Refused, not_possible
from daysheet.desk.viewing import record_view
from daysheet.ingest.reports.decisions import accept, discard, retry
from daysheet.ingest.reports.reviewing import Cell, Review, review
from daysheet.web.forms import Form
from daysheet.web.guards import DeskSession, Member
from daysheet.web.imports import number_of
from daysheet.web.pages import page, see_other
from daysheet.web.typed import reason_of

router = APIRouter()
_NOT_SENT = Form("")
_CELL = "cell-"  # before the name of a column
_LONGEST_CELL = 2000
_SIDES = {None: "The visit", "client": "Client's side", "insurance": "Insurer's side"}
_DONE = {"retry": "row_retried", "accept": "row_accepted", "discard": "row_discarded"}


@router.get("/imports/files/{number}/rows/{line}")
def row(
    request: Request, number: str, line: str, member: Member, connection: DeskSession
) -> HTMLResponse:
    """A row that was refused, with its text, for who may decide on it."""
    return _row_page(request, member, connection, number_of(number), number_of(line))


class RowForm(BaseModel):
    """A decision on a row; each cell comes under ``cell-`` and the name of its column."""

    model_config = ConfigDict(extra="allow")

    act: str = ""
    reason: str = ""

    @property
    def cells(self) -> dict[str, str]:
        """What stands in the cells of the form."""
        extra = self.model_extra or {}
        return {
            name.removeprefix(_CELL): text
            for name, text in extra.items()
            if name.startswith(_CELL) and isinstance(text, str)
        }

    @property
    def typed(self) -> dict[str, str]:
        """All of it, as the form shows it again."""
        cells = {f"{_CELL}{name}": text for name, text in self.cells.items()}
        return {"reason": self.reason, **cells}


@router.post("/imports/files/{number}/rows/{line}")
def decide(
    request: Request,
    number: str,
    line: str,
    *,
    member: Member,
    connection: DeskSession,
    sent: Annotated[RowForm, Sent()],
) -> Response:
    """Mend and retry it, take it as it is, or discard it."""
    file_id, place = number_of(number), number_of(line)
    try:
        if sent.act == "retry":
            typed = _mended(connection, member, file_id, place, sent.cells)
            retry(connection, member, file_id, place, typed)
        elif sent.act == "accept":
            accept(
                connection, member, file_id, place, reason_of(sent.reason) if sent.reason else None
            )
        elif sent.act == "discard":
            discard(connection, member, file_id, place, reason_of(sent.reason))
        else:
            raise not_possible("unknown_act", "there is no such decision", field="act")
    except Refused as refusal:
        refused = Form(sent.act or "none", sent.typed, refusal)
        return _row_page(request, member, connection, file_id, place, refused=refused)
    return see_other(request, f"/imports/quarantine?done={_DONE[sent.act]}")


def _mended(
    connection: psycopg.Connection, member: Actor, file_id: int, line: int, cells: dict[str, str]
) -> dict[str, str]:
    """The cells in which something else was typed than stood there."""
    with published(connection) as reader:
        found, _ = review(reader.connection, member, file_id, line)
    # A browser leaves line ends out of a field.
    known = {cell.name: cell.text.replace("\r", "").replace("\n", "") for cell in found.cells}
    mended = {name: text for name, text in cells.items() if text != known.get(name)}
    for name, text in mended.items():
        if not text.isprintable() or len(text) > _LONGEST_CELL:
            raise not_possible(
                "suspicious_text",
                f"one line of at most {_LONGEST_CELL} characters",
                field=f"{_CELL}{name}",
            )
    return mended


def _row_page(
    request: Request,
    member: Actor,
    connection: psycopg.Connection,
    file_id: int,
    line: int,
    *,
    refused: Form = _NOT_SENT,
) -> HTMLResponse:
    with published(connection) as reader:
        found, clients = review(reader.connection, member, file_id, line)
        outcome = import_row(reader, file_id, line)
        fresh = freshness(reader)
    # committed before a byte of it leaves
    subject = f"/imports/files/{file_id}/rows/{line}"
    record_view(connection, member, subject, clients, "everything")
    return page(
        request,
        "import_row",
        refused.refusal.status if refused.refusal else 200,
        row=found,
        outcome=outcome,
        sides=_sides(found),
        refused=refused,
        form=lambda name: refused if refused.name == name else Form(name),
        fresh=fresh,
    )


def _sides(row: Review) -> list[tuple[str, list[Cell]]]:
    """Its cells under what the report groups them by."""
    found: dict[str, list[Cell]] = {}
    for cell in row.cells:
        found.setdefault(_SIDES[cell.side], []).append(cell)
    return list(found.items())
