"""Work done on an item: the outcome, and the next step of what is not over yet."""

from datetime import date, timedelta
from uuid import UUID

import psycopg

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.refusals import not_possible, shown
from daysheet.desk.work.items import Item, close_items, lock_item, open_item
from daysheet.desk.work.notes import add_note
from daysheet.desk.work.snoozing import LONGEST_DAYS, latest_day, needs_to_have
from daysheet.desk.work.state import STATE_KINDS


def finish(
    connection: psycopg.Connection,
    actor: Actor,
    item_id: UUID,
    outcome: str,
    *,
    next_action_on: date | None = None,
    row_version: int | None = None,
) -> UUID | None:
    """Close an item with its outcome; returns the item of the next step, if there is one.

    What the state still asks for (a claim that is owed, a denial) needs the day of the next step,
    within 30 days and not after its deadline: no touch without a next step. Its next item rests
    until then, as if snoozed. A biller finishes what is his, a lead anything: 403. A stale
    ``row_version``, or an item that is done already, is a 409.
    """
    actor.needs(DeskRole.BILLER, "working on items")
    outcome = outcome.strip()
    if not outcome:
        raise not_possible("outcome_missing", "say what came of it", field="outcome")
    with connection.transaction():
        item = lock_item(connection, item_id, row_version)
        needs_to_have(actor, item, "finish")
        today, latest = latest_day(connection, item_id)
        if next_action_on is not None:
            _check_next_step(next_action_on, today, item.due_on)
        elif item.kind in STATE_KINDS:
            raise not_possible(
                "next_step_missing", "it is not over: say when it goes on", field="next_action_on"
            )
        close_items(connection, actor, outcome=outcome, kinds=[item.kind], **item.subject)
        if next_action_on is None:
            return None
        if item.session_id is not None or item.dental_claim_id is not None:
            follow_up = {"kind": "follow_up", "outcome": outcome, "next_action_on": next_action_on}
            add_note(connection, actor, outcome, **follow_up, **item.subject)
        # Close to a deadline it stays in sight.
        rests_until = min(next_action_on, latest) if latest > today else None
        return _next_step(connection, item, outcome, rests_until)


def _check_next_step(day: date, today: date, due_on: date | None) -> None:
    last = today + timedelta(days=LONGEST_DAYS)
    if due_on is not None and due_on > today:
        last = min(last, due_on)
    if not today < day <= last:
        raise not_possible(
            "day_out_of_range",
            f"from tomorrow on, and at the latest {shown(last)}",
            field="next_action_on",
        )


def _next_step(
    connection: psycopg.Connection, item: Item, outcome: str, rests_until: date | None
) -> UUID:
    item_id = open_item(
        connection,
        item.kind,
        detail=item.detail,
        due_on=item.due_on,
        amount=item.amount,
        **item.subject,
    )
    connection.execute(
        """
        update desk.work_items set assigned_to = %s, opened_on = %s, snoozed_until = %s,
        snooze_reason = %s where item_id = %s
        """,
        [item.assigned_to, item.opened_on, rests_until, rests_until and outcome, item_id],
    )
    return item_id
