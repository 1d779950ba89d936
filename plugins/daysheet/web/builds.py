"""Builds for ops and analysts: which there are, what their checks found, what differs of two."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from daysheet.builds.comparing import TakesLonger, compare_model, compare_versions
from daysheet.builds.history import (
    build_checks,
    count_builds,
    find_build,
    list_builds,
    model_tasks,
)
from daysheet.builds.opening import BuildRefused
from daysheet.builds.quality import Report, read_report
from daysheet.builds.quality_text import HEADLINES
from daysheet.catalog import load_catalog
from daysheet.desk.published import Reader, published
from daysheet.desk.reading.freshness import freshness
from daysheet.desk.reading.receivables import Order
from daysheet.desk.refusals import Refused
from daysheet.warehouse import Role
from daysheet.web.access import dsn
from daysheet.web.guards import FOR_ANYBODY, ReaderSession
from daysheet.web.listing import listing
from daysheet.web.pages import page, see_other

router = APIRouter(dependencies=FOR_ANYBODY)

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Chosen = Annotated[int, Query(ge=1, le=2**31 - 1)]

_PATIENCE = 0.2  # seconds a page waits for rows to be counted
_LONGEST = 30  # seconds, when it is asked to wait
_KEYS = 50


@router.get("/builds")
def builds(request: Request, connection: ReaderSession) -> HTMLResponse:
    """The current build and all there were, the newest first."""
    wanted = listing(request, ["build"], Order("build", is_descending=True))
    with published(connection) as reader:
        fresh = freshness(reader)
        return page(
            request,
            "builds",
            listing=wanted,
            count=count_builds(connection),
            current=find_build(connection, fresh.build) if fresh.build else None,
            builds=list_builds(connection, limit=wanted.size, offset=wanted.offset),
            fresh=fresh,
        )


@router.get("/builds/compare")
def chosen(request: Request, before: Chosen, after: Chosen) -> RedirectResponse:
    """To the page of two builds whose numbers were typed."""
    return see_other(request, f"/builds/{before}/{after}")


@router.get("/builds/{build}")
def build(request: Request, build: Number, connection: ReaderSession) -> HTMLResponse:
    """One build: what became of each model, and its quality report."""
    with published(connection) as reader:
        found = find_build(connection, build)
        if found is None:
            raise Refused(404, "unknown", f"there is no build {build}")
        report = _report(reader, build)
        return page(
            request,
            "build",
            build=found,
            models=model_tasks(connection, build),
            checks=build_checks(connection, build),
            known=load_catalog().models,
            report=report,
            money=[total for total in report.totals if total.subject in HEADLINES]
            if report
            else [],
            fresh=freshness(reader),
        )


def _report(reader: Reader, build: int) -> Report | None:
    try:
        return read_report(reader.connection, build)
    except BuildRefused:  # it did not get so far
        return None


@router.get("/builds/{before}/{after}")
def two_builds(
    request: Request, before: Number, after: Number, connection: ReaderSession
) -> HTMLResponse:
    """Which models differ, by their versions and counts; rows are read model by model."""
    try:
        found = compare_versions(dsn(Role.READER), before, after)
    except BuildRefused as refusal:
        raise Refused(404, "unknown", str(refusal)) from None
    with published(connection) as reader:
        return page(
            request,
            "two_builds",
            before=find_build(connection, before),
            after=find_build(connection, after),
            differing=[one for one in found if one.what != "same"],
            same=[one.model for one in found if one.what == "same"],
            fresh=freshness(reader),
        )


@router.get("/builds/{before}/{after}/{model}")
def model_of_two_builds(
    request: Request,
    before: Number,
    after: Number,
    model: str,
    connection: ReaderSession,
    *,
    wait: bool = False,
) -> HTMLResponse:
    """Rows of one model added, gone and changed; ``wait`` for what takes more than a moment."""
    difference = None
    try:
        difference = compare_model(
            dsn(Role.READER), before, after, model, _KEYS, patience=_LONGEST if wait else _PATIENCE
        )
    except TakesLonger:
        pass  # the page says so
    except BuildRefused as refusal:
        raise Refused(404, "unknown", str(refusal)) from None
    with published(connection) as reader:
        return page(
            request,
            "model_of_two_builds",
            before=find_build(connection, before),
            after=find_build(connection, after),
            model=model,
            difference=difference,
            has_waited=wait,
            longest=_LONGEST,
            fresh=freshness(reader),
        )
