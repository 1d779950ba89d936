"""Before every route: what is sent with a request is a plain form, and no longer than one is."""

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from daysheet.web.pages import error_page

MOST_BYTES = 1_000_000
_BRINGS_NOTHING = {"GET", "HEAD"}
_FORM = "application/x-www-form-urlencoded"


class Intake:
    """ASGI middleware. A route's body is read before anybody is asked to log in, so by us first."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the body on, or answer 413 or 415 without having read more than is allowed."""
        if scope["type"] != "http" or scope["method"] in _BRINGS_NOTHING:
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        body = await _body(request, receive)
        if isinstance(body, int):
            await error_page(request, body)(scope, receive, send)
        elif body is not None:
            await self.app(scope, _again(body, receive), send)


async def _body(request: Request, receive: Receive) -> bytes | int | None:
    """All of it, or the status it is refused with; None if the sender went away."""
    said = request.headers.get("content-length", "")
    if said.isdecimal() and (len(said.lstrip("0")) > 9 or int(said) > MOST_BYTES):
        return 413
    is_form = request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM
    body, has_more = bytearray(), True
    while has_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        has_more = message.get("more_body", False)
        if len(body) > MOST_BYTES:
            return 413
        if body and not is_form:
            return 415
    return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """What the app receives: the body at once, then whatever else comes."""
    is_read = False

    async def give() -> Message:
        nonlocal is_read
        if is_read:
            return await receive()
        is_read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return give
