"""Work items opened, closed and woken: one open item per subject and kind."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from daysheet.desk.actors import Actor
from daysheet.desk.refusals import Refused, conflict
from daysheet.desk.work.ranking import rank_items, rank_sessions

SUBJECTS = (
    "session_id", "dental_claim_id", "claim_id", "payment_id", "payer_id", "file_id", "line",
)  # fmt: skip
# What has an owner of its own, which everything to be done about it follows.
OWNED = {"sessions": "session_id", "dental_claims": "dental_claim_id"}

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


@dataclass(frozen=True)
class Item:
    """One open item under lock."""

    item_id: UUID
    kind: str
    session_id: UUID | None
    dental_claim_id: UUID | None
    claim_id: UUID | None
    payment_id: UUID | None
    payer_id: UUID | None
    file_id: int | None
    line: int | None
    due_on: date | None
    amount: Decimal | None
    detail: dict[str, Any]
    assigned_to: str | None
    opened_on: date

    @property
    def subject(self) -> dict[str, Any]:
        """What it is about, as :func:`open_item` takes it."""
        return {name: getattr(self, name) for name in SUBJECTS if getattr(self, name) is not None}


@dataclass(frozen=True)
class Subject:
    """What has one owner, under lock: a session, a dental claim, or an item about neither."""

    key: str
    value: UUID
    assigned_to: str | None


@dataclass(frozen=True)
class Asked:
    """An item to be open, as :func:`open_item` takes it."""

    subject: dict[str, Any]
    detail: dict[str, Any] | None = None
    due_on: date | None = None
    amount: Decimal | None = None

    def values(self, kind: str) -> dict[str, Any]:
        """For the statement that opens it."""
        subject = dict.fromkeys(SUBJECTS) | _known(self.subject)
        detail = None if self.detail is None else Jsonb(self.detail)
        amounts = {"detail": detail, "due_on": self.due_on, "amount": self.amount}
        return {**subject, **amounts, "kind": kind}


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
    asked = Asked(subject, detail, due_on, amount)
    row = connection.execute(_OPEN, asked.values(kind)).fetchone()
    if row is not None:
        rank_items(connection, row)
    else:  # open already, and nothing is new
        row = connection.execute(
            sql.SQL("select item_id from desk.work_items where kind = {} and {}").format(
                sql.Literal(kind), _is_open(subject)
            ),
            subject,
        ).fetchone()
        assert row is not None
    return row[0]


def open_each(connection: psycopg.Connection, kind: str, items: Sequence[Asked]) -> None:
    """Like :func:`open_item`, of many subjects together, as files ask for."""
    opened: list[UUID] = []
    with connection.cursor() as cursor:
        cursor.executemany(_OPEN, [item.values(kind) for item in items], returning=True)
        for result in cursor.results():
            opened += [item_id for (item_id,) in result]
    if opened:
        rank_items(connection, opened)


def close_each(
    connection: psycopg.Connection,
    actor: Actor,
    *,
    outcome: str,
    kinds: Collection[str],
    subject: str,
    keys: Collection[UUID],
) -> int:
    """Close the open items of those kinds of many subjects; returns how many it were."""
    closing = sql.SQL("""
        update desk.work_items set done_at = now(), done_by = %s, outcome = %s
        where done_at is null and kind = any(%s) and {} = any(%s)
    """).format(sql.Identifier(subject))
    return connection.execute(closing, [actor.user_id, outcome, list(kinds), list(keys)]).rowcount


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
    """End the snoozes of these sessions, whose status, money or deadline has changed.

    Their items are scored anew. Returns how many were snoozed.
    """
    woken = list(session_ids)
    snoozed = connection.execute(
        """
        update desk.work_items set snoozed_until = null, snooze_reason = null
        where session_id = any(%s) and done_at is null and snoozed_until is not null
        """,
        [woken],
    ).rowcount
    rank_sessions(connection, woken)
    return snoozed


def lock_item(connection: psycopg.Connection, item_id: UUID, row_version: int | None) -> Item:
    """Lock an open item, after the session or dental claim it is about.

    Raises a 404 when there is none, a 409 when it is done or ``row_version`` is stale.
    """
    for table, key in OWNED.items():
        connection.execute(
            sql.SQL("""
                select from desk.{table} where {key} = (
                    select {key} from desk.work_items where item_id = %s
                ) for update
            """).format(table=sql.Identifier(table), key=sql.Identifier(key)),
            [item_id],
        )
    found = connection.execute(
        "select done_at, row_version from desk.work_items where item_id = %s for update", [item_id]
    ).fetchone()
    if found is None:
        raise Refused(404, "unknown_item", "there is no such item")
    if found[0] is not None:
        raise conflict("the item is done already", "done")
    _expect(row_version, found[1])
    columns = sql.SQL(", ").join(map(sql.Identifier, Item.__dataclass_fields__))
    with connection.cursor(row_factory=class_row(Item)) as cursor:
        item = cursor.execute(
            sql.SQL("select {} from desk.work_items where item_id = %s").format(columns), [item_id]
        ).fetchone()
    assert item is not None
    return item


def lock_subject(
    connection: psycopg.Connection, row_version: int | None, **subject: UUID
) -> Subject:
    """Lock what has the owner: ``subject`` is an item_id, a session_id or a dental_claim_id.

    ``row_version`` is that of the row named. Raises as :func:`lock_item` does.
    """
    ((key, value),) = subject.items()
    if key == "item_id":
        item = lock_item(connection, value, row_version)
        for owned in OWNED.values():
            if getattr(item, owned) is not None:
                return Subject(owned, getattr(item, owned), item.assigned_to)
        return Subject(key, value, item.assigned_to)
    table = next(table for table, owned in OWNED.items() if owned == key)
    found = connection.execute(
        sql.SQL("select assigned_to, row_version from desk.{} where {} = %s for update").format(
            sql.Identifier(table), sql.Identifier(key)
        ),
        [value],
    ).fetchone()
    if found is None:
        raise Refused(404, "unknown_subject", "there is no such session or claim")
    _expect(row_version, found[1])
    return Subject(key, value, found[0])


def _expect(row_version: int | None, found: int) -> None:
    if row_version is not None and row_version != found:
        raise conflict(f"it was changed meanwhile, version {found}")


def _known(subject: dict[str, Any]) -> dict[str, Any]:
    if not subject or not set(subject) <= set(SUBJECTS):
        raise TypeError(f"a work item is about one of {SUBJECTS}, not {tuple(subject)}")
    return subject


def _is_open(subject: dict[str, Any]) -> sql.Composable:
    about = [
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in subject
    ]
    return sql.SQL(" and ").join([*about, sql.SQL("done_at is null")])
