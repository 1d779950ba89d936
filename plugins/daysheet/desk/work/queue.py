"""The queue as a person sees it: mine, the team's or the pool, in groups, most urgent first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.refusals import Refused
from daysheet.desk.work.scoring import Queue

Whose = Literal["mine", "team", "unassigned"]
MOST_ROWS = 200

_ITEMS = sql.SQL("""
    select
        items.item_id,
        items.kind,
        coalesce(sessions.session_ref, dental_claims.claim_ref, claims.claim_ref) as reference,
        items.session_id,
        items.dental_claim_id,
        items.claim_id,
        items.payment_id,
        items.file_id,
        items.line,
        payers.name as payer_name,
        sessions.billing_status,
        items.score,
        items.score_parts,
        items.queue,
        items.amount,
        items.due_on,
        items.opened_on,
        items.detail,
        items.assigned_to,
        items.snoozed_until,
        items.row_version
    from desk.work_items as items
    left join desk.sessions on items.session_id = sessions.session_id
    left join desk.dental_claims on items.dental_claim_id = dental_claims.dental_claim_id
    left join desk.claims on items.claim_id = claims.claim_id
    left join desk.payments on items.payment_id = payments.payment_id
    left join desk.payers on payers.payer_id = coalesce(
        items.payer_id, sessions.payer_id, claims.payer_id, payments.payer_id
    )
    where items.done_at is null and {whose}
""")
_WHOSE: dict[Whose, sql.SQL] = {
    "mine": sql.SQL("items.assigned_to = %(user_id)s"),
    "team": sql.SQL("true"),
    "unassigned": sql.SQL("items.assigned_to is null"),
}
_SHOWN = sql.SQL("""
    (%(with_snoozed)s or snoozed_until is null or snoozed_until <= (select desk.today()))
    and (%(kinds)s::text[] is null or kind = any(%(kinds)s))
    and (%(payer)s::text is null or payer_name = %(payer)s)
    and (%(queue)s::text is null or queue = %(queue)s)
""")
_ORDER = sql.SQL("""
    array_position(array['now', 'this_week', 'on_track'], queue),
    score desc, due_on, amount desc nulls last
""")
# What an item itself says of its place chooses those of the page and their equals: what they are
# about is read of these only.
_ONE_PAGE = sql.SQL("""
    select * from ({items}) as listed
    where item_id = any(array(
        select item_id from ({items}) as listed where {shown}
        order by {order} fetch first (%(limit)s + %(offset)s) rows with ties
    ))
    order by {order}, reference, opened_on, file_id, line, item_id
    limit %(limit)s offset %(offset)s
""")


@dataclass(frozen=True)
class Listed:
    """One open item. ``reference`` is ours and random; ``score_parts`` say why it is where it is.

    A payment, a payer and a refused row have no reference.
    """

    item_id: UUID
    kind: str
    reference: str | None
    session_id: UUID | None
    dental_claim_id: UUID | None
    claim_id: UUID | None
    payment_id: UUID | None
    file_id: int | None
    line: int | None
    payer_name: str | None
    billing_status: str | None
    score: int
    score_parts: dict[str, float | bool]
    queue: Queue
    amount: Decimal | None
    due_on: date | None
    opened_on: date
    detail: dict[str, Any]
    assigned_to: str | None
    snoozed_until: date | None
    row_version: int


@dataclass(frozen=True)
class Filters:
    """What to show of the items; None is all of them."""

    kinds: Sequence[str] | None = None
    payer_name: str | None = None
    queue: Queue | None = None
    with_snoozed: bool = False


@dataclass(frozen=True)
class Page:
    """``groups`` counts what is shown over all pages; the rest is ``snoozed`` or ``filtered`` away.

    All caught up is only who has no item in any of the three.
    """

    items: list[Listed]
    groups: dict[Queue, int]
    snoozed: int
    filtered: int

    @property
    def hidden(self) -> int:
        """How many open items are not shown."""
        return self.snoozed + self.filtered


def list_queue(
    connection: psycopg.Connection,
    actor: Actor,
    whose: Whose,
    filters: Filters | None = None,
    *,
    limit: int = 50,
    offset: int = 0,
) -> Page:
    """One page of open items: by group, in it by score, deadline, amount and reference.

    At most 200 rows.
    """
    actor.needs(DeskRole.VIEWER, "looking at the queue")
    chosen = filters or Filters()
    values = {
        "user_id": actor.user_id,
        "kinds": None if chosen.kinds is None else list(chosen.kinds),
        "payer": chosen.payer_name,
        "queue": chosen.queue,
        "with_snoozed": chosen.with_snoozed,
        "limit": min(limit, MOST_ROWS),
        "offset": offset,
    }
    items = _ITEMS.format(whose=_WHOSE[whose])
    with connection.transaction():
        with connection.cursor(row_factory=class_row(Listed)) as cursor:
            rows = cursor.execute(
                _ONE_PAGE.format(items=items, shown=_SHOWN, order=_ORDER), values
            ).fetchall()
        counts = connection.execute(
            sql.SQL("""
                select
                    count(*) filter (where is_shown and queue = 'now'),
                    count(*) filter (where is_shown and queue = 'this_week'),
                    count(*) filter (where is_shown and queue = 'on_track'),
                    count(*) filter (where not is_shown and is_snoozed),
                    count(*) filter (where not is_shown and not is_snoozed)
                from (
                    select
                        queue,
                        not %(with_snoozed)s
                        and coalesce(snoozed_until > (select desk.today()), false) as is_snoozed,
                        {shown} as is_shown
                    from ({items}) as listed
                ) as counted
            """).format(items=items, shown=_SHOWN),
            values,
        ).fetchone()
    assert counts is not None
    now, this_week, on_track, snoozed, filtered = counts
    groups: dict[Queue, int] = {"now": now, "this_week": this_week, "on_track": on_track}
    return Page(rows, groups, snoozed, filtered)


def open_item(connection: psycopg.Connection, actor: Actor, item_id: UUID) -> Listed:
    """One open item; raises a 404 when there is none, or it is done."""
    actor.needs(DeskRole.VIEWER, "looking at the queue")
    query = _ITEMS.format(whose=sql.SQL("items.item_id = %s"))
    with connection.cursor(row_factory=class_row(Listed)) as cursor:
        found = cursor.execute(query, [item_id]).fetchone()
    if found is None:
        raise Refused(404, "unknown_item", "there is no such item, or it is done")
    return found


def payers_of_items(connection: psycopg.Connection, actor: Actor, whose: Whose) -> list[str]:
    """Names of the payers of open items, to choose one of them."""
    query = sql.SQL(
        "select distinct payer_name from ({}) as listed"
        " where payer_name is not null order by payer_name"
    ).format(_ITEMS.format(whose=_WHOSE[whose]))
    found = connection.execute(query, {"user_id": actor.user_id}).fetchall()
    return [name for (name,) in found]
