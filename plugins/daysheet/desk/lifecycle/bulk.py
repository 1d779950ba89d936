"""One thing done to many chosen sessions, each on its own merits: what is refused stays chosen."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from uuid import UUID, uuid4

import psycopg

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.cases import Origin, hold_sessions, read_facts
from daysheet.desk.lifecycle.changes import Change, Details, change_each, change_many
from daysheet.desk.lifecycle.permission import allowed_statuses
from daysheet.desk.lifecycle.selections import Outcome, held, keep
from daysheet.desk.lifecycle.transitions import STATUSES
from daysheet.desk.refusals import Refused, not_possible
from daysheet.desk.work.assignment import assign, take
from daysheet.desk.work.items import lock_subject
from daysheet.desk.work.notes import add_note
from daysheet.desk.work.snoozing import snooze

Sessions = Sequence[tuple[UUID, int]]
Work = Callable[[psycopg.Connection, Actor, Sessions], Mapping[UUID, Refused | None]]

# An appeal has its own level; sending has a form of its own.
_NOT_HERE = {"appealing", "submitted"}


def work_on(
    connection: psycopg.Connection,
    actor: Actor,
    selection_id: UUID,
    *,
    row_version: int,
    action: str,
    work: Work,
) -> Outcome:
    """Do ``work`` to what is chosen, in one transaction; ``action`` is what it is called.

    Raises a 403 below biller, 404 for what is not chosen by the actor, 409 when it was done
    already; and, with nothing changed, the refusal itself when it is the form that is at fault.
    """
    with connection.transaction():
        chosen = held(connection, actor, selection_id, row_version)
        results = work(connection, actor, chosen.sessions)
        refused = {each: refusal for each, refusal in results.items() if refusal is not None}
        _blame_the_form(results, refused)
        outcome = Outcome(
            action,
            [each for each in results if each not in refused],
            {each: _words(refusal) for each, refusal in refused.items()},
        )
        keep(connection, selection_id, outcome)
    return outcome


def _blame_the_form(
    results: Mapping[UUID, Refused | None], refused: Mapping[UUID, Refused]
) -> None:
    if refused and len(refused) == len(results):
        first, *others = refused.values()
        is_same = all((each.code, each.field) == (first.code, first.field) for each in others)
        if is_same and (first.field or first.status == 403):
            raise first


def _words(refusal: Refused) -> str:
    if not refusal.allowed:
        return refusal.problem
    possible = ", ".join(status.replace("_", " ") for status in refusal.allowed)
    return f"{refusal.problem}; possible next: {possible}"


def assigning(to: str | None) -> Work:
    """Give them to somebody, or back to the pool. Who is no lead takes what nobody has."""

    def one(
        connection: psycopg.Connection, actor: Actor, session_id: UUID, row_version: int
    ) -> None:
        if to == actor.user_id and not actor.may(DeskRole.LEAD):
            take(connection, actor, session_id=session_id, row_version=row_version)
        else:
            assign(connection, actor, to, session_id=session_id, row_version=row_version)

    return each_of(one)


def noting(body: str, outcome: str, next_action_on: date | None) -> Work:
    """A follow-up on each, with the day of the next step."""

    def one(
        connection: psycopg.Connection, actor: Actor, session_id: UUID, row_version: int
    ) -> None:
        add_note(
            connection, actor, body, kind="follow_up", outcome=outcome,
            next_action_on=next_action_on, row_version=row_version, session_id=session_id,
        )  # fmt: skip

    return each_of(one)


def moving(to: str, details: Details) -> Work:
    """To that status, each by the rules of the lifecycle; the history has one batch."""

    def all_of_them(
        connection: psycopg.Connection, actor: Actor, sessions: Sessions
    ) -> dict[UUID, Refused | None]:
        results = change_many(connection, actor, sessions, to, details=details)
        return {result.session_id: result.refusal for result in results}

    return all_of_them


def submitting(on: date | None, portal_ids: Collection[UUID]) -> Work:
    """Send what is ready to bill on that day; each through the portal of its payer, if given."""

    def all_of_them(
        connection: psycopg.Connection, actor: Actor, sessions: Sessions
    ) -> dict[UUID, Refused | None]:
        hold_sessions(connection, [session_id for session_id, _ in sessions])
        facts = read_facts(connection, [session_id for session_id, _ in sessions])
        portals = dict(
            connection.execute(
                "select payer_id, portal_id from desk.insurance_portals where portal_id = any(%s)",
                [list(portal_ids)],
            ).fetchall()
        )
        origin = Origin(batch_id=uuid4())
        results: dict[UUID, Refused | None] = {}
        changes = []
        for session_id, version in sessions:
            session = facts[session_id]
            if session.billing_status != "ready_to_bill":
                results[session_id] = not_possible(
                    "not_ready", f"it is {session.billing_status}, not ready to bill"
                )
                continue
            details = Details(on=on, portal_id=portals.get(session.payer_id))
            changes.append(Change(session_id, "submitted", details, origin, version))
        for result in change_each(connection, actor, changes):
            results[result.session_id] = result.refusal
        return results

    return all_of_them


def putting_off(until: date, reason: str) -> Work:
    """Whatever is to be done about each, hidden until that day."""

    def one(
        connection: psycopg.Connection, actor: Actor, session_id: UUID, row_version: int
    ) -> None:
        lock_subject(connection, row_version, session_id=session_id)
        items = connection.execute(
            "select item_id from desk.work_items where session_id = %s and done_at is null"
            " order by item_id",
            [session_id],
        ).fetchall()
        if not items:
            raise not_possible("nothing_to_do", "there is nothing to do about it yet")
        for (item_id,) in items:
            snooze(connection, actor, item_id, until, reason)

    return each_of(one)


def each_of(one: Callable[[psycopg.Connection, Actor, UUID, int], None]) -> Work:
    """Do ``one`` to each chosen session and version; a refusal undoes no other."""

    def all_of_them(
        connection: psycopg.Connection, actor: Actor, sessions: Sessions
    ) -> dict[UUID, Refused | None]:
        hold_sessions(connection, [session_id for session_id, _ in sessions])
        results: dict[UUID, Refused | None] = {}
        for session_id, row_version in sessions:
            try:
                with connection.transaction():
                    one(connection, actor, session_id, row_version)
                results[session_id] = None
            except Refused as refusal:
                results[session_id] = refusal
        return results

    return all_of_them


def next_statuses(
    connection: psycopg.Connection, actor: Actor, session_ids: Collection[UUID]
) -> dict[str, int]:
    """Where the actor could move some of them, and how many; in the order of the lifecycle."""
    counts = dict.fromkeys(STATUSES, 0)
    for facts in read_facts(connection, session_ids).values():
        for status in allowed_statuses(facts, actor):
            counts[status] += 1
    return {status: count for status, count in counts.items() if count and status not in _NOT_HERE}
