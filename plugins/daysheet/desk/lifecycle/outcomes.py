"""When a payer first answered, and when it denied: days that give way when a better one comes."""

from collections.abc import Collection
from datetime import date
from typing import Literal
from uuid import UUID

import psycopg

# A day the payer's own paper bears is better than that of a file which told; else the earlier one.
_FIRST_OUTCOME = """
    update desk.sessions set
        first_adjudicated_on = %(on)s, first_outcome = %(outcome)s,
        first_outcome_is_estimated = false
    where session_id = any(%(ids)s) and (
        first_adjudicated_on is null or first_outcome_is_estimated or %(on)s < first_adjudicated_on
    )
"""
_DENIALS = """
    update desk.denials set denied_on = %(on)s, is_estimated = false
    where session_id = any(%(ids)s) and resolved_on is null and is_estimated
    returning session_id
"""
_DENIED_SESSIONS = """
    update desk.sessions set
        denied_on = %(on)s,
        appeal_deadline = case sessions.billing_status
            when 'denied' then %(on)s + coalesce(payers.appeal_days, 60)
            else sessions.appeal_deadline
        end
    from desk.sessions as same
    left join desk.payers on same.payer_id = payers.payer_id
    where sessions.session_id = same.session_id and same.session_id = any(%(ids)s)
"""


def correct_first_outcome(
    connection: psycopg.Connection,
    session_ids: Collection[UUID],
    on: date,
    outcome: Literal["denied", "patient"],
) -> None:
    """Take the day a remittance bears for the payer's first answer, if it is better."""
    values = {"ids": list(session_ids), "on": on, "outcome": outcome}
    connection.execute(_FIRST_OUTCOME, values)


def correct_denial(connection: psycopg.Connection, session_ids: Collection[UUID], on: date) -> None:
    """Date open denials whose day was only estimated; the deadline to appeal moves with it."""
    rows = connection.execute(_DENIALS, {"ids": list(session_ids), "on": on}).fetchall()
    corrected = [session_id for (session_id,) in rows]
    connection.execute(_DENIED_SESSIONS, {"ids": corrected, "on": on})
