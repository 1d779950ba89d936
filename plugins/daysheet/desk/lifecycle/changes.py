"""Change a session's billing status: the only code that writes it, and the history beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg

from daysheet.desk.actors import Actor
from daysheet.desk.cases import (
    BY_HAND,
    NOTHING_ENTERED,
    Case,
    Details,
    Facts,
    Origin,
    Stamps,
    hold_sessions,
    read_facts,
)
from daysheet.desk.lifecycle.history import record_first_status, write
from daysheet.desk.lifecycle.permission import allowed_statuses, rule_for
from daysheet.desk.lifecycle.transitions import Transition
from daysheet.desk.refusals import Refused, conflict
from daysheet.desk.work.items import wake

__all__ = [
    "Change", "Details", "Origin", "Result", "allowed_next", "change_each", "change_many",
    "change_status", "record_first_status",
]  # fmt: skip

MOST_AT_ONCE = 500


@dataclass(frozen=True)
class Change:
    """One wished change, of one session."""

    session_id: UUID
    to: str
    details: Details = NOTHING_ENTERED
    origin: Origin = BY_HAND
    row_version: int | None = None


@dataclass(frozen=True)
class Result:
    """What became of one wished change: a row of the history, or a refusal."""

    session_id: UUID
    history_id: int | None = None
    refusal: Refused | None = None


def change_status(
    connection: psycopg.Connection,
    actor: Actor,
    session_id: UUID,
    to: str,
    *,
    details: Details = NOTHING_ENTERED,
    origin: Origin = BY_HAND,
    row_version: int | None = None,
) -> int:
    """Change one session's status, with all that belongs to it; returns the row of its history.

    Raises :class:`Refused`: 404 for an unknown session, 409 for a stale ``row_version``, 403
    without the right, else 422, with ``allowed`` if the status may not follow, or ``field`` if
    something entered is missing or wrong.
    """
    change = Change(session_id, to, details, origin, row_version)
    (result,) = change_each(connection, actor, [change])
    if result.refusal is not None:
        raise result.refusal
    assert result.history_id is not None
    return result.history_id


def change_many(
    connection: psycopg.Connection,
    actor: Actor,
    sessions: Sequence[tuple[UUID, int | None]],
    to: str,
    *,
    details: Details = NOTHING_ENTERED,
) -> list[Result]:
    """Change up to 500 sessions, given with their versions, each on its own merits.

    The rows of the history have one ``batch_id``. Raises a 413 for more sessions.
    """
    if len(sessions) > MOST_AT_ONCE:
        raise Refused(413, "too_many", f"at most {MOST_AT_ONCE} sessions at once")
    origin = Origin(batch_id=uuid4())
    changes = [Change(one, to, details, origin, version) for one, version in sessions]
    return change_each(connection, actor, changes)


def change_each(
    connection: psycopg.Connection, actor: Actor, changes: Sequence[Change]
) -> list[Result]:
    """Make these changes, in this order where they are of one session; as many results.

    A refused one changes nothing and hinders no other. Sessions are read and written together, so
    that a file may ask for thousands.
    """
    results: dict[int, Result] = {}
    with connection.transaction():
        # All locks first, or two files could each wait for the other.
        hold_sessions(connection, {change.session_id for change in changes})
        left = dict(enumerate(changes))
        while left:
            wave: dict[UUID, int] = {}
            for place, change in left.items():
                wave.setdefault(change.session_id, place)
            now = {place: left.pop(place) for place in wave.values()}
            results |= _change_wave(connection, actor, now)
        wake(connection, [each.session_id for each in results.values() if not each.refusal])
    return [results[place] for place in range(len(changes))]


def _change_wave(
    connection: psycopg.Connection, actor: Actor, changes: dict[int, Change]
) -> dict[int, Result]:
    """Changes of different sessions, under lock already."""
    known = read_facts(connection, [change.session_id for change in changes.values()])
    results: dict[int, Result] = {}
    allowed: dict[int, tuple[Case, Transition]] = {}
    for place, change in changes.items():
        try:
            case = _case(actor, change, known.get(change.session_id))
            allowed[place] = case, rule_for(case)
        except Refused as refusal:
            results[place] = Result(change.session_id, refusal=refusal)
    stamps, refusals = _apply_all(connection, allowed)
    for place, refusal in refusals.items():
        results[place] = Result(changes[place].session_id, refusal=refusal)
    made = [(*allowed[place], stamped) for place, stamped in stamps.items()]
    for place, history_id in zip(stamps, write(connection, made), strict=True):
        results[place] = Result(changes[place].session_id, history_id)
    return results


def _apply_all(
    connection: psycopg.Connection, allowed: dict[int, tuple[Case, Transition]]
) -> tuple[dict[int, Stamps], dict[int, Refused]]:
    """What to stamp by place, and what an effect refused: mostly nothing, so all are tried at once.

    If one is refused all are undone, and each is tried apart.
    """
    try:
        with connection.transaction():
            return {place: _apply(connection, *each) for place, each in allowed.items()}, {}
    except Refused:
        stamps, refusals = {}, {}
    for place, each in allowed.items():
        try:
            with connection.transaction():
                stamps[place] = _apply(connection, *each)
        except Refused as refusal:
            refusals[place] = refusal
    return stamps, refusals


def _case(actor: Actor, change: Change, facts: Facts | None) -> Case:
    if facts is None:
        raise Refused(404, "unknown_session", "there is no such session", field="session_id")
    if change.row_version is not None and change.row_version != facts.row_version:
        raise conflict("somebody changed the session meanwhile: look at it again")
    return Case(facts, change.to, actor, change.details, change.origin)


def _apply(connection: psycopg.Connection, case: Case, rule: Transition) -> Stamps:
    stamps: Stamps = {}
    for stamp in rule.stamps:
        stamps |= stamp(case)
    for effect in rule.effects:
        stamps |= effect(connection, case) or {}
    return stamps


def allowed_next(connection: psycopg.Connection, actor: Actor, session_id: UUID) -> tuple[str, ...]:
    """The statuses the actor could change the session to now, in the order of the lifecycle.

    What must be entered with the change is not asked yet; ``paid`` is for those who post money.
    """
    facts = read_facts(connection, [session_id]).get(session_id)
    if facts is None:
        raise Refused(404, "unknown_session", "there is no such session", field="session_id")
    return allowed_statuses(facts, actor)
