"""Which claim imported money is for, and which sessions a payment might be for: never by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal
from uuid import UUID

import psycopg
from psycopg.rows import class_row

_MATCHES = """
    select coalesce(by_clearinghouse.claim_id, by_payer.claim_id)
    from unnest(%s::uuid[], %s::text[], %s::text[]) with ordinality
    as given (payer_id, clearinghouse_ref, payer_claim_no, n)
    left join desk.claims as by_clearinghouse
        on given.clearinghouse_ref = by_clearinghouse.clearinghouse_ref
    left join desk.claims as by_payer
        on given.payer_id = by_payer.payer_id and given.payer_claim_no = by_payer.payer_claim_no
        and (given.clearinghouse_ref is null or by_payer.clearinghouse_ref is null)
    order by given.n
"""
_SUGGESTIONS = """
    select session_id, session_ref, row_version, outstanding, why
    from (
        select
            sessions.*,
            case
                when %(reference)s::text in (claims.clearinghouse_ref, claims.payer_claim_no)
                then 'reference'
                when outstanding = %(amount)s then 'amount'
                else 'age'
            end as why
        from desk.sessions
        left join desk.claims on sessions.claim_id = claims.claim_id
        where %(payer_id)s in (sessions.payer_id, sessions.secondary_payer_id)
        and (in_ar or %(include_closed)s and billing_status = 'paid')
        and (%(client_id)s::uuid is null or sessions.client_id = %(client_id)s)
    ) as candidates
    order by
        array_position(array['reference', 'amount', 'age'], why),
        coalesce(first_submitted_on, service_on), session_ref
    limit %(limit)s
"""


@dataclass(frozen=True)
class ClaimReferences:
    """How a row of an imported file names a claim."""

    payer_id: UUID | None
    clearinghouse_ref: str | None
    payer_claim_no: str | None


@dataclass(frozen=True)
class Suggestion:
    """A session a payment might be for; ``why`` is the best reason there is."""

    session_id: UUID
    session_ref: str
    row_version: int
    outstanding: Decimal
    why: Literal["reference", "amount", "age"]


def match_claims(
    connection: psycopg.Connection, references: Sequence[ClaimReferences]
) -> list[UUID | None]:
    """The claim of each: by clearinghouse reference, else by payer and payer claim number.

    A claim of that number under another reference is another claim.
    """
    rows = connection.execute(
        _MATCHES,
        [
            [each.payer_id for each in references],
            [each.clearinghouse_ref for each in references],
            [each.payer_claim_no for each in references],
        ],
    ).fetchall()
    return [row[0] for row in rows]


def suggest_sessions(
    connection: psycopg.Connection,
    *,
    payer_id: UUID,
    amount: Decimal | None,
    reference: str | None = None,
    client_id: UUID | None = None,
    include_closed: bool = False,
    limit: int = 50,
) -> list[Suggestion]:
    """Sessions in AR of that payer: reference match first, then the exact amount, then oldest.

    For a person to choose from: nothing is ever posted because it was suggested.
    """
    with connection.cursor(row_factory=class_row(Suggestion)) as cursor:
        return cursor.execute(
            _SUGGESTIONS,
            {
                "payer_id": payer_id,
                "amount": amount,
                "reference": reference,
                "client_id": client_id,
                "include_closed": include_closed,
                "limit": limit,
            },
        ).fetchall()
