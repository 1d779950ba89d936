"""Who saw or took away what of whom, kept in the audit."""

from collections.abc import Iterable
from typing import Any, Literal
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from daysheet.desk.actors import Actor

# A client of the desk by its key, a dental patient by the practice system's number: never a name.
ClientId = UUID | int

# How much of them: "names" are full names, "everything" also what people typed.
Shown = Literal["initials", "names", "everything"]


def record_view(
    connection: psycopg.Connection,
    actor: Actor,
    subject: str,
    client_ids: Iterable[ClientId],
    shown: Shown,
) -> None:
    """Write that ``actor`` is about to see ``client_ids``; nothing is shown if this fails.

    ``subject`` is a reference of ours or the path of a page, which says nothing of a client. With
    ``connection`` in autocommit it is committed when this returns.
    """
    _record(connection, actor, "viewed", subject, {"shown": shown} | _clients(client_ids))


def record_export(
    connection: psycopg.Connection,
    actor: Actor,
    name: str,
    client_ids: Iterable[ClientId],
    *,
    reason: str | None,
    shown: Shown,
) -> None:
    """Write that ``actor`` is about to take away a file of ``client_ids``, and why.

    ``name`` is that of the export, ``reason`` what was typed; no byte leaves if this fails.
    """
    detail = {"shown": shown, "reason": reason} | _clients(client_ids)
    _record(connection, actor, "exported", name, detail)


def _clients(client_ids: Iterable[ClientId]) -> dict[str, list[str | int]]:
    keys = {each if isinstance(each, int) else str(each) for each in client_ids}
    return {"clients": sorted(keys, key=str)}


def _record(
    connection: psycopg.Connection, actor: Actor, action: str, subject: str, detail: dict[str, Any]
) -> None:
    connection.execute(
        "insert into ops.audit (actor, action, subject, detail) values (%s, %s, %s, %s)",
        [actor.user_id, action, subject, Jsonb(detail)],
    )
