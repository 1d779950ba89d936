"""The history of statuses: each change written with what it set, so that it can be replayed."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from daysheet.desk.actors import Actor
from daysheet.desk.cases import BY_HAND, STAMPED, Case, Origin, Stamps
from daysheet.desk.lifecycle.transitions import Transition

_SET = ", ".join(f"{column} = %({column})s" for column in STAMPED)
_UPDATE = f"""
    update desk.sessions set billing_status = %(to)s, status_since = desk.today(), {_SET}
    where session_id = %(session_id)s
"""  # noqa: S608 - names of columns, from the code
_HISTORY = """
    insert into desk.session_status_history (
        session_id, from_status, to_status, transition, actor, source, reason, file_id, line,
        batch_id, detail
    ) values (
        %(session_id)s, %(from)s, %(to)s, %(transition)s, %(actor)s, %(source)s, %(reason)s,
        %(file_id)s, %(line)s, %(batch_id)s, %(detail)s
    ) returning history_id
"""


def write(
    connection: psycopg.Connection, made: Sequence[tuple[Case, Transition, Stamps]]
) -> list[int]:
    """Write sessions and histories, in the order given; returns the rows of the history."""
    if not made:
        return []
    rows = [_row(case, rule, stamps) for case, rule, stamps in made]
    with connection.cursor() as cursor:
        cursor.executemany(_UPDATE, rows)
        cursor.executemany(_HISTORY, rows, returning=True)
        history_ids = []
        while True:
            row = cursor.fetchone()
            assert row is not None
            history_ids.append(row[0])
            if not cursor.nextset():
                return history_ids


def _row(case: Case, rule: Transition, stamps: Stamps) -> dict[str, Any]:
    """What is written of one change: the columns with their new values, and both in the history."""
    facts, details, origin = case.facts, case.details, case.origin
    before = {column: getattr(facts, column) for column in STAMPED}
    changed = {column for column, value in stamps.items() if value != before[column]}
    entered = {
        name: getattr(details, name)
        for name in ("category", "carc", "group_code", "level", "decision", "via", "override")
        if getattr(details, name)
    }
    detail = {
        "was": {column: _plain(before[column]) for column in sorted(changed)},
        "is": {column: _plain(stamps[column]) for column in sorted(changed)},
    } | ({"entered": entered} if entered else {})
    return before | stamps | {
        "session_id": facts.session_id,
        "from": facts.billing_status,
        "to": case.to,
        "transition": rule.number,
        "actor": case.actor.user_id,
        "source": case.actor.source,
        "reason": details.reason,
        "file_id": origin.file_id,
        "line": origin.line,
        "batch_id": origin.batch_id,
        "detail": Jsonb(detail),
    }  # fmt: skip


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, date | Decimal | UUID) else value


_FIRST = """
    insert into desk.session_status_history (
        session_id, from_status, to_status, actor, source, file_id, line, batch_id, detail
    )
    select
        sessions.session_id, null, sessions.billing_status, %(actor)s, %(source)s, origin.file_id,
        origin.line, origin.batch_id,
        jsonb_build_object(
            'was', '{}'::jsonb, 'is', jsonb_strip_nulls(to_jsonb(stamps))
        )
    from unnest(
        %(ids)s::uuid[], %(files)s::bigint[], %(lines)s::bigint[], %(batches)s::uuid[]
    ) as origin (session_id, file_id, line, batch_id)
    inner join desk.sessions using (session_id)
    cross join lateral (select COLUMNS) as stamps
    where not exists (
        select from desk.session_status_history as told
        where told.session_id = sessions.session_id
    )
    order by sessions.session_id
""".replace("COLUMNS", ", ".join(f"sessions.{column}" for column in STAMPED))


def record_first_status(
    connection: psycopg.Connection,
    actor: Actor,
    session_ids: Sequence[UUID],
    origin_by_session: Mapping[UUID, Origin] | None = None,
) -> int:
    """Begin the history of sessions just inserted, with the status they have; returns how many.

    Sessions that have a history keep it as it is.
    """
    origins = [(origin_by_session or {}).get(one, BY_HAND) for one in session_ids]
    return connection.execute(
        _FIRST,
        {
            "actor": actor.user_id,
            "source": actor.source,
            "ids": list(session_ids),
            "files": [origin.file_id for origin in origins],
            "lines": [origin.line for origin in origins],
            "batches": [origin.batch_id for origin in origins],
        },
    ).rowcount
