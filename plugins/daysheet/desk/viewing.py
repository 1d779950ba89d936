"""Who looked at what of a client, kept in the audit."""

import psycopg
from psycopg.types.json import Jsonb

from daysheet.desk.actors import Actor
from daysheet.desk.claim_record import ClaimRecord


def record_view(connection: psycopg.Connection, actor: Actor, record: ClaimRecord) -> None:
    """Write that ``actor`` is about to see the record; nothing is shown if this fails.

    By our reference, which says nothing of the client. ``connection`` is in autocommit.
    """
    shown = "everything" if record.is_whole else "initials"
    connection.execute(
        "insert into ops.audit (actor, action, subject, detail) values (%s, 'viewed', %s, %s)",
        [actor.user_id, record.reference, Jsonb({"shown": shown})],
    )
