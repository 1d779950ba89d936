"""From a number to its rows, and from a row to the file and line each part of it came from."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse

from daysheet.builds.explaining import (
    SHOWN_ROWS,
    NotFound,
    key_text,
    list_keys,
    trace_row,
)
from daysheet.builds.opening import Build, read_build
from daysheet.builds.raw_rows import raw_row
from daysheet.catalog import load_catalog
from daysheet.desk.actors import DeskRole
from daysheet.desk.published import Reader, published
from daysheet.desk.reading.freshness import freshness
from daysheet.desk.reading.receivables import Order
from daysheet.desk.refusals import Refused
from daysheet.desk.viewing import record_view
from daysheet.web.guards import FOR_ANYBODY, AnyMember, DeskSession, Member, ReaderSession
from daysheet.web.listing import listing
from daysheet.web.pages import page

router = APIRouter(dependencies=FOR_ANYBODY)
_PATIENCE = 0.15  # seconds in which rows are looked for below a row
_LAST_PAGE = 200

Number = Annotated[int, Path(ge=1, le=2**62)]


@router.get("/explain/{model}")
def rows(request: Request, model: str, connection: ReaderSession) -> HTMLResponse:
    """The rows of a model by their keys; its page of numbers leads here."""
    wanted = listing(request, ["key"], Order("key"))
    if wanted.number > _LAST_PAGE:
        raise Refused(422, "too_far", "type the key of a row instead", field="page")
    try:
        with published(connection) as reader:
            keys = list_keys(
                connection, _build(reader), model, limit=wanted.size + 1, offset=wanted.offset
            )
            fresh = freshness(reader)
    except NotFound as problem:
        raise Refused(404, "unknown", str(problem)) from None
    return page(
        request,
        "explain_rows",
        model=load_catalog().models[model],
        keys=keys[: wanted.size],
        key_text=key_text,
        listing=wanted,
        has_more=len(keys) > wanted.size and wanted.number < _LAST_PAGE,
        fresh=fresh,
    )


@router.get("/explain/{model}/row")
def row(
    request: Request, model: str, connection: ReaderSession, member: AnyMember, key: str = ""
) -> HTMLResponse:
    """One row: the rows of other models it is made of, and files and lines."""
    try:
        with published(connection) as reader:
            trace = trace_row(connection, _build(reader), model, key, patience=_PATIENCE)
            fresh = freshness(reader)
    except NotFound as problem:
        raise Refused(404, "unknown", str(problem)) from None
    found = list(trace.all())
    return page(
        request,
        "explain_row",
        trace=trace,
        made_of=[one for one in found[1:] if one.file is None],
        origins=[one for one in found if one.file is not None],
        looked_up=sorted({name for one in found for name in one.looked_up}),
        left_out={name: count for one in found for name, count in one.left_out.items()},
        is_whole=all(one.is_whole for one in found),
        most=SHOWN_ROWS,
        may_open=member is not None and member.may(DeskRole.BILLER),
        fresh=fresh,
    )


@router.get("/explain/raw/{source}/{table}/{file}/{line}")
def raw(
    request: Request,
    source: str,
    table: str,
    file: Number,
    line: Number,
    *,
    member: Member,
    connection: DeskSession,
    key: str = "",
) -> HTMLResponse:
    """A line as it came: all its cells, for who may see patients, and kept in the audit."""
    member.needs(DeskRole.BILLER, "seeing rows as they came")
    try:
        with published(connection) as reader:
            found = raw_row(connection, f"{source}__{table}", key, file, line)
            fresh = freshness(reader)
    except NotFound as problem:
        raise Refused(404, "unknown", str(problem)) from None
    path = f"/explain/raw/{source}/{table}/{file}/{line}"
    record_view(connection, member, path, found.patients, "everything")
    return page(request, "explain_raw", found=found, file=file, line=line, fresh=fresh)


def _build(reader: Reader) -> Build:
    if reader.build is None:
        raise Refused(404, "unknown", "nothing is published yet")
    return read_build(reader.connection, reader.build)
