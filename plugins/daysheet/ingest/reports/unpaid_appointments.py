"""The unpaid insurance appointments report: the only file that ties a claim to its visits."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import class_row

from daysheet.desk.actors import Actor
from daysheet.desk.lifecycle.changes import Origin
from daysheet.desk.work.items import open_item
from daysheet.ingest.reports.claim_statuses import follow_claims
from daysheet.ingest.reports.known_claims import Claim, KnownClaims, first_services
from daysheet.ingest.reports.parties import find_clients
from daysheet.ingest.reports.remittance_lines import post_waiting
from daysheet.ingest.reports.rows import Report, ReportRow, Verdict

_VISITS = """
    select session_id, client_id, service_on, payer_id, ins_charge, claim_id, billing_status
    from desk.sessions
    where client_id = any(%s) and service_on = any(%s) and billing_status != 'voided'
    order by session_id
    for update
"""
_TIE = """
    update desk.sessions set claim_id = given.claim_id
    from unnest(%s::uuid[], %s::uuid[]) as given (session_id, claim_id)
    where sessions.session_id = given.session_id
"""
# On no claim that a payer works on: a claim under a new reference may take its place.
_FREE = ("scheduled", "completed", "documented", "ready_to_bill")


@dataclass(frozen=True)
class _Visit:
    session_id: UUID
    client_id: UUID
    service_on: date
    payer_id: UUID | None
    ins_charge: Decimal
    claim_id: UUID | None
    billing_status: str


def apply(
    connection: psycopg.Connection, actor: Actor, report: Report, rows: Sequence[ReportRow]
) -> list[Verdict]:
    """Tie each reference to the visit of that day and client, then follow the claim's word.

    Of several visits it is the one with the insurance charge the row bills. A row without a visit
    is kept aside and tried again when appointments come.
    """
    ties = _Ties(connection, report, rows)
    verdicts = [ties.verdict(row) for row in rows]
    ties.save()
    contradicted = follow_claims(connection, actor, ties.origins)
    post_waiting(connection, actor, set(ties.claim_of.values()))
    return [ties.told(verdict, contradicted) for verdict in verdicts]


class _Ties:
    """Which visit each row means, and the claims they were sent on."""

    def __init__(
        self, connection: psycopg.Connection, report: Report, rows: Sequence[ReportRow]
    ) -> None:
        self._connection, self._report = connection, report
        self._clients = find_clients(connection, {row.cells["client_key"] for row in rows})
        self._visits: dict[tuple[UUID, date], list[_Visit]] = {}
        with connection.cursor(row_factory=class_row(_Visit)) as cursor:
            days = list({row.cells["service_on"] for row in rows})
            for visit in cursor.execute(_VISITS, [list(self._clients.values()), days]):
                self._visits.setdefault((visit.client_id, visit.service_on), []).append(visit)
        self._claims = KnownClaims.among(
            connection,
            [row.cells["clearinghouse_ref"] for row in rows],
            [row.cells["payer_claim_no"] for row in rows],
        )
        self.claim_of: dict[UUID, UUID] = {}  # of the sessions tied by this file
        self.origins: dict[UUID, Origin] = {}
        self._undated: set[UUID] = set()

    def verdict(self, row: ReportRow) -> Verdict:
        """Decide one row; a tie is written by ``save``."""
        reference = row.cells["clearinghouse_ref"]
        if not reference:
            return Verdict(row.line, "unchanged", ("not_on_a_claim",), row.warnings)
        found = self._visits_of(row)
        if not found:
            return Verdict(row.line, "quarantined", ("session_not_found",), row.warnings)
        claim = self._claims.find(reference, found[0].payer_id, row.cells["payer_claim_no"])
        if claim and claim.client_id not in (None, found[0].client_id):
            open_item(self._connection, "conflict", claim_id=claim.claim_id)
            warnings = (*row.warnings, "reference_of_another_client")
            return Verdict(row.line, "unchanged", (), warnings, claim_id=claim.claim_id)
        tied = [visit for visit in found if claim and self._claim_of(visit) == claim.claim_id]
        visit = (tied or found)[0]
        if len(tied or found) > 1:
            return Verdict(row.line, "quarantined", ("ambiguous_session",), row.warnings)
        return self._tie(row, visit, claim)

    def _visits_of(self, row: ReportRow) -> list[_Visit]:
        client_id = self._clients.get(row.cells["client_key"])
        if client_id is None:
            return []
        found = self._visits.get((client_id, row.cells["service_on"]), [])
        if len(found) > 1:
            return [visit for visit in found if visit.ins_charge == row.cells["ins_billed"]]
        return found

    def _claim_of(self, visit: _Visit) -> UUID | None:
        return self.claim_of.get(visit.session_id, visit.claim_id)

    def _tie(self, row: ReportRow, visit: _Visit, claim: Claim | None) -> Verdict:
        current = self._claim_of(visit)
        about = {"session_id": visit.session_id, "claim_id": claim.claim_id if claim else current}
        if claim and current == claim.claim_id:
            self._complete(claim, row, visit)
            return Verdict(row.line, "unchanged", (), row.warnings, **about)
        if current and (visit.session_id in self.claim_of or visit.billing_status not in _FREE):
            open_item(self._connection, "conflict", session_id=visit.session_id)
            warnings = (*row.warnings, "session_on_another_claim")
            return Verdict(row.line, "unchanged", (), warnings, **about)
        claim = self._complete(claim or _nameless(row), row, visit)
        self.claim_of[visit.session_id] = claim.claim_id
        self.origins[visit.session_id] = Origin(self._report.file_id, row.line)
        made = "accepted_with_warning" if row.warnings else "linked"
        about = {"session_id": visit.session_id, "claim_id": claim.claim_id}
        return Verdict(row.line, made, (), row.warnings, **about)

    def _complete(self, claim: Claim, row: ReportRow, visit: _Visit) -> Claim:
        """The claim with what only this row knows of it; the claims report knows better."""
        return self._claims.keep(
            replace(
                claim,
                payer_id=claim.payer_id or visit.payer_id,
                client_id=claim.client_id or visit.client_id,
                clearinghouse_ref=claim.clearinghouse_ref or row.cells["clearinghouse_ref"],
                payer_claim_no=claim.payer_claim_no or row.cells["payer_claim_no"],
            )
        )

    def save(self) -> None:
        """Write claims and ties; a claim cannot have been sent before its first visit."""
        self._claims.save(self._connection)
        tied = [list(self.claim_of), list(self.claim_of.values())]
        self._connection.execute(_TIE, tied)
        first = first_services(self._connection, set(self.claim_of.values()))
        for claim in list(self._claims):
            visit_on = first.get(claim.claim_id)
            if visit_on and claim.submitted_on and claim.submitted_on < visit_on:
                self._claims.keep(replace(claim, submitted_on=None))
                self._undated.add(claim.claim_id)
        self._claims.save(self._connection)

    def told(self, verdict: Verdict, contradicted: Set[UUID]) -> Verdict:
        """The verdict, with what the tie showed of its claim."""
        doubts = {"submitted_before_service": self._undated, "status_conflict": contradicted}
        warnings = tuple(code for code, claims in doubts.items() if verdict.claim_id in claims)
        if verdict.verdict != "linked" or not warnings:
            return verdict
        return replace(verdict, verdict="accepted_with_warning", warnings=warnings)


def _nameless(row: ReportRow) -> Claim:
    """A claim the claims report has not brought yet."""
    return Claim(uuid4(), None, None, row.cells["clearinghouse_ref"], row.cells["payer_claim_no"])
