"""What the state of things asks for: items opened, kept up and closed so that they match it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import psycopg
from psycopg import sql

from daysheet.desk.actors import Actor
from daysheet.desk.deadlines import REFUND_DUE_ON, SESSION_DEADLINE

# Open exactly as long as the state says so: closed by hand they would be back the next morning.
STATE_KINDS = (
    "bill_it", "follow_up", "denial", "appeal_due", "rejection", "disposition", "credit",
    "unmatched_money", "unmatched_takeback", "quarantined_row", "payer_review",
)  # fmt: skip
APPEAL_SOON_DAYS = 14

# One subject has one text, by which what is wanted and what is open are matched.
_SUBJECT = sql.SQL(
    "coalesce(session_id::text, dental_claim_id::text, payment_id::text, payer_id::text,"
    " file_id || ' ' || line)"
)

_MATCH = sql.SQL("""
with owed as (
    select
        sessions.*,
        {deadline} as deadline,
        {refund_due_on} as refund_due_on,
        sessions.billing_status = 'ready_to_bill'
        and (sessions.first_submitted_on is not null or sessions.clean_claim is false)
        as is_sent_back
    from desk.sessions
    left join desk.payers on sessions.payer_id = payers.payer_id
    where sessions.in_ar or sessions.unbilled or sessions.needs_disposition
    or sessions.payer_credit > 0
),

asked as (
    select owed.session_id, kinds.kind, kinds.amount, kinds.due_on
    from owed
    cross join lateral (
        values
        (
            'bill_it', unbilled and not is_sent_back and service_on <= desk.today(),
            outstanding, deadline
        ),
        ('rejection', is_sent_back, outstanding, deadline),
        (
            'follow_up',
            in_ar and billing_status in ('submitted', 'pending', 'approved', 'appealing')
            and not needs_disposition,
            outstanding, null
        ),
        (
            'disposition', needs_disposition and billing_status != 'voided',
            outstanding, null
        ),
        ('denial', billing_status = 'denied', outstanding, deadline),
        (
            'appeal_due',
            billing_status = 'denied' and appeal_deadline <= desk.today() + %(appeal_soon)s,
            outstanding, deadline
        ),
        (
            'credit', payer_credit > 0 and billing_status != 'voided',
            payer_credit, refund_due_on
        )
    ) as kinds (kind, is_asked, amount, due_on)
    where kinds.is_asked
),

wanted as (
    select
        kind, session_id, null::uuid as dental_claim_id, null::uuid as payment_id,
        null::uuid as payer_id, null::bigint as file_id, null::bigint as line, amount, due_on,
        desk.today() as opened_on
    from asked
    union all
    select
        case when unapplied > 0 then 'unmatched_money' else 'unmatched_takeback' end, null, null,
        payment_id, null, null, null, unapplied, null, desk.today()
    from desk.payment_balances
    where unapplied != 0 and payer_id is not null
    union all
    select 'payer_review', null, null, null, payer_id, null, null, null, null, desk.today()
    from desk.payers
    where needs_review
    union all
    select 'quarantined_row', null, null, null, null, file_id, line, null, null, desk.today()
    from ops.row_verdict
    where verdict = 'quarantined' and decision is null
    union all
    select 'follow_up', null, dental_claim_id, null, null, null, null, amount, null, first_sent_on
    from unnest(%(dental_ids)s::uuid[], %(dental_amounts)s::numeric[], %(dental_days)s::date[])
    as dental (dental_claim_id, amount, first_sent_on)
),

matched as (
    select wanted.*, {subject} as subject from wanted
),

open_items as (
    select work_items.*, {subject} as subject
    from desk.work_items
    where done_at is null and kind = any(%(kinds)s)
    and (dental_claim_id is null or %(with_dental)s)
),

-- What the payer asked for is answered, or asked no longer, once the session is not owed.
answered as (
    update desk.work_items
    set done_at = now(), done_by = %(actor)s, outcome = 'no longer so'
    from desk.sessions
    where work_items.kind = 'more_info' and work_items.done_at is null
    and work_items.session_id = sessions.session_id and not sessions.in_ar
    returning work_items.item_id
),

closed as (
    update desk.work_items
    set done_at = now(), done_by = %(actor)s, outcome = 'no longer so'
    from open_items
    where work_items.item_id = open_items.item_id and not exists (
        select from matched
        where matched.kind = open_items.kind and matched.subject = open_items.subject
    )
    returning work_items.item_id
),

-- A credit keeps the day by which it has to be paid back.
changed as (
    update desk.work_items set
        amount = news.amount,
        due_on = news.due_on,
        snoozed_until = null,
        snooze_reason = null
    from (
        select
            open_items.item_id,
            matched.amount,
            case
                when matched.kind = 'credit' then coalesce(open_items.due_on, matched.due_on)
                else matched.due_on
            end as due_on
        from open_items
        inner join matched using (kind, subject)
    ) as news
    where work_items.item_id = news.item_id
    and (work_items.amount, work_items.due_on) is distinct from (news.amount, news.due_on)
    returning work_items.item_id
),

opened as (
    insert into desk.work_items (
        kind, session_id, dental_claim_id, payment_id, payer_id, file_id, line, amount, due_on,
        opened_on
    )
    select
        matched.kind, matched.session_id, matched.dental_claim_id, matched.payment_id,
        matched.payer_id, matched.file_id, matched.line, matched.amount, matched.due_on,
        matched.opened_on
    from matched
    where not exists (
        select from open_items
        where open_items.kind = matched.kind and open_items.subject = matched.subject
    )
    on conflict do nothing
    returning work_items.item_id
)

select
    (select count(*) from opened) as opened,
    (select count(*) from changed) as changed,
    (select count(*) from closed) + (select count(*) from answered) as closed
""").format(deadline=SESSION_DEADLINE, refund_due_on=REFUND_DUE_ON, subject=_SUBJECT)


@dataclass(frozen=True)
class OpenDentalClaim:
    """A claim of the dental practice system that is owed; its age counts from the first day."""

    dental_claim_id: UUID
    amount: Decimal | None
    first_sent_on: date


class Matched(NamedTuple):
    """How many items were opened, had news, and were closed."""

    opened: int
    changed: int
    closed: int


def match_items(
    connection: psycopg.Connection, actor: Actor, dental: Sequence[OpenDentalClaim] | None
) -> Matched:
    """Open, keep up and close the items of every kind that follows from the state.

    ``dental`` are the open claims of the dental practice system; None if nothing is known of them,
    and then their items stay as they are.
    """
    claims = dental or ()
    row = connection.execute(
        _MATCH,
        {
            "actor": actor.user_id,
            "appeal_soon": APPEAL_SOON_DAYS,
            "kinds": list(STATE_KINDS),
            "with_dental": dental is not None,
            "dental_ids": [claim.dental_claim_id for claim in claims],
            "dental_amounts": [claim.amount for claim in claims],
            "dental_days": [claim.first_sent_on for claim in claims],
        },
    ).fetchone()
    assert row is not None
    return Matched(*row)
