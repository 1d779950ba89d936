"""Lists under a name: how somebody wants to see a page again."""

from dataclasses import dataclass
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from daysheet.desk.actors import Actor
from daysheet.desk.refusals import Refused, missing, not_possible

LONGEST_NAME, LONGEST_QUERY, MOST = 60, 1000, 30


@dataclass(frozen=True)
class SavedFilter:
    """``query`` is that of the page's URL."""

    filter_id: UUID
    name: str
    query: str


def saved_filters(connection: psycopg.Connection, actor: Actor, page: str) -> list[SavedFilter]:
    """The actor's own for that page, by name."""
    with connection.cursor(row_factory=class_row(SavedFilter)) as cursor:
        return cursor.execute(
            "select filter_id, name, query from desk.saved_filters"
            " where user_id = %s and page = %s order by name",
            [actor.user_id, page],
        ).fetchall()


def save_filter(
    connection: psycopg.Connection, actor: Actor, page: str, name: str, query: str
) -> None:
    """Keep it under that name, instead of what had the name; a 422 names the field at fault."""
    name = name.strip()
    if not name:
        raise missing("name")
    if len(name) > LONGEST_NAME or len(query) > LONGEST_QUERY:
        raise not_possible("too_long", f"at most {LONGEST_NAME} characters", field="name")
    with connection.transaction():
        connection.execute(
            "insert into desk.saved_filters (user_id, page, name, query) values (%s, %s, %s, %s)"
            " on conflict (user_id, page, name) do update set query = excluded.query",
            [actor.user_id, page, name, query],
        )
        if len(saved_filters(connection, actor, page)) > MOST:
            raise not_possible("too_many", f"at most {MOST}: remove one first", field="name")


def forget_filter(connection: psycopg.Connection, actor: Actor, filter_id: UUID) -> None:
    """Remove one of the actor's own; that of somebody else is a 404 as an unknown one is."""
    gone = connection.execute(
        "delete from desk.saved_filters where filter_id = %s and user_id = %s",
        [filter_id, actor.user_id],
    )
    if gone.rowcount == 0:
        raise Refused(404, "unknown_filter", "there is no such saved filter")
