"""What the practice can set by hand: who may, how it must look, and one way to write it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from pydantic import ValidationError

from daysheet.catalog.documents import Document
from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.refusals import Refused, conflict, not_possible
from daysheet.desk.setup.entries import Writer

Row = Mapping[str, Any]
Parts = tuple[dict[str, Any], dict[str, Any]]  # the key of a row in its table, and its values


@dataclass(frozen=True)
class Section:
    """One kind of entry. ``key`` is SQL for the text an entry is called by; ``order`` sorts them.

    ``parts`` makes key and values of an entry and, where it exists, its row; ``name`` what the
    audit calls it. An entry goes by the key of ``removed_by``, or is only switched off.
    """

    what: str
    table: str
    least: DeskRole
    document: type[Document]
    select: LiteralString
    order: LiteralString
    parts: Callable[[psycopg.Connection, Any, Row | None], Parts]
    name: Callable[[Row], str]
    removed_by: Callable[[Row], dict[str, Any] | None] = lambda _: None
    after: Callable[[Writer, Any, Row], None] = lambda *_: None  # what follows from writing one


@dataclass(frozen=True)
class LastChange:
    """Who wrote an entry last, by display code, and when."""

    who: str
    at: datetime


def read_entries(connection: psycopg.Connection, section: Section) -> list[dict[str, Any]]:
    """Every entry with its ``key`` and the ``seen`` it is shown with."""
    return _rows(connection, section, "true", {})


def read_entry(connection: psycopg.Connection, section: Section, key: str) -> dict[str, Any]:
    """One; raises a 404."""
    found = _rows(connection, section, "key = %(key)s", {"key": key})
    if not found:
        raise Refused(404, "unknown", "there is no such entry")
    return found[0]


def _rows(
    connection: psycopg.Connection, section: Section, condition: LiteralString, values: Row
) -> list[dict[str, Any]]:
    query = sql.SQL("select * from ({}) as listed where {} order by {}").format(
        sql.SQL(section.select),
        sql.SQL(condition),
        sql.SQL(section.order),
    )
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query, values).fetchall()
    return [row | {"seen": _seen(row)} for row in rows]


def _seen(row: Row) -> str:
    """What tells an entry from itself before a change."""
    if "row_version" in row:
        return str(row["row_version"])
    return " ".join(str(row[name]) for name in ("green", "red", "name") if name in row)


def last_change(connection: psycopg.Connection, section: Section, row: Row) -> LastChange | None:
    """By a person on these pages or by a desk file; None if it was never changed."""
    found = connection.execute(
        "select coalesce(display_code, actor), at from ops.audit"
        " left join desk.staff on actor = user_id"
        " where subject = %s and action in ('desk import', 'settings')"
        " order by audit_id desc limit 1",
        [_subject(section, row)],
    ).fetchone()
    return LastChange(*found) if found else None


def save_entry(
    connection: psycopg.Connection,
    actor: Actor,
    section: Section,
    typed: Mapping[str, Any],
    *,
    key: str = "",
    seen: str = "",
) -> None:
    """Write what was ``typed`` over the entry ``key``, as it was ``seen``; a new one without a key.

    Raises 403, 404, 409 for an entry that is another by now (or there already), 422 with the field.
    """
    actor.needs(section.least, f"editing {section.what}")
    entry = _parsed(section.document, typed)
    try:
        with connection.transaction():
            _lock(connection, section)
            row = read_entry(connection, section, key) if key else None
            if row is not None and row["seen"] != seen:
                raise conflict("it was changed meanwhile")
            where, values = section.parts(connection, entry, row)
            if row is None and _exists(connection, section.table, where):
                raise conflict("it is there already", "exists_already")
            writer = Writer(connection, actor, "settings", {})
            named = _subject(section, {**(row or {}), **where, **values})
            now, _ = writer.put(section.table, where, values, named)
            section.after(writer, entry, now)
    except psycopg.errors.UniqueViolation:
        raise conflict("another entry has that id or name", "exists_already") from None
    except psycopg.errors.LockNotAvailable:
        raise conflict("a report that is being loaded writes them too: try again soon") from None


def remove_entry(
    connection: psycopg.Connection, actor: Actor, section: Section, key: str, seen: str
) -> None:
    """Take an entry away; raises 403, 404, 409, and 422 for what is only switched off."""
    actor.needs(section.least, f"editing {section.what}")
    with connection.transaction():
        _lock(connection, section)
        row = read_entry(connection, section, key)
        where = section.removed_by(row)
        if where is None:
            raise not_possible("not_removable", "it stays: nothing would stand in for it")
        if row["seen"] != seen:
            raise conflict("it was changed meanwhile")
        writer = Writer(connection, actor, "settings", {})
        writer.remove(section.table, where, _subject(section, row))


def _lock(connection: psycopg.Connection, section: Section) -> None:
    # Entries are few and compared before they are written: one writer at a time.
    connection.execute("set local lock_timeout = '3s'")
    connection.execute(
        sql.SQL("lock table {} in share row exclusive mode").format(
            sql.Identifier("desk", section.table)
        )
    )


def _exists(connection: psycopg.Connection, table: str, key: Row) -> bool:
    condition = sql.SQL(" and ").join(
        sql.SQL("{} is not distinct from {}").format(sql.Identifier(name), sql.Placeholder(name))
        for name in key
    )
    query = sql.SQL("select from {} where {}").format(sql.Identifier("desk", table), condition)
    return connection.execute(query, dict(key)).fetchone() is not None


def _subject(section: Section, row: Row) -> str:
    return f"{section.what}: {section.name(row)}"


def _parsed(document: type[Document], typed: Row) -> Any:
    try:
        return document.model_validate(dict(typed))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        field = str(fault["loc"][0]) if fault["loc"] else None
        problem = fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
        if fault["type"] in ("string_too_short", "missing"):
            problem = "fill it in"
        raise not_possible("not_valid", _PATTERNS.get(field or "", problem), field=field) from None


# Said instead of the pattern a field is checked by.
_PATTERNS = {
    "external_id": "an id is 3 to 10 capital letters and digits",
    "email": "an address looks like ann@practice.example",
    "url": "an address begins with https://",
}
