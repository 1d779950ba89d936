"""Around every answer: headers that keep it private, and a page instead of a stack."""

import logging
import secrets
import traceback

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from daysheet.warehouse import DatabaseFault
from daysheet.web.pages import error_page

_log = logging.getLogger(__name__)

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",  # Airflow shows the pages in a frame of its own
    "X-Content-Type-Options": "nosniff",
    # "no-referrer" would make browsers send forms of ours with the origin "null"
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Envelope:
    """ASGI middleware; ``request.state.incident`` is what a person can tell ops of an error."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, whatever happens inside."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request, has_begun = Request(scope, receive), False
        request.state.incident = secrets.token_hex(4)

        async def send_sealed(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self.app(scope, receive, send_sealed)
            return
        except Exception as error:
            _log_without_values(request, error)
        # out of the handler, so that nothing raised here drags the error's own text along
        if has_begun:
            raise Interrupted(request.state.incident)
        await error_page(request, 500)(scope, receive, send_sealed)


class Interrupted(Exception):
    """The answer broke off half way; what is logged beside it says why."""


def _log_without_values(request: Request, error: Exception) -> None:
    said = str(error) if isinstance(error, DatabaseFault) else ""
    _log.error(
        "incident %s: %s %s: %s %s\n%s",
        request.state.incident,
        request.method,
        request.url.path,
        type(error).__name__,
        said,
        "".join(traceback.format_tb(error.__traceback__)),
    )
