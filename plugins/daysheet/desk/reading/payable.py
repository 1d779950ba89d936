"""Sessions to share a payment out over: suggested, found, or opened for, as a person sees them."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg import sql

from daysheet.desk.money.matching import suggest_sessions
from daysheet.desk.published import Reader
from daysheet.desk.refusals import Refused

MOST_SESSIONS = 50
_REFERENCE = re.compile(r"R[CS]-[A-HJKMNP-Z2-9]{7}")

_FOUND = sql.SQL("""
    where %(payer_id)s in (payer_id, secondary_payer_id)
    and (in_ar or %(include_closed)s and status = 'paid')
    and (
        upper(%(words)s) in (
            reference, claim_ref, upper(clearinghouse_ref), upper(payer_claim_no),
            upper(client_initials), service_on::text
        )
        or strpos(lower(client_name), lower(%(words)s)) > 0
    )
    order by service_on, reference
    limit %(limit)s
""")
_NAMED = sql.SQL("""
    where %(reference)s::text in (reference, claim_ref)
    order by service_on, reference
    limit %(limit)s
""")


@dataclass(frozen=True)
class Payable:
    """What a session owes, in dollars; ``outstanding`` and ``credit`` are never both."""

    session_id: UUID
    row_version: int
    reference: str
    claim_ref: str | None
    payer_id: UUID | None
    client_id: UUID
    client_name: str = field(repr=False)
    service_on: date = field(repr=False)
    billing_code: str = field(repr=False)
    status: str
    charge: Decimal
    paid: Decimal
    outstanding: Decimal
    credit: Decimal


@dataclass(frozen=True)
class Candidate:
    """A session and why it is offered: reference, amount or age of a suggestion, else None."""

    session: Payable
    why: str | None = None


@dataclass(frozen=True)
class LastChange:
    """Who touched a session last, by display code or by the name of an import."""

    subject_id: UUID
    who: str
    at: datetime


def suggested(
    reader: Reader,
    *,
    payer_id: UUID,
    amount: Decimal | None,
    reference: str | None,
    include_closed: bool,
) -> list[Candidate]:
    """What a payment of that payer might be for, the likeliest first."""
    suggestions = suggest_sessions(
        reader.connection,
        payer_id=payer_id,
        amount=amount,
        reference=reference,
        include_closed=include_closed,
        limit=MOST_SESSIONS,
    )
    sessions = payable(reader, [each.session_id for each in suggestions])
    return [Candidate(sessions[each.session_id], each.why) for each in suggestions]


def found(reader: Reader, *, payer_id: UUID, words: str, include_closed: bool) -> list[Candidate]:
    """That payer's sessions by a reference, by the visit's day, or by the client's name."""
    values = {"payer_id": payer_id, "words": words.strip(), "include_closed": include_closed}
    return [Candidate(session) for session in _sessions(reader, _FOUND, **values)]


def payable(reader: Reader, session_ids: Collection[UUID]) -> dict[UUID, Payable]:
    """Those of them that exist and can be paid."""
    which = sql.SQL("where session_id = any(%(session_ids)s)")
    sessions = _sessions(reader, which, session_ids=list(session_ids))
    return {session.session_id: session for session in sessions}


def named(reader: Reader, reference: str) -> tuple[UUID | None, list[Candidate]]:
    """The payer and the sessions of our reference, ``RC-`` or ``RS-``; raises a 404."""
    given = reference if _REFERENCE.fullmatch(reference) else None
    sessions = _sessions(reader, _NAMED, reference=given)
    if sessions:
        return sessions[0].payer_id, [Candidate(session) for session in sessions]
    claim = reader.connection.execute(
        "select payer_id from desk.claims where claim_ref = %s", [given]
    ).fetchone()
    if claim is None:
        raise Refused(404, "unknown_claim", "there is no such claim")
    return claim[0], []


def last_changes(reader: Reader, session_ids: Collection[UUID]) -> dict[UUID, LastChange]:
    """The newest thing that happened to each of these sessions."""
    changes = reader.rows(
        LastChange,
        "claim_timeline",
        sql.SQL("where subject_id = any(%(session_ids)s) order by subject_id, at desc"),
        {"session_ids": list(session_ids)},
        sql.SQL("distinct on (subject_id) subject_id, who, at"),
    )
    return {change.subject_id: change for change in changes}


def payers(reader: Reader) -> list[tuple[UUID, str]]:
    """Everybody who may send money, by name."""
    return reader.connection.execute(
        "select payer_id, name from desk.payers order by lower(name), payer_id"
    ).fetchall()


def _sessions(reader: Reader, clauses: sql.Composable, **values: Any) -> list[Payable]:
    columns = sql.SQL(", ").join(map(sql.Identifier, Payable.__dataclass_fields__))
    return reader.rows(
        Payable, "payable_sessions", clauses, {"limit": MOST_SESSIONS} | values, columns
    )
