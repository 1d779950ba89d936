"""Work items opened, closed and woken: one open item per subject and kind."""

from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from daysheet.desk.actors import Actor

SUBJECTS = (
    "session_id", "dental_claim_id", "claim_id", "payment_id", "payer_id", "file_id", "line",
)  # fmt: skip

_OPEN = sql.SQL("""
    insert into desk.work_items as item (
        kind, session_id, dental_claim_id, claim_id, payment_id, payer_id, file_id, line,
        detail, due_on, amount, assigned_to
    )
    values (
        %(kind)s, %(session_id)s, %(dental_claim_id)s, %(claim_id)s, %(payment_id)s, %(payer_id)s,
        %(file_id)s, %(line)s, coalesce(%(detail)s::jsonb, '{}'), %(due_on)s, %(amount)s,
        coalesce(
            (select assigned_to from desk.sessions where session_id = %(session_id)s),
            (select assigned_to from desk.dental_claims
            where dental_claim_id = %(dental_claim_id)s)
        )
    )
    on conflict (
        kind, session_id, dental_claim_id, claim_id, payment_id, payer_id, file_id, line
    ) where done_at is null
    do update set
        detail = coalesce(%(detail)s::jsonb, item.detail),
        due_on = coalesce(excluded.due_on, item.due_on),
        amount = coalesce(excluded.amount, item.amount),
        snoozed_until = null,
        snooze_reason = null
    where (
        coalesce(%(detail)s::jsonb, item.detail),
        coalesce(excluded.due_on, item.due_on),
        coalesce(excluded.amount, item.amount)
    ) is distinct from (item.detail, item.due_on, item.amount)
    returning item_id
""")


def open_item(
    connection: psycopg.Connection,
    kind: str,
    *,
    detail: dict[str, Any] | None = None,
    due_on: date | None = None,
    amount: Decimal | None = None,
    **subject: Any,
) -> UUID:
    """Open the item of that kind about that subject, or find the open one; returns its key.

    ``subject`` is one of ``session_id``, ``dental_claim_id``, ``claim_id``, ``payment_id``,
    ``payer_id``, or ``file_id`` with ``line``. An item that is open already gets the detail,
    deadline and amount that are given, and is woken if one of them is news. ``detail`` holds codes
    and keys, never names. It belongs to whoever has the session or dental claim.
    """
    given = dict.fromkeys(SUBJECTS) | _known(subject)
    values = {**given, "kind": kind, "due_on": due_on, "amount": amount}
    values["detail"] = None if detail is None else Jsonb(detail)
    row = connection.execute(_OPEN, values).fetchone()
    if row is None:  # open already, and nothing is new
        row = connection.execute(
            sql.SQL("select item_id from desk.work_items where kind = {} and {}").format(
                sql.Literal(kind), _is_open(subject)
            ),
            subject,
        ).fetchone()
        assert row is not None
    return row[0]


def close_items(
    connection: psycopg.Connection,
    actor: Actor,
    *,
    outcome: str,
    kinds: Collection[str] | None = None,
    **subject: Any,
) -> int:
    """Close the subject's open items, of those ``kinds`` or of all; returns how many it were."""
    closing = sql.SQL("""
        update desk.work_items
        set done_at = now(), done_by = %(actor)s, outcome = %(outcome)s
        where {} and (%(kinds)s::text[] is null or kind = any(%(kinds)s))
    """).format(_is_open(_known(subject)))
    wanted = None if kinds is None else list(kinds)
    values = {**subject, "actor": actor.user_id, "outcome": outcome, "kinds": wanted}
    return connection.execute(closing, values).rowcount


def wake(connection: psycopg.Connection, session_ids: Iterable[UUID]) -> int:
    """End the snoozes of these sessions: their status, money or deadline has changed."""
    return connection.execute(
        """
        update desk.work_items set snoozed_until = null, snooze_reason = null
        where session_id = any(%s) and done_at is null and snoozed_until is not null
        """,
        [list(session_ids)],
    ).rowcount


def _known(subject: dict[str, Any]) -> dict[str, Any]:
    if not subject or not set(subject) <= set(SUBJECTS):
        raise TypeError(f"a work item is about one of {SUBJECTS}, not {tuple(subject)}")
    return subject


def _is_open(subject: dict[str, Any]) -> sql.Composable:
    about = [
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in subject
    ]
    return sql.SQL(" and ").join([*about, sql.SQL("done_at is null")])
