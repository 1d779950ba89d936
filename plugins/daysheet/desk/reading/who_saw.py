"""Who saw a client, for admins: the looks and exports that the audit keeps."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from psycopg import sql
from psycopg.rows import class_row

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.published import Reader
from daysheet.desk.refusals import Refused, not_possible
from daysheet.desk.viewing import ClientId, Shown

MOST_NAMED = 20

_BY_REFERENCE = """
    select distinct on (sessions.client_id)
        sessions.client_id as client, clients.full_name as name, %(reference)s as reference
    from desk.sessions
    inner join desk.clients on sessions.client_id = clients.client_id
    left join desk.claims on sessions.claim_id = claims.claim_id
    where %(reference)s in (sessions.session_ref, claims.claim_ref)
"""
_BY_NAME = """
    select clients.client_id as client, clients.full_name as name, newest.reference
    from desk.clients
    cross join lateral (
        select session_ref as reference from desk.sessions
        where sessions.client_id = clients.client_id
        order by service_on desc, session_ref
        limit 1
    ) as newest
    where strpos(lower(normalize(clients.full_name, nfkc)), lower(normalize(%(name)s, nfkc))) > 0
    order by clients.full_name, clients.client_id
    limit %(limit)s
"""
# Rows from before clients were noted say a reference only.
_SUBJECTS = """
    select sessions.session_ref from desk.sessions where client_id = any(%(clients)s)
    union
    select claims.claim_ref from desk.sessions
    inner join desk.claims on sessions.claim_id = claims.claim_id
    where sessions.client_id = any(%(clients)s)
"""


@dataclass(frozen=True)
class Client:
    """Somebody treated; ``reference`` (``RS-``, ``RC-``, ``DC-``) is one of ours that leads there.

    ``name`` is None of a dental patient: the practice system keeps it.
    """

    client: ClientId
    name: str | None = field(repr=False)
    reference: str


@dataclass(frozen=True)
class Look:
    """One page or export; ``subject`` is a reference, the path of a page or the export's name."""

    at: datetime
    who: str
    action: Literal["viewed", "exported"]
    subject: str
    shown: Shown
    reason: str | None = field(repr=False)


@dataclass(frozen=True)
class Onlooker:
    """What one person saw in all; ``most`` is the most that was ever shown."""

    who: str
    looks: int
    exports: int
    most: Shown
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class Seen:
    """By person, who looked last first; and one page of ``count`` looks, the newest first."""

    onlookers: tuple[Onlooker, ...]
    looks: tuple[Look, ...]
    count: int


def only_admins(actor: Actor) -> None:
    """Raise a 403 for anybody else."""
    actor.needs(DeskRole.ADMIN, "seeing who saw a client")


def clients_of(reader: Reader, actor: Actor, reference: str) -> list[Client]:
    """Whom our reference is about, mostly one; raises 404 for what names nobody, 403 but to admins.

    Their names are shown to nobody before that is in the audit.
    """
    only_admins(actor)
    if reference.startswith("DC-"):
        found = _dental(reader, reference)
    else:
        with reader.connection.cursor(row_factory=class_row(Client)) as cursor:
            found = cursor.execute(_BY_REFERENCE, {"reference": reference}).fetchall()
    if not found:
        problem = "no client is known by this reference"
        raise Refused(404, "unknown_reference", problem, field="reference")
    return found


def clients_named(reader: Reader, actor: Actor, name: str) -> list[Client]:
    """Who has that in the name, whatever its case: at most ``MOST_NAMED`` and one more.

    Raises 404 when it is nobody, 422 for a single letter, 403 but to admins.
    """
    only_admins(actor)
    if len(name) < 2:
        raise not_possible("too_short", "type at least two letters", field="name")
    with reader.connection.cursor(row_factory=class_row(Client)) as cursor:
        found = cursor.execute(_BY_NAME, {"name": name, "limit": MOST_NAMED + 1}).fetchall()
    if not found:
        raise Refused(404, "unknown_name", "no client is called so", field="name")
    return found


def who_saw(
    reader: Reader, actor: Actor, clients: Collection[Client], *, limit: int, offset: int
) -> Seen:
    """Every look at any of them and every export one of them was in."""
    only_admins(actor)
    keys = [each.client for each in clients]
    about: list[sql.Composable] = [
        sql.SQL("clients @> {}::jsonb").format(sql.Literal(json.dumps([key], default=str)))
        for key in keys
    ]
    about.append(sql.SQL("clients is null and subject = any(%(subjects)s)"))
    where = sql.SQL("where ") + sql.SQL(" or ").join(about)
    values: dict[str, Any] = {
        "subjects": _subjects(reader, clients), "limit": limit, "offset": offset,
    }  # fmt: skip
    onlookers = reader.rows(
        Onlooker,
        "who_saw",
        where + sql.SQL(" group by actor, who order by last_at desc, who"),
        values,
        sql.SQL(
            "who, count(*) filter (where action = 'viewed') as looks,"
            " count(*) filter (where action = 'exported') as exports,"
            " (array['initials', 'names', 'everything'])"
            "[max(array_position(array['initials', 'names', 'everything'], shown))] as most,"
            " min(at) as first_at, max(at) as last_at"
        ),
    )
    looks = reader.rows(
        Look,
        "who_saw",
        where + sql.SQL(" order by audit_id desc limit %(limit)s offset %(offset)s"),
        values,
        sql.SQL("at, who, action, subject, shown, reason"),
    )
    count = sum(each.looks + each.exports for each in onlookers)
    return Seen(tuple(onlookers), tuple(looks), count)


def _dental(reader: Reader, reference: str) -> list[Client]:
    if reader.build is None:
        return []
    return reader.rows(
        Client,
        "claim_dental",
        sql.SQL("where reference = %(reference)s and client_id is not null"),
        {"reference": reference},
        sql.SQL("client_id as client, null::text as name, reference"),
    )


def _subjects(reader: Reader, clients: Collection[Client]) -> list[str]:
    keys = [each.client for each in clients if not isinstance(each.client, int)]
    rows = reader.connection.execute(_SUBJECTS, {"clients": keys}).fetchall()
    return [*(reference for (reference,) in rows), *(each.reference for each in clients)]
