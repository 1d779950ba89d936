"""A visit that came again at another time or under another code: one visit, or two?"""

from uuid import UUID

import psycopg
from psycopg import sql

from daysheet.desk.actors import Actor, DeskRole, system
from daysheet.desk.lifecycle.changes import Details, change_status
from daysheet.desk.refusals import Refused, conflict, not_possible
from daysheet.desk.work.items import close_items, open_item
from daysheet.ingest.reports.sessions import IDENTITY, SNAPSHOT_TYPES, Stored, lock_sessions
from daysheet.ingest.reports.statuses import first_status, steps

_KIND = "possible_correction"
_PAIR = """
    select
        case detail ->> 'this_is' when 'new' then session_id else other end as new,
        case detail ->> 'this_is' when 'new' then other else session_id end as old
    from desk.work_items, cast(detail ->> 'other_session_id' as uuid) as other
    where session_id = %s and kind = 'possible_correction' and done_at is null
"""
_MOVED = (*IDENTITY, *SNAPSHOT_TYPES, "source_as_of", "source_file_id", "row_hash")


def two_visits(connection: psycopg.Connection, actor: Actor, session_id: UUID) -> None:
    """Both stand; either may become ready. Raises :class:`Refused`: 403, 404."""
    with connection.transaction():
        for one in _pair(connection, actor, session_id):
            close_items(connection, actor, outcome="two visits", kinds=[_KIND], session_id=one)


def same_visit(
    connection: psycopg.Connection,
    actor: Actor,
    session_id: UUID,
    *,
    row_version: int | None = None,
) -> UUID:
    """The older session goes on under the new time or code; what came as new is voided.

    History, claim and payments stay with the session they belong to, which takes over what the
    export says of the new one; the voided one keeps the old time or code. Returns the session that
    goes on. Raises :class:`Refused`: 403, 404, 409 for a stale version of ``session_id``, 422 when
    somebody has worked on both already.
    """
    with connection.transaction():
        new_id, old_id = _pair(connection, actor, session_id)
        new, old = lock_sessions(connection, [new_id, old_id])
        _check_version(connection, session_id, row_version)
        if _is_worked_on(connection, new_id):
            raise not_possible("both_worked_on", "claims or payments are on both")
        reason = Details(reason="the same visit as another session")
        change_status(connection, actor, new_id, "voided", details=reason)
        close_items(connection, actor, outcome="same visit", kinds=[_KIND], session_id=old_id)
        _exchange(connection, new_id, old_id)
        _follow(connection, new, old)
        return old_id


def _pair(connection: psycopg.Connection, actor: Actor, session_id: UUID) -> tuple[UUID, UUID]:
    actor.needs(DeskRole.BILLER, "deciding on a correction")
    found = connection.execute(_PAIR, [session_id]).fetchone()
    if found is None:
        raise Refused(404, "unknown_correction", "nothing is asked about that session")
    return found[0], found[1]


def _check_version(
    connection: psycopg.Connection, session_id: UUID, row_version: int | None
) -> None:
    row = connection.execute(
        "select row_version from desk.sessions where session_id = %s", [session_id]
    ).fetchone()
    if row is None or row_version not in (None, row[0]):
        raise conflict("somebody changed the session meanwhile: look at it again")


def _is_worked_on(connection: psycopg.Connection, session_id: UUID) -> bool:
    row = connection.execute(
        "select claim_id is not null or ins_paid_posted is not null"
        " or exists (select from desk.denials where session_id = sessions.session_id)"
        " or exists (select from desk.adjustments where session_id = sessions.session_id)"
        " from desk.sessions where session_id = %s",
        [session_id],
    ).fetchone()
    return row is not None and row[0]


def _exchange(connection: psycopg.Connection, new_id: UUID, old_id: UUID) -> None:
    """Let two sessions change what identifies them, and what the source says of them."""
    columns = sql.SQL(", ").join(map(sql.Identifier, _MOVED))
    before = {
        one: connection.execute(
            sql.SQL("select {} from desk.sessions where session_id = %s").format(columns), [one]
        ).fetchone()
        for one in (new_id, old_id)
    }
    # Nothing may have the identity of another, not for a moment.
    connection.execute(
        "update desk.sessions set modifiers = modifiers || '{moving}' where session_id = %s",
        [new_id],
    )
    for one, other in ((old_id, new_id), (new_id, old_id)):
        connection.execute(
            sql.SQL("update desk.sessions set ({}) = row({}) where session_id = %s").format(
                columns, sql.SQL(", ").join(sql.Placeholder() for _ in _MOVED)
            ),
            [*(before[other] or ()), one],
        )
    # No export has the old key any more. If one brings it again, that is news.
    connection.execute("update desk.sessions set row_hash = null where session_id = %s", [new_id])


def _follow(connection: psycopg.Connection, new: Stored, old: Stored) -> None:
    """Move the remaining session's status as if the export had brought the key to it at once."""
    row = connection.execute(
        "select outstanding, source_as_of from desk.sessions where session_id = %s",
        [old.session_id],
    ).fetchone()
    assert row is not None
    outstanding, exported_on = row
    importing = system("import", "appointment_status")
    wanted = first_status(new.identity[0], exported_on, new.snapshot)
    for status in steps(old.billing_status, wanted, outstanding):
        try:
            details = Details(reason="so the newest export says")
            change_status(connection, importing, old.session_id, status, details=details)
        except Refused as refusal:
            detail = {"reason": "status_conflict", "refused": refusal.code}
            open_item(connection, "conflict", session_id=old.session_id, detail=detail)
            return
