"""Which claim imported money is for, and which sessions a payment might be for: never by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal
from uuid import UUID

import psycopg


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
    """The claim of each: by clearinghouse reference, else by payer and payer claim number."""
    raise NotImplementedError


def suggest_sessions(
    connection: psycopg.Connection,
    *,
    payer_id: UUID,
    amount: Decimal,
    reference: str | None = None,
    client_id: UUID | None = None,
    include_closed: bool = False,
    limit: int = 50,
) -> list[Suggestion]:
    """Sessions in AR of that payer: reference match first, then the exact amount, then oldest."""
    raise NotImplementedError
