"""Sessions chosen on a list, kept as they were then, until one thing was done to all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.lifecycle.changes import MOST_AT_ONCE
from daysheet.desk.refusals import Refused, conflict, not_possible


@dataclass(frozen=True)
class Outcome:
    """What became of the last thing done: ``action`` is its code, ``refused`` says why each was."""

    action: str
    done: Sequence[UUID]
    refused: Mapping[UUID, str]


@dataclass(frozen=True)
class Selection:
    """``sessions`` are the chosen ones with the versions they were chosen at."""

    selection_id: UUID
    query: str  # of the list
    sessions: Sequence[tuple[UUID, int]]
    outcome: Outcome | None
    row_version: int


@dataclass(frozen=True)
class Chosen:
    """A session as it is now; dollars."""

    session_id: UUID
    reference: str
    payer_id: UUID | None
    payer_name: str | None
    status: str
    outstanding: Decimal
    owner: str | None
    next_action_on: date | None


def choose(
    connection: psycopg.Connection, actor: Actor, query: str, sessions: Mapping[UUID, int]
) -> UUID:
    """Freeze these sessions with their versions, for eight hours; the key of the selection.

    Raises a 403 below biller, 422 for none, 413 for more than 500.
    """
    actor.needs(DeskRole.BILLER, "working on several sessions")
    if not sessions:
        raise not_possible("nothing_chosen", "choose at least one session: go back and tick it")
    if len(sessions) > MOST_AT_ONCE:
        raise Refused(
            413,
            "too_many",
            f"at most {MOST_AT_ONCE} sessions at once, these are {len(sessions)}:"
            " narrow the list first",
        )
    with connection.transaction():
        connection.execute(
            "delete from desk.selections where user_id = %s and expires_at <= now()",
            [actor.user_id],
        )
        row = connection.execute(
            "insert into desk.selections (user_id, query, session_ids, row_versions)"
            " values (%s, %s, %s, %s) returning selection_id",
            [actor.user_id, query, list(sessions), list(sessions.values())],
        ).fetchone()
    assert row is not None
    return row[0]


def versions_of(connection: psycopg.Connection, references: Sequence[str]) -> dict[UUID, int]:
    """The sessions of these references, with their versions."""
    return dict(
        connection.execute(
            "select session_id, row_version from desk.sessions where session_ref = any(%s)"
            " order by session_id",
            [list(references)],
        ).fetchall()
    )


def selection(connection: psycopg.Connection, actor: Actor, selection_id: UUID) -> Selection:
    """The actor's own, until it expires: a 404 else. A 403 below biller."""
    actor.needs(DeskRole.BILLER, "working on several sessions")
    row = connection.execute(
        "select query, session_ids, row_versions, outcome, row_version from desk.selections"
        " where selection_id = %s and user_id = %s and expires_at > now()",
        [selection_id, actor.user_id],
    ).fetchone()
    if row is None:
        raise Refused(404, "unknown_selection", "nothing is chosen here, or no longer")
    query, session_ids, versions, said, row_version = row
    chosen = tuple(zip(session_ids, versions, strict=True))
    return Selection(selection_id, query, chosen, _read(said), row_version)


def held(
    connection: psycopg.Connection, actor: Actor, selection_id: UUID, row_version: int
) -> Selection:
    """Lock it, as it was shown: 409 once something was done to it, so that a form counts once."""
    connection.execute(
        "select from desk.selections where selection_id = %s for update", [selection_id]
    )
    found = selection(connection, actor, selection_id)
    if found.row_version != row_version:
        raise conflict("this was done already: what is left is chosen below", "done")
    return found


def keep(connection: psycopg.Connection, selection_id: UUID, outcome: Outcome) -> None:
    """Keep what became of it. The refused stay chosen, as they are now."""
    left = dict(
        connection.execute(
            "select session_id, row_version from desk.sessions where session_id = any(%s)"
            " order by session_id",
            [list(outcome.refused)],
        ).fetchall()
    )
    said = {
        "action": outcome.action,
        "done": [str(each) for each in outcome.done],
        "refused": {str(each): why for each, why in outcome.refused.items()},
    }
    connection.execute(
        "update desk.selections set session_ids = %s, row_versions = %s, outcome = %s"
        " where selection_id = %s",
        [list(left), list(left.values()), Jsonb(said), selection_id],
    )


def chosen_sessions(
    connection: psycopg.Connection, session_ids: Sequence[UUID]
) -> dict[UUID, Chosen]:
    """These sessions as they are now, by reference."""
    with connection.cursor(row_factory=class_row(Chosen)) as cursor:
        rows = cursor.execute(
            """
            select
                sessions.session_id,
                sessions.session_ref as reference,
                sessions.payer_id,
                payers.name as payer_name,
                sessions.billing_status as status,
                sessions.outstanding,
                staff.display_code as owner,
                sessions.next_action_on
            from desk.sessions
            left join desk.payers on sessions.payer_id = payers.payer_id
            left join desk.staff on sessions.assigned_to = staff.user_id
            where sessions.session_id = any(%s)
            order by sessions.session_ref
            """,
            [list(session_ids)],
        ).fetchall()
    return {row.session_id: row for row in rows}


def portals_of(
    connection: psycopg.Connection, session_ids: Sequence[UUID]
) -> dict[str, list[tuple[UUID, str]]]:
    """Portals of those payers of ready sessions that take claims by portal, by the payer's name."""
    rows = connection.execute(
        """
        select payers.name, portals.portal_id, portals.name
        from desk.insurance_portals as portals
        inner join desk.payers on portals.payer_id = payers.payer_id
        where portals.active and payers.billing_route = 'portal' and exists (
            select from desk.sessions
            where payer_id = payers.payer_id and session_id = any(%s)
            and billing_status = 'ready_to_bill'
        )
        order by payers.name, portals.name, portals.portal_id
        """,
        [list(session_ids)],
    ).fetchall()
    found: dict[str, list[tuple[UUID, str]]] = {}
    for payer, portal_id, name in rows:
        found.setdefault(payer, []).append((portal_id, name))
    return found


def _read(said: dict | None) -> Outcome | None:
    if said is None:
        return None
    return Outcome(
        said["action"],
        [UUID(each) for each in said["done"]],
        {UUID(each): why for each, why in said["refused"].items()},
    )
