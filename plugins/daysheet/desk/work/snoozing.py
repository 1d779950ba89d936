"""Items put off for a reason, never past the last day on which something can still be done."""

from datetime import date
from uuid import UUID

import psycopg
from psycopg import sql

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.deadlines import SESSION_DEADLINE
from daysheet.desk.refusals import no_right, not_possible, shown
from daysheet.desk.work.items import Item, lock_item

LONGEST_DAYS = 30
DAYS_BEFORE_A_DEADLINE = 7

_LATEST = sql.SQL("""
    select
        desk.today() as today,
        least(
            desk.today() + %(longest)s::integer,
            items.due_on - %(before)s::integer,
            {deadline} - %(before)s::integer
        ) as latest
    from desk.work_items as items
    left join desk.sessions on items.session_id = sessions.session_id
    left join desk.payers on sessions.payer_id = payers.payer_id
    where items.item_id = %(item_id)s
""").format(deadline=SESSION_DEADLINE)


def snooze(
    connection: psycopg.Connection,
    actor: Actor,
    item_id: UUID,
    until: date,
    reason: str,
    *,
    row_version: int | None = None,
) -> None:
    """Hide an open item until that day; it ages on, and is back at once when its subject changes.

    At most 30 days, and never later than 7 days before a deadline: a 422 names the latest day.
    A biller snoozes what is his, a lead anything: 403. A stale ``row_version`` is a 409.
    """
    actor.needs(DeskRole.BILLER, "snoozing")
    if not reason.strip():
        raise not_possible("reason_missing", "snoozing needs a reason", field="reason")
    with connection.transaction():
        item = lock_item(connection, item_id, row_version)
        needs_to_have(actor, item, "snooze")
        today, latest = latest_day(connection, item_id)
        if not today < until <= latest:
            raise not_possible(
                "day_out_of_range",
                f"from tomorrow on, and at the latest {shown(latest)}: at most {LONGEST_DAYS} days,"
                f" and {DAYS_BEFORE_A_DEADLINE} days before a deadline",
                field="until",
            )
        connection.execute(
            "update desk.work_items set snoozed_until = %s, snooze_reason = %s where item_id = %s",
            [until, reason.strip(), item_id],
        )


def needs_to_have(actor: Actor, item: Item, what: str) -> None:
    """Raise a 403 unless the item is the actor's own, or the actor a lead."""
    if item.assigned_to != actor.user_id and not actor.may(DeskRole.LEAD):
        raise no_right(f"take the item first: only a lead may {what} that of others")


def latest_day(connection: psycopg.Connection, item_id: UUID) -> tuple[date, date]:
    """Today, and until when the item may be hidden at most: not at all if that is not later."""
    values = {"item_id": item_id, "longest": LONGEST_DAYS, "before": DAYS_BEFORE_A_DEADLINE}
    row = connection.execute(_LATEST, values).fetchone()
    assert row is not None
    return row[0], row[1]


def end_snoozes(connection: psycopg.Connection) -> int:
    """Show again what was snoozed until today or before; returns how many items."""
    return connection.execute(
        """
        update desk.work_items set snoozed_until = null, snooze_reason = null
        where done_at is null and snoozed_until <= desk.today()
        """
    ).rowcount
