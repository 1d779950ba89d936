"""The app as a whole: what holds for every route, and which routes there are."""

from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from daysheet.desk.refusals import Refused
from daysheet.warehouse import NotText
from daysheet.web import (
    aging,
    aging_bulk,
    aging_export,
    assets,
    audit,
    builds,
    claim_changes,
    claim_tracker,
    claims,
    dag_tabs,
    dashboard,
    denials,
    explain,
    families,
    forgotten,
    import_review,
    import_rows,
    imports,
    metric_rows,
    models,
    payment,
    payments,
    queue,
    queue_actions,
    reconciliation,
    settings,
)
from daysheet.web.access import UserName
from daysheet.web.envelope import Envelope
from daysheet.web.guards import same_origin
from daysheet.web.intake import Intake
from daysheet.web.pages import error_page


def _needs_login(user_name: UserName) -> None:
    """Every route, whatever else it asks for."""


def make_app() -> FastAPI:
    """A new app. Each route needs a login; one that needs a desk role takes a ``Member``."""
    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        dependencies=[Depends(_needs_login), Depends(same_origin)],
    )
    for part in (
        dashboard,
        metric_rows,
        forgotten,
        aging,
        families,
        aging_export,
        aging_bulk,
        claim_tracker,
        claims,
        claim_changes,
        denials,
        audit,
        builds,
        models,
        explain,
        dag_tabs,
        payments,
        reconciliation,
        payment,
        settings,
        queue,
        queue_actions,
        imports,
        import_rows,
        import_review,
        assets,
    ):
        app.include_router(part.router)
    app.add_middleware(Intake)
    app.add_middleware(Envelope)  # the last one stands outside: its headers are on every answer
    app.exception_handler(Refused)(_refused)
    app.exception_handler(NotText)(_not_text)
    app.exception_handler(HTTPException)(_http_problem)
    app.exception_handler(RequestValidationError)(_invalid)
    return app


async def _refused(request: Request, refusal: Any) -> HTMLResponse:
    return error_page(request, refusal.status, refusal.problem)


async def _not_text(request: Request, fault: Any) -> HTMLResponse:
    # a sender's fault, not ours: no keyboard types what no text can hold
    return error_page(request, 422, "control characters are refused")


async def _http_problem(request: Request, problem: Any) -> HTMLResponse:
    # our own "no right" is a refusal: as an HTTP error, 403 is Airflow's word for a forged token
    status = 401 if problem.status_code == 403 else problem.status_code
    return error_page(request, status)


async def _invalid(request: Request, problem: Any) -> HTMLResponse:
    return error_page(request, 422)


app = make_app()
