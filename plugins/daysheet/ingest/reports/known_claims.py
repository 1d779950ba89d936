"""The claims a report's rows may mean: found by reference or by payer and number, saved in sets."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Self
from uuid import UUID

import psycopg
from psycopg.rows import class_row

# Sessions are locked before their claims, by everybody, and always in the same order.
_LOCK_SESSIONS = """
    select from desk.sessions
    where claim_id in (
        select claim_id from desk.claims
        where clearinghouse_ref = any(%s) or payer_claim_no = any(%s)
    )
    order by session_id
    for update
"""
_FIND = """
    select claim_id, payer_id, client_id, clearinghouse_ref, payer_claim_no, source_status,
        source_status_on, submitted_on, source_as_of
    from desk.claims
    where clearinghouse_ref = any(%s) or payer_claim_no = any(%s)
    order by claim_id
    for update
"""
_COLUMNS = (
    "claim_id", "payer_id", "client_id", "clearinghouse_ref", "payer_claim_no", "source_status",
    "source_status_on", "submitted_on", "source_as_of",
)  # fmt: skip
_TYPES = "uuid[], uuid[], uuid[], text[], text[], text[], date[], date[], date[]"
_GIVEN = f"""
    select * from unnest({", ".join(f"%s::{each}" for each in _TYPES.split(", "))})
    as given ({", ".join(_COLUMNS)})
"""  # noqa: S608  our own columns
# A random claim_ref may be taken: the claim is then tried again with another.
_ADD = f"""
    insert into desk.claims ({", ".join(_COLUMNS)}) {_GIVEN}
    on conflict (claim_ref) do nothing returning claim_id
"""
_CHANGE = f"""
    update desk.claims set {", ".join(f"{name} = given.{name}" for name in _COLUMNS[1:])}
    from ({_GIVEN}) as given where claims.claim_id = given.claim_id
"""  # noqa: S608  our own columns


@dataclass(frozen=True)
class Claim:
    """A claim as reports know it; without a key while it is not saved."""

    claim_id: UUID
    payer_id: UUID | None
    client_id: UUID | None
    clearinghouse_ref: str | None
    payer_claim_no: str | None
    source_status: str | None = None
    source_status_on: date | None = None
    submitted_on: date | None = None
    source_as_of: date | None = None


class KnownClaims:
    """Finds claims among those saved and those about to be; ``save`` writes what is new."""

    def __init__(self, claims: Iterable[Claim]) -> None:
        self._saved: dict[UUID, Claim] = {}
        self._current: dict[UUID, Claim] = {}
        self._by_reference: dict[str, UUID] = {}
        self._by_number: dict[tuple[UUID | None, str], UUID] = {}
        for claim in claims:
            self._saved[claim.claim_id] = claim
            self.keep(claim)

    @classmethod
    def among(
        cls,
        connection: psycopg.Connection,
        references: Iterable[str | None],
        numbers: Iterable[str | None],
    ) -> Self:
        """Those saved that bear one of the references or payers' claim numbers, locked."""
        wanted = [[each for each in some if each] for some in (references, numbers)]
        connection.execute(_LOCK_SESSIONS, wanted)
        with connection.cursor(row_factory=class_row(Claim)) as cursor:
            return cls(cursor.execute(_FIND, wanted).fetchall())

    def __iter__(self) -> Iterator[Claim]:
        return iter(self._current.values())

    def find(
        self, reference: str | None, payer_id: UUID | None, number: str | None
    ) -> Claim | None:
        """The claim of that clearinghouse reference, else of that payer and its number.

        A claim found by number that has another reference is another claim.
        """
        if reference and reference in self._by_reference:
            return self._current[self._by_reference[reference]]
        numbered = self.numbered(payer_id, number)
        if numbered and reference and numbered.clearinghouse_ref:
            return None
        return numbered

    def numbered(self, payer_id: UUID | None, number: str | None) -> Claim | None:
        """The claim that payer knows by that number."""
        claim_id = self._by_number.get((payer_id, number)) if payer_id and number else None
        return self._current[claim_id] if claim_id else None

    def keep(self, claim: Claim) -> Claim:
        """Take the claim as it now is; a payer's number that another claim has stays there."""
        owner = self.numbered(claim.payer_id, claim.payer_claim_no)
        if owner and owner.claim_id != claim.claim_id:
            claim = replace(claim, payer_claim_no=None)
        before = self._current.get(claim.claim_id)
        if before and before.payer_claim_no:
            self._by_number.pop((before.payer_id, before.payer_claim_no), None)
        self._current[claim.claim_id] = claim
        if claim.clearinghouse_ref:
            self._by_reference[claim.clearinghouse_ref] = claim.claim_id
        if claim.payer_claim_no:
            self._by_number[claim.payer_id, claim.payer_claim_no] = claim.claim_id
        return claim

    def save(self, connection: psycopg.Connection) -> None:
        """Write the claims that are new or not as they were."""
        changed = [
            claim
            for claim in self._current.values()
            if claim.claim_id in self._saved and claim != self._saved[claim.claim_id]
        ]
        if changed:
            connection.execute(_CHANGE, _by_column(changed))
        added = [claim for key, claim in self._current.items() if key not in self._saved]
        while added:
            done = {key for (key,) in connection.execute(_ADD, _by_column(added))}
            added = [claim for claim in added if claim.claim_id not in done]
        self._saved = dict(self._current)


def first_services(connection: psycopg.Connection, claim_ids: Iterable[UUID]) -> dict[UUID, date]:
    """The day of the first visit on each of these claims that has any."""
    return dict(
        connection.execute(
            "select claim_id, min(service_on) from desk.sessions"
            " where claim_id = any(%s) and billing_status != 'voided' group by claim_id",
            [list(claim_ids)],
        ).fetchall()
    )


def _by_column(claims: list[Claim]) -> list[list[object]]:
    return [[getattr(claim, name) for claim in claims] for name in _COLUMNS]
