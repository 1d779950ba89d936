"""Notes on sessions and dental claims: never edited; a later one may correct an earlier one."""

from datetime import date
from typing import Literal
from uuid import UUID

import psycopg
from psycopg import sql

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.refusals import missing, not_possible
from daysheet.desk.work.items import OWNED, lock_subject

Kind = Literal["note", "call", "portal_check", "follow_up"]
KINDS: tuple[Kind, ...] = ("note", "call", "portal_check", "follow_up")
LONGEST = 4000

_SAME = """
    select note_id from desk.notes
    where {} = %s and kind = %s and body = %s and outcome is not distinct from %s
    and next_action_on is not distinct from %s and by_user = %s
    and at > now() - interval '1 minute'
    order by at limit 1
"""


def add_note(
    connection: psycopg.Connection,
    actor: Actor,
    body: str,
    *,
    kind: Kind = "note",
    outcome: str | None = None,
    next_action_on: date | None = None,
    row_version: int | None = None,
    **subject: UUID,
) -> UUID:
    """Keep what was found or done; ``subject`` is a session_id or a dental_claim_id.

    A follow-up has an outcome and a day for the next step: no touch without one. The day, from
    tomorrow on, becomes the subject's. The same again by the same user within a minute, from a
    button pressed twice, is the note that is there already. Raises 403 below a biller, 404, 409
    for a stale ``row_version`` of the subject, 422 with the field.
    """
    actor.needs(DeskRole.BILLER, "writing notes")
    body, outcome = body.strip(), (outcome or "").strip() or None
    if kind not in KINDS:
        raise not_possible("unknown_kind", f"one of: {', '.join(KINDS)}", field="kind")
    if not body:
        raise missing("body")
    if len(body) > LONGEST:
        raise not_possible("too_long", f"at most {LONGEST} characters", field="body")
    if kind == "follow_up" and outcome is None:
        raise missing("outcome")
    if kind == "follow_up" and next_action_on is None:
        raise missing("next_action_on")
    with connection.transaction():
        about = lock_subject(connection, None, **subject)
        values = [about.value, kind, body, outcome, next_action_on, actor.user_id]
        repeated = connection.execute(
            sql.SQL(_SAME).format(sql.Identifier(about.key)), values
        ).fetchone()
        if repeated is not None:  # before its version is looked at: the first may have raised it
            return repeated[0]
        lock_subject(connection, row_version, **subject)
        if next_action_on is not None:
            _plan(connection, about.key, about.value, next_action_on)
        row = connection.execute(
            sql.SQL(
                "insert into desk.notes ({}, kind, body, outcome, next_action_on, by_user)"
                " values (%s, %s, %s, %s, %s, %s) returning note_id"
            ).format(sql.Identifier(about.key)),
            values,
        ).fetchone()
    assert row is not None
    return row[0]


def _plan(connection: psycopg.Connection, key: str, value: UUID, day: date) -> None:
    table = next(table for table, owned in OWNED.items() if owned == key)
    planned = connection.execute(
        sql.SQL(
            "update desk.{} set next_action_on = %(day)s"
            " where {} = %(value)s and %(day)s > desk.today()"
        ).format(sql.Identifier(table), sql.Identifier(key)),
        {"day": day, "value": value},
    )
    if planned.rowcount == 0:
        raise not_possible("not_ahead", "from tomorrow on", field="next_action_on")
