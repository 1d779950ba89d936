"""The insurance claims report: which claims were sent, when, and where the payer says they are."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

import psycopg

from daysheet.desk.actors import Actor
from daysheet.desk.lifecycle.changes import Origin
from daysheet.desk.work.items import close_items, open_item
from daysheet.ingest.reports.claim_statuses import CONFIRM_SENT, KNOWN_WORDS, follow_claims
from daysheet.ingest.reports.known_claims import Claim, KnownClaims, first_services
from daysheet.ingest.reports.parties import ensure_clients, ensure_payers
from daysheet.ingest.reports.remittance_lines import post_waiting
from daysheet.ingest.reports.rows import Report, ReportRow, Verdict, VerdictName


def apply(
    connection: psycopg.Connection, actor: Actor, report: Report, rows: Sequence[ReportRow]
) -> list[Verdict]:
    """Add or change the claims, then move the sessions already known to be on them.

    A claim is known by its clearinghouse reference, else by its payer and the payer's number; a row
    with neither is a claim still being prepared. Sessions follow only what is news: the same word
    in the next file does not undo what people did meanwhile.
    """
    sent = [row for row in rows if _is_sent(row)]
    decided = _Reader(connection, report, sent).read()
    line_of = {each.claim.claim_id: each.row.line for each in decided if each.is_news}
    on_claims = _sessions_on(connection, line_of)
    contradicted = follow_claims(
        connection,
        actor,
        {
            session_id: Origin(report.file_id, line_of[claim_id])
            for session_id, claim_id in on_claims
        },
    )
    changed = {each.claim.claim_id for each in decided if each.made != "unchanged"}
    post_waiting(connection, actor, changed)
    _ask_to_confirm(connection, actor, [each.claim for each in decided if each.is_news])
    unsent = [
        Verdict(row.line, "skipped", ("no_reference_yet",)) for row in rows if not _is_sent(row)
    ]
    return sorted(
        unsent + [each.verdict(contradicted) for each in decided], key=lambda verdict: verdict.line
    )


def _is_sent(row: ReportRow) -> bool:
    return bool(row.cells["clearinghouse_ref"] or row.cells["payer_claim_no"])


@dataclass(frozen=True)
class _Decided:
    """What one row makes of its claim."""

    row: ReportRow
    claim: Claim
    made: VerdictName
    warnings: tuple[str, ...] = ()
    is_news: bool = False  # of its status or of the day it was sent

    def verdict(self, contradicted: set[UUID]) -> Verdict:
        warnings = (*self.row.warnings, *self.warnings)
        if self.is_news and self.claim.claim_id in contradicted:
            warnings += ("status_conflict",)
        said = "accepted_with_warning" if warnings and self.made != "unchanged" else self.made
        return Verdict(self.row.line, said, warnings=warnings, claim_id=self.claim.claim_id)


class _Reader:
    """Reads a file's rows against the claims there are."""

    def __init__(
        self, connection: psycopg.Connection, report: Report, rows: Sequence[ReportRow]
    ) -> None:
        self._connection, self._report, self._rows = connection, report, rows
        self._clients = ensure_clients(
            connection, {row.cells["client_key"]: row.cells["client"] for row in rows}
        )
        self._payers = ensure_payers(
            connection, {row.cells["payer"] for row in rows if row.cells["payer"]}
        )
        self._claims = KnownClaims.among(
            connection,
            [row.cells["clearinghouse_ref"] for row in rows],
            [row.cells["payer_claim_no"] for row in rows],
        )
        self._first_service = first_services(connection, [claim.claim_id for claim in self._claims])

    def read(self) -> list[_Decided]:
        """Decide each row, and save the claims as they now are."""
        decided = [self._decide(row) for row in self._rows]
        self._claims.save(self._connection)
        return decided

    def _decide(self, row: ReportRow) -> _Decided:
        said, warnings = self._said(row)
        known = self._claims.find(said.clearinghouse_ref, said.payer_id, said.payer_claim_no)
        if known is None:
            claim = self._claims.keep(said)
            return _Decided(row, claim, "inserted", warnings, is_news=True)
        if known.client_id and known.client_id != said.client_id:
            open_item(self._connection, "conflict", claim_id=known.claim_id)
            return _Decided(row, known, "unchanged", (*warnings, "reference_of_another_client"))
        if known.source_as_of and known.source_as_of > self._report.exported_on:
            return _Decided(row, known, "unchanged", (*warnings, "stale_export"))
        claim = self._claims.keep(_newer(known, said))
        is_news = (claim.source_status, claim.submitted_on) != (
            known.source_status,
            known.submitted_on,
        )
        same = claim == replace(known, source_as_of=claim.source_as_of)
        return _Decided(row, claim, "unchanged" if same else "updated", warnings, is_news)

    def _said(self, row: ReportRow) -> tuple[Claim, tuple[str, ...]]:
        """The claim as the row has it, without what cannot be."""
        cells, warnings = row.cells, ()
        payer = self._payers.get(cells["payer"])
        claim = Claim(
            claim_id=uuid4(),
            payer_id=payer.payer_id if payer else None,
            client_id=self._clients[cells["client_key"]],
            clearinghouse_ref=cells["clearinghouse_ref"],
            payer_claim_no=cells["payer_claim_no"],
            source_status=cells["status"],
            source_status_on=self._report.exported_on,
            submitted_on=cells["submitted_on"],
            source_as_of=self._report.exported_on,
        )
        if payer:
            warnings += payer.warnings
        if (cells["status"] or "").casefold() not in KNOWN_WORDS:
            warnings += ("unknown_claim_status",)
            claim = replace(claim, source_status=None, source_status_on=None)
        if impossible := self._impossible_day(claim):
            warnings += (impossible,)
            claim = replace(claim, submitted_on=None)
        return claim, warnings

    def _impossible_day(self, claim: Claim) -> str | None:
        sent_on = claim.submitted_on
        if sent_on is None:
            return None
        if sent_on > self._report.today:
            return "submitted_in_future"
        known = self._claims.find(claim.clearinghouse_ref, claim.payer_id, claim.payer_claim_no)
        first_service = self._first_service.get(known.claim_id) if known else None
        return "submitted_before_service" if first_service and sent_on < first_service else None


def _newer(known: Claim, said: Claim) -> Claim:
    """The claim as the newer file has it; a cell left empty says nothing."""
    same_word = said.source_status in (None, known.source_status)
    return replace(
        known,
        payer_id=said.payer_id or known.payer_id,
        client_id=known.client_id or said.client_id,
        clearinghouse_ref=known.clearinghouse_ref or said.clearinghouse_ref,
        payer_claim_no=said.payer_claim_no or known.payer_claim_no,
        source_status=said.source_status or known.source_status,
        source_status_on=known.source_status_on if same_word else said.source_status_on,
        submitted_on=said.submitted_on or known.submitted_on,
        source_as_of=said.source_as_of,
    )


def _sessions_on(
    connection: psycopg.Connection, claim_ids: Iterable[UUID]
) -> list[tuple[UUID, UUID]]:
    return connection.execute(
        "select session_id, claim_id from desk.sessions where claim_id = any(%s)",
        [list(claim_ids)],
    ).fetchall()


def _ask_to_confirm(
    connection: psycopg.Connection, actor: Actor, claims: Collection[Claim]
) -> None:
    """A claim that was printed or filed in a portal is not known to have gone out."""
    rows = connection.execute(
        "select claim_id from desk.work_items"
        " where kind = 'confirm_sent' and done_at is null and claim_id = any(%s)",
        [[claim.claim_id for claim in claims]],
    )
    asked = {claim_id for (claim_id,) in rows}
    for claim in claims:
        if (claim.source_status or "").casefold() in CONFIRM_SENT:
            open_item(connection, "confirm_sent", claim_id=claim.claim_id)
        elif claim.source_status and claim.claim_id in asked:
            about = {"kinds": ["confirm_sent"], "claim_id": claim.claim_id}
            close_items(connection, actor, outcome="sent", **about)
