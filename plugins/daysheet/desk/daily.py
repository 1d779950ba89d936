"""The desk brought up to its day: statuses the day implies, work items, owners, scores, metrics."""

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from daysheet.desk.actors import Actor
from daysheet.desk.lifecycle.changes import Change, Details, change_each
from daysheet.desk.lifecycle.guards import LOCKED_NOTES
from daysheet.desk.work.assignment import release_leavers, share_out
from daysheet.desk.work.ranking import rank_all
from daysheet.desk.work.snoozing import end_snoozes
from daysheet.desk.work.state import OpenDentalClaim, match_items

# Everybody locks sessions first and in this order: so does the one who touches them all.
_LOCK = """
    select from desk.sessions
    where in_ar or unbilled or needs_disposition or payer_credit > 0
    or (billing_status = 'scheduled' and service_on <= desk.today())
    or session_id in (select session_id from desk.work_items where done_at is null)
    order by session_id
    for update
"""
_IS_PAST = """
    select exists (select from desk.session_status_history where as_of > desk.today())
    or exists (select from desk.metric_snapshots where as_of > desk.today())
"""
_ARRIVED = """
    select session_id from desk.sessions
    where billing_status = 'scheduled' and service_on <= desk.today()
    order by session_id
"""
# What the export said of a visit while it was still ahead counts once the visit is over.
_IMPLIED = """
    select
        session_id,
        case
            when ins_charge = 0 and amount_paid = 0 then 'client_responsibility'
            when ins_unpaid_reported <= 0 and ins_paid_reported > 0 and outstanding = 0 then 'paid'
            when ins_unpaid_reported <= 0 and amount_paid = 0 then 'written_off'
            when upper(note_status) = any(%(locked)s) then 'documented'
        end as implied
    from desk.sessions
    where session_id = any(%(arrived)s) and billing_status = 'completed'
    order by session_id
"""


@dataclass(frozen=True)
class Refreshed:
    """What changed, in counts; all 0 for a day before one the desk was already worked on."""

    statuses: int = 0
    opened: int = 0
    changed: int = 0
    closed: int = 0
    woken: int = 0
    released: int = 0
    assigned: int = 0
    scored: int = 0


def is_past(connection: psycopg.Connection) -> bool:
    """Whether the desk was already worked on a later day than ``desk.today()``."""
    row = connection.execute(_IS_PAST).fetchone()
    assert row is not None
    return row[0]


def refresh(
    connection: psycopg.Connection,
    actor: Actor,
    dental: Sequence[OpenDentalClaim] | None = None,
) -> Refreshed:
    """Bring statuses and work items up to ``desk.today()``; a second time changes nothing.

    ``dental`` are the open claims of the dental practice system, None if none are known. Nothing
    is changed for a day in the past: what was to be done then is over.
    """
    with connection.transaction():
        if is_past(connection):
            return Refreshed()
        connection.execute(_LOCK)
        statuses = _statuses(connection, actor)
        items = match_items(connection, actor, dental)
        woken = end_snoozes(connection)
        released = release_leavers(connection)
        scored = rank_all(connection)
        assigned = share_out(connection)
        return Refreshed(statuses, *items, woken, released, assigned, scored)


def _statuses(connection: psycopg.Connection, actor: Actor) -> int:
    """Visits that are over, and what the export said of them already; what is refused stays."""
    arrived = [row[0] for row in connection.execute(_ARRIVED)]
    if not arrived:
        return 0
    wishes = [Change(session_id, "completed") for session_id in arrived]
    results = change_each(connection, actor, wishes)
    reason = Details(reason="as the export said before the visit")
    values = {"arrived": arrived, "locked": list(LOCKED_NOTES)}
    implied = [
        Change(session_id, status, reason)
        for session_id, status in connection.execute(_IMPLIED, values).fetchall()
        if status is not None
    ]
    results += change_each(connection, actor, implied)
    return sum(result.refusal is None for result in results)
