"""Acknowledge the alerts of many chosen sessions at once."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

import psycopg

from daysheet.alerts.acting import acknowledge
from daysheet.desk.actors import Actor
from daysheet.desk.lifecycle.bulk import Sessions, Work, each_of
from daysheet.desk.refusals import Refused, not_possible
from daysheet.desk.work.items import lock_subject


def acknowledging(note: str, until: date) -> Work:
    """Every open alert about each, quiet until that day."""

    def one(
        connection: psycopg.Connection, actor: Actor, session_id: UUID, row_version: int
    ) -> None:
        lock_subject(connection, row_version, session_id=session_id)
        alerts = connection.execute(
            "select alert_id from desk.alerts where session_id = %s and status = 'open'"
            " order by alert_id",
            [session_id],
        ).fetchall()
        if not alerts:
            raise not_possible("no_alert", "it has no open alert")
        for (alert_id,) in alerts:
            acknowledge(connection, actor, alert_id, note, until)

    def all_of_them(
        connection: psycopg.Connection, actor: Actor, sessions: Sessions
    ) -> Mapping[UUID, Refused | None]:
        # alerts before sessions, as whoever acts on a single one locks them
        connection.execute("lock table desk.alerts in row exclusive mode")
        connection.execute(
            "select from desk.alerts where session_id = any(%s) and status != 'resolved'"
            " order by alert_id for update",
            [[session_id for session_id, _ in sessions]],
        )
        return each_of(one)(connection, actor, sessions)

    return all_of_them
