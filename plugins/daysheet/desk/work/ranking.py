"""Scores of open items, computed from the state of their subjects and kept for the queue."""

from collections.abc import Iterable
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from daysheet.desk.deadlines import SESSION_DEADLINE
from daysheet.desk.work.scoring import Situation, queue, score

# Since when a session is what it is: a submission told late counts from its own day.
STATUS_DAY = sql.SQL("""
    case
        when sessions.billing_status = 'submitted'
            then least(sessions.last_submitted_on, sessions.status_since)
        else sessions.status_since
    end
""")

# A claim ages from its first submission, else from the visit; what is not owed (a credit, a
# payment) from when it came up. A dental claim's item is open since the claim was first sent.
_SITUATIONS = sql.SQL("""
    select
        items.item_id,
        items.score,
        items.queue,
        items.score_parts,
        items.kind,
        coalesce(items.amount, sessions.outstanding, 0) as amount,
        desk.today() - case
            when sessions.in_ar or sessions.unbilled
                then coalesce(sessions.first_submitted_on, sessions.service_on)
            else coalesce(payments.received_on, items.opened_on)
        end as age_days,
        least(items.due_on, {deadline}) - desk.today() as days_left,
        case
            when items.dental_claim_id is not null then 'submitted' else sessions.billing_status
        end as status,
        desk.today() - coalesce({status_day}, items.opened_on) as days_in_status,
        items.detail @> '{{"underpaid": true}}' as is_underpaid
    from desk.work_items as items
    left join desk.sessions on items.session_id = sessions.session_id
    left join desk.payers on sessions.payer_id = payers.payer_id
    left join desk.payments on items.payment_id = payments.payment_id
    where items.done_at is null and {which}
""")


def rank_all(connection: psycopg.Connection) -> int:
    """Score every open item as of today; returns how many changed."""
    return _rank(connection, sql.SQL("true"), [])


def rank_items(connection: psycopg.Connection, item_ids: Iterable[UUID]) -> int:
    """Score these items as of today; returns how many changed."""
    return _rank(connection, sql.SQL("items.item_id = any(%s)"), [list(item_ids)])


def rank_sessions(connection: psycopg.Connection, session_ids: Iterable[UUID]) -> int:
    """Score what is to be done about these sessions; returns how many items changed."""
    return _rank(connection, sql.SQL("items.session_id = any(%s)"), [list(session_ids)])


def _rank(connection: psycopg.Connection, which: sql.SQL, values: list[list[UUID]]) -> int:
    query = _SITUATIONS.format(deadline=SESSION_DEADLINE, status_day=STATUS_DAY, which=which)
    changed = []
    for item_id, was, was_queue, was_parts, *situation in connection.execute(query, values):
        item = Situation(*situation)
        points = score(item)
        now = (points.total, queue(item, points.total), points.parts())
        if now != (was, was_queue, was_parts):
            changed.append((item_id, *now))
    if changed:
        ids, totals, queues, parts = zip(*changed, strict=True)
        connection.execute(
            """
            update desk.work_items set
                score = ranked.score, queue = ranked.queue, score_parts = ranked.parts
            from unnest(%s::uuid[], %s::integer[], %s::text[], %s::jsonb[])
            as ranked (item_id, score, queue, parts)
            where work_items.item_id = ranked.item_id
            """,
            [list(ids), list(totals), list(queues), list(map(Jsonb, parts))],
        )
    return len(changed)
