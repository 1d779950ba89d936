"""What the claims report's word for a claim does to the sessions that were sent on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from daysheet.desk.actors import Actor
from daysheet.desk.lifecycle.changes import Change, Details, Origin, change_each
from daysheet.desk.work.items import close_items, open_item

CONFIRM_SENT = frozenset({"prepared", "scrub", "downloaded"})
MORE_INFO = "more info required"

# Accepted is accepted for processing; Paid is a promise until money is posted.
_TARGETS = {
    "submitted": "submitted",
    "received": "submitted",
    "pending": "pending",
    "accepted": "pending",
    MORE_INFO: "pending",
    "paid pending": "approved",
    "paid": "approved",
    "denied": "denied",
    "deductible": "client_responsibility",
    "rejected": "ready_to_bill",
}
KNOWN_WORDS = CONFIRM_SENT | set(_TARGETS)

_UNSENT = ("completed", "documented", "ready_to_bill")
_ENDED = {"client_responsibility", "written_off"}
# A session this far has the word behind it and stays where it is.
_BEHIND = {
    "submitted": {"submitted", "pending", "approved", "paid", *_ENDED},
    "pending": {"pending", "approved", "paid", *_ENDED},
    "approved": {"approved", "paid", *_ENDED},
    "denied": {"denied", "appealing", *_ENDED},
    "client_responsibility": {"client_responsibility"},
    "ready_to_bill": set(),
}

_SESSIONS = """
    select
        sessions.session_id,
        sessions.billing_status as status,
        sessions.service_on,
        sessions.first_submitted_on,
        claims.claim_id,
        lower(claims.source_status) as word,
        claims.source_status_on as word_on,
        claims.submitted_on,
        exists (
            select from desk.work_items
            where work_items.session_id = sessions.session_id
            and kind = 'more_info' and done_at is null
        ) as is_asked
    from desk.sessions
    inner join desk.claims on sessions.claim_id = claims.claim_id
    where sessions.session_id = any(%s) and sessions.billing_status != 'voided'
    order by sessions.session_id
    for update of sessions
"""
_DATE = """
    update desk.sessions set
        first_submitted_on = least(sessions.first_submitted_on, claims.submitted_on),
        last_submitted_on = greatest(sessions.last_submitted_on, claims.submitted_on)
    from desk.claims
    where sessions.claim_id = claims.claim_id and sessions.session_id = any(%s)
    and sessions.billing_status != 'voided' and claims.submitted_on >= sessions.service_on
    and not coalesce(
        claims.submitted_on between sessions.first_submitted_on and sessions.last_submitted_on,
        false
    )
"""
_SENDINGS = """
    insert into desk.submissions (claim_id, n, submitted_on, kind, by_user)
    select
        claims.claim_id,
        coalesce(max(submissions.n), 0) + 1,
        claims.submitted_on,
        case when max(submissions.n) is null then 'original' else 'corrected' end,
        %s
    from desk.claims
    left join desk.submissions on claims.claim_id = submissions.claim_id
    where claims.claim_id = any(%s) and claims.submitted_on is not null
    group by claims.claim_id, claims.submitted_on
    having coalesce(max(submissions.submitted_on) < claims.submitted_on, true)
"""
# Paid before it was known to have been sent.
_CLEAN = """
    update desk.sessions set clean_claim = true
    where session_id = any(%s) and billing_status = 'paid' and clean_claim is null
    and not exists (select from desk.denials where denials.session_id = sessions.session_id)
    and (
        select count(*) from desk.submissions where submissions.claim_id = sessions.claim_id
    ) <= 1
"""


@dataclass(frozen=True)
class _Session:
    session_id: UUID
    status: str
    service_on: date
    first_submitted_on: date | None
    claim_id: UUID
    word: str | None
    word_on: date | None
    submitted_on: date | None
    is_asked: bool


def follow_claims(
    connection: psycopg.Connection, actor: Actor, origins: Mapping[UUID, Origin]
) -> set[UUID]:
    """Move sessions to where the words for their claims say; the claims that could not be followed.

    ``origins`` holds, by session, the row that told. That a claim has a reference is evidence that
    it was sent, whatever the word. What the lifecycle does not allow leaves the status and opens a
    conflict item; a status that is further already is kept.
    """
    with connection.cursor(row_factory=class_row(_Session)) as cursor:
        sessions = cursor.execute(_SESSIONS, [list(origins)]).fetchall()
    claim_ids = list({one.claim_id for one in sessions})
    ids = [one.session_id for one in sessions]
    connection.execute(_DATE, [ids])
    connection.execute(_SENDINGS, [actor.user_id, claim_ids])
    connection.execute(_CLEAN, [ids])
    changes = [
        Change(one.session_id, status, _details(one, status), origins[one.session_id])
        for one in sessions
        for status in steps_to(
            _TARGETS.get(one.word or ""), one.status, is_dated=one.first_submitted_on is not None
        )
    ]
    results = change_each(connection, actor, changes)
    refused = {result.session_id for result in results if result.refusal}
    for one in sessions:
        _tell(connection, actor, one, is_refused=one.session_id in refused)
    return {one.claim_id for one in sessions if one.session_id in refused}


def steps_to(target: str | None, status: str, *, is_dated: bool) -> list[str]:
    """The statuses to go through from ``status``, one after the other; none if it is far enough.

    ``is_dated`` says whether the day it was first sent is known. Without a target all that is said
    is that it was sent.
    """
    if status == "ready_to_bill" == target and is_dated:
        return []  # rejected already
    steps = []
    if status == "scheduled":
        steps.append(status := "completed")
    if status in _UNSENT:
        steps.append(status := "submitted")
    if target and status not in _BEHIND[target]:
        steps.append(target)
    return steps


def _details(session: _Session, status: str) -> Details:
    if status == "submitted":
        sent_on = session.submitted_on
        return Details(on=sent_on if sent_on and sent_on >= session.service_on else None)
    if status == "ready_to_bill":
        return Details(reason="the claims report says that the claim was rejected")
    # All it says is that by then it was so.
    on = max(session.word_on or session.service_on, session.service_on)
    if status == "denied":
        return Details(on=on, is_estimated=True, category="other")
    if status == "client_responsibility":
        return Details(on=on, is_estimated=True, reason="deductible")
    return Details(on=on, is_estimated=True)


def _tell(
    connection: psycopg.Connection, actor: Actor, session: _Session, *, is_refused: bool
) -> None:
    if is_refused:
        detail = {"claim_status": session.word, "billing_status": session.status}
        open_item(connection, "conflict", session_id=session.session_id, detail=detail)
    if session.word == MORE_INFO:
        open_item(connection, "more_info", session_id=session.session_id)
    elif session.is_asked:
        about = {"kinds": ["more_info"], "session_id": session.session_id}
        close_items(connection, actor, outcome="answered", **about)
