"""Turns what was read into a page: templates, dates and money as they are shown, error pages."""

import re
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from daysheet.settings import PROJECT, get_settings
from daysheet.web.access import login_url
from daysheet.web.assets import ASSETS
from daysheet.web.forms import new_key
from daysheet.web.wording import DAYS, DONE, actor, days_of, headline, tone, without_folder, words

# The navigation.
SECTIONS = {
    "/": "Dashboard",
    "/aging": "Aging",
    "/claims": "Claims",
    "/payments": "Payments",
    "/queue": "Queue",
    "/imports": "Imports",
    "/settings": "Settings",
    "/builds": "Builds",
    "/models": "Models",
}
# What who has no role at the desk may look at all the same.
_OPEN = ("/builds", "/models")
# The section of a page that is below none.
_BELONGS = {
    "/forgotten": "/",
    "/metrics": "/",
    "/explain": "/models",
    "/audit": "/settings",
    "/denials": "/claims",
}
_ERRORS = {
    401: ("Please log in", "Your login is missing or has ended."),
    403: ("Not allowed", "You have no right to this."),
    404: ("Not found", "There is nothing here, or nothing you may see."),
    405: ("Not possible", "This page cannot be used that way."),
    409: ("Changed meanwhile", "Somebody else was faster: reload and look again."),
    413: ("Too much at once", "No form of these pages is that long."),
    415: ("Not a form", "Only plain forms, as these pages send them, are read."),
    422: ("Not possible as asked", "Something in the request cannot be right."),
    500: (
        "Something failed here",
        "Nothing was changed. Try again; if it happens again, tell ops.",
    ),
}


# A cell with nothing to tell: a phone, where each is a line of its own, leaves it out.
_BLANK = re.compile(
    r'<td data-label="([^"]*)"(?: class="([^"]*)")?>(?=(?:<span>)?\s*—?\s*(?:</span>)?</td>)'
)


def page(request: Request, template: str, code: int = 200, /, **values: Any) -> HTMLResponse:
    """The page ``templates/pages/<template>.html``."""
    root = request.scope.get("root_path", "")
    first = "/" + request.url.path.removeprefix(root).split("/")[1]
    is_guest = getattr(request.state, "is_guest", False)
    frame = {
        "root": root,
        "sections": {path: SECTIONS[path] for path in _OPEN} if is_guest else SECTIONS,
        "section": _BELONGS.get(first, first),
        "is_guest": is_guest,
        "unsent": getattr(request.state, "unsent", None),
        "done": DONE.get(request.query_params.get("done", "")),
    }
    text = _environment().get_template(f"{template}.html").render(frame | values)
    return HTMLResponse(_BLANK.sub(r'<td data-label="\1" class="\2 none">', text), code)


def see_other(request: Request, path: str) -> RedirectResponse:
    """After a write: a page of ours to look at, so that a reload repeats nothing."""
    return RedirectResponse(request.scope.get("root_path", "") + path, 303)


def error_page(request: Request, status: int, problem: str | None = None) -> HTMLResponse:
    """What went wrong, in words, with the number ops find it by; never a stack or SQL."""
    title, usual = _ERRORS.get(status, _ERRORS[422])
    answer = page(
        request,
        "error",
        status,
        title=title,
        problem=problem or usual,
        status=status,
        incident=request.state.incident,
        login=login_url(request) if status == 401 else None,
        **({"sections": {}} if status == 401 else {}),
    )
    if status == 401:  # a browser goes there by itself
        answer.headers["Refresh"] = f"0; url={login_url(request)}"
    return answer


def day(value: date | datetime | None) -> str:
    """``Nov 20, 2026``; of a moment the day in the practice's time zone."""
    if isinstance(value, datetime):
        value = value.astimezone(ZoneInfo(get_settings().timezone))
    return f"{value:%b} {value.day}, {value.year}" if value else "—"


def clock(value: datetime) -> str:
    """``14:05``, in the practice's time zone."""
    return f"{value.astimezone(ZoneInfo(get_settings().timezone)):%H:%M}"


def money(value: Decimal | None) -> str:
    """``$1,234.50``."""
    if value is None:
        return "no estimate"
    return f"{'-' if value < 0 else ''}${abs(value):,.2f}"


def compile_pages() -> None:
    """Compile every template now, so that nobody's page waits for it."""
    for name in _environment().list_templates(extensions=["html"]):
        _environment().get_template(name)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(PROJECT / "templates" / "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # they change with the code only: no look at the disk for each page
    )
    environment.filters |= {
        each.__name__: each
        for each in (actor, clock, day, days_of, headline, money, tone, without_folder, words)
    }
    environment.globals |= {"assets": ASSETS, "event_days": DAYS, "new_key": new_key}
    return environment
