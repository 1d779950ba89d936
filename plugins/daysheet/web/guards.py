"""What stands before every page: a write from our own pages only, and a role at the desk."""

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlsplit

import psycopg
from fastapi import Depends, Request

from daysheet.alerts.unsent import unsent
from daysheet.desk.actors import Actor, staff_member
from daysheet.desk.refusals import Refused, no_right
from daysheet.settings import get_settings
from daysheet.warehouse import Role, session
from daysheet.web.access import UserName, dsn

_READS = {"GET", "HEAD"}

# Of a page many run at once beside a build: each takes one core only, and all it reads is cached.
_PLANNED = {
    "max_parallel_workers_per_gather": "0",
    "random_page_cost": "1.1",
    "work_mem": "16MB",
}


def same_origin(request: Request) -> None:
    """Refuse a write that another site, or another port, made the browser send.

    The login cookie goes with such a request too. What a browser says of itself decides; a request
    that says nothing is refused, with a token in its header as well.
    """
    if request.method in _READS:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    told = [site == "same-origin"] if site else []
    told += [urlsplit(origin).netloc == request.headers.get("host")] if origin else []
    if not told or not all(told):
        raise no_right("changes are made from these pages only: reload the page and try again")


def _desk_session() -> Iterator[psycopg.Connection]:
    yield from _session(Role.DESK)


def _reader_session() -> Iterator[psycopg.Connection]:
    yield from _session(Role.READER)


def _session(role: Role) -> Iterator[psycopg.Connection]:
    settings = _PLANNED | get_settings().clock()
    with session(dsn(role), "daysheet web", autocommit=True, settings=settings) as connection:
        yield connection


DeskSession = Annotated[psycopg.Connection, Depends(_desk_session)]

# Of pages for everybody with a login: this role of the database reads no name.
ReaderSession = Annotated[psycopg.Connection, Depends(_reader_session)]


def _member(request: Request, user_name: UserName, connection: DeskSession) -> Actor:
    try:
        member = staff_member(connection, user_name)
    except Refused:
        request.state.is_guest = True
        raise
    request.state.unsent = unsent(connection)
    return member


Member = Annotated[Actor, Depends(_member)]


def _any_member(request: Request, user_name: UserName, connection: DeskSession) -> Actor | None:
    try:
        return _member(request, user_name, connection)
    except Refused:
        return None


# On pages for everybody with a login: who of them works at the desk.
AnyMember = Annotated[Actor | None, Depends(_any_member)]

# Of routes that show everybody the same: their pages still know whose navigation to show.
FOR_ANYBODY = [Depends(_any_member)]
