"""The appointment status report: visits with their amounts become sessions, or change them."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg

from daysheet.desk.actors import Actor
from daysheet.desk.ledger.adjustments import adjust
from daysheet.desk.lifecycle.changes import (
    Change,
    Details,
    Origin,
    change_each,
    record_first_status,
)
from daysheet.desk.work.items import open_item, wake
from daysheet.ingest.reports import sessions
from daysheet.ingest.reports.parties import ensure_clients, ensure_clinicians, ensure_payers
from daysheet.ingest.reports.rows import Report, ReportRow, Verdict, VerdictName
from daysheet.ingest.reports.rules import row_key
from daysheet.ingest.reports.sessions import SNAPSHOT_TYPES, Draft, Identity, Stored
from daysheet.ingest.reports.statuses import (
    Snapshot,
    first_status,
    goes_backwards,
    is_partly_paid,
    steps,
)

_NOTHING = Decimal("0.00")


def apply(
    connection: psycopg.Connection, actor: Actor, report: Report, rows: Sequence[ReportRow]
) -> list[Verdict]:
    """Bring the desk's sessions to what the rows say, and say of each row what that was.

    What is ours is never overwritten; a status moves only as the lifecycle lets an import move it.
    """
    import_ = _Import(connection, actor, report, rows)
    found = [import_.look(row) for row in rows]
    new = [each for each in found if each.made == "inserted"]
    changed = [each for each in found if each.made == "updated"]
    day, file_id = report.exported_on, report.file_id
    sessions.add(connection, [each.draft for each in new], day, file_id)
    record_first_status(
        connection,
        actor,
        [each.draft.session_id for each in new],
        {each.draft.session_id: Origin(file_id, each.row.line) for each in new},
    )
    outstanding = sessions.change(connection, [each.draft for each in changed], day, file_id)
    import_.take_back_transfers(changed)
    confirmed = [each.draft.session_id for each in found if each.made == "unchanged"]
    sessions.confirm(connection, confirmed, day, file_id)
    import_.move(changed, outstanding)
    import_.ask_about(found)
    wake(connection, list(outstanding))
    return [import_.verdict(each) for each in found]


@dataclass
class _Found:
    """One row, the session it is about, and what it makes of it."""

    row: ReportRow
    draft: Draft
    stored: Stored | None
    made: VerdictName
    warnings: list[str] = field(default_factory=list)
    twin: Stored | None = None  # of which it may be a correction


class _Import:
    """One file's rows against the sessions there are."""

    def __init__(
        self,
        connection: psycopg.Connection,
        actor: Actor,
        report: Report,
        rows: Sequence[ReportRow],
    ) -> None:
        self._connection, self._actor, self._report = connection, actor, report
        cells = [row.cells for row in rows]
        self._clients = ensure_clients(
            connection, {each["client_key"]: each["client"] for each in cells}
        )
        self._clinicians = ensure_clinicians(
            connection, {each["clinician_key"]: each["clinician"] for each in cells}
        )
        self._payers = ensure_payers(
            connection,
            {
                payer
                for each in cells
                for payer in (each.get("payer"), each.get("secondary_payer"))
                if payer
            },
        )
        stored = sessions.lock_visits(
            connection,
            {(self._clients[each["client_key"]], each["service_on"]) for each in cells},
        )
        self._stored = {one.identity: one for one in stored}
        self._key_of_client = {client: key for key, client in self._clients.items()}
        self._key_of_clinician = {each: key for key, each in self._clinicians.items()}
        self._of_visit: dict[tuple[Any, ...], list[Stored]] = defaultdict(list)
        for one in stored:
            self._of_visit[_visit(one.identity)].append(one)

    def look(self, row: ReportRow) -> _Found:
        """What the row makes of its session, before anything is written."""
        stored = self._stored.get(self._identity(row))
        draft = self._draft(row, stored)
        warnings = list(row.warnings)
        for name in ("payer", "secondary_payer"):
            if payer := row.cells.get(name):
                warnings += self._payers[payer].warnings
        if stored is None:
            found = _Found(row, draft, None, "inserted", warnings)
            if draft.billing_status == "written_off":
                warnings.append("written_off_by_source")
            if twin := self._twin(draft.identity):
                found.twin = twin
                warnings.append("possible_correction")
            return found
        if stored.source_as_of and self._report.exported_on < stored.source_as_of:
            return _Found(row, draft, stored, "unchanged", [*warnings, "stale_export"])
        if draft.row_hash == stored.row_hash:
            return _Found(row, draft, stored, "unchanged", warnings)
        is_back = stored.billing_status == "voided" and stored.row_hash is None
        if is_back or goes_backwards(stored.billing_status, stored.snapshot, draft.snapshot):
            warnings.append("source_regression")
        return _Found(row, draft, stored, "updated", warnings)

    def move(self, changed: Sequence[_Found], outstanding: dict[UUID, Decimal]) -> None:
        """Move statuses as far as the lifecycle lets an import; what it refuses is a conflict."""
        paths = {
            each.draft.session_id: (
                each,
                list(
                    steps(
                        each.stored.billing_status,
                        each.draft.billing_status,
                        outstanding[each.draft.session_id],
                    )
                ),
            )
            for each in changed
            if each.stored is not None and "source_regression" not in each.warnings
        }
        for step in range(2):  # never more: completed, then what the amounts say
            changes = [
                Change(
                    session_id,
                    path[step],
                    details=Details(reason="so the newest export says"),
                    origin=Origin(self._report.file_id, each.row.line),
                )
                for session_id, (each, path) in paths.items()
                if len(path) > step
            ]
            for result in change_each(self._connection, self._actor, changes):
                each, path = paths[result.session_id]
                if result.refusal is not None:
                    path.clear()
                    each.warnings.append("status_conflict")
                elif path[step] == "written_off":
                    each.warnings.append("written_off_by_source")

    def take_back_transfers(self, changed: Sequence[_Found]) -> None:
        """What we moved to the client is the client's in the source too now: not moved twice."""
        lowered = {
            each.draft.session_id: (each.row.line, before - after)
            for each in changed
            if each.stored is not None
            and (before := each.stored.snapshot["ins_charge"])
            > (after := each.draft.snapshot["ins_charge"])
        }
        for session_id, moved, credit in sessions.transfers(self._connection, list(lowered)):
            line, by = lowered[session_id]
            adjust(
                self._connection,
                self._actor,
                session_id,
                "from_client",
                min(moved, credit, by),
                reason="the export has moved it to the client itself",
                origin=Origin(self._report.file_id, line),
            )

    def ask_about(self, found: Sequence[_Found]) -> None:
        """Open an item for whatever a person must decide."""
        for each in found:
            origin = {"file_id": self._report.file_id, "line": each.row.line}
            for code in ("source_regression", "status_conflict"):
                if code in each.warnings:
                    self._ask("conflict", each.draft.session_id, {"reason": code, **origin})
            if each.twin is not None:
                new, old = each.draft.session_id, each.twin.session_id
                for one, other, side in ((new, old, "new"), (old, new, "old")):
                    detail = {"other_session_id": str(other), "this_is": side, **origin}
                    self._ask("possible_correction", one, detail)

    def verdict(self, found: _Found) -> Verdict:
        """What to write down of a row."""
        made = found.made
        if found.warnings and made != "unchanged":
            made = "accepted_with_warning"
        warnings = tuple(dict.fromkeys(found.warnings))
        session_id = found.draft.session_id
        return Verdict(found.row.line, made, warnings=warnings, session_id=session_id)

    def _ask(self, kind: str, session_id: UUID, detail: dict[str, Any]) -> None:
        open_item(self._connection, kind, session_id=session_id, detail=detail)

    def _identity(self, row: ReportRow) -> Identity:
        cells = row.cells
        return (
            cells["service_on"],
            cells["service_time"],
            self._clients[cells["client_key"]],
            self._clinicians[cells["clinician_key"]],
            cells["billing_code"],
            cells["modifiers"],
        )

    def _draft(self, row: ReportRow, stored: Stored | None) -> Draft:
        snapshot = self._snapshot(row, stored)
        said = "\x1f".join(map(str, snapshot.values()))
        day, exported_on = row.cells["service_on"], self._report.exported_on
        return Draft(
            session_id=stored.session_id if stored else uuid4(),
            line=row.line,
            identity=self._identity(row),
            snapshot=snapshot,
            row_hash=UUID(bytes=hashlib.sha256(said.encode()).digest()[:16]),
            has_time=row.cells["has_time"],
            billing_status=first_status(day, exported_on, snapshot),
            needs_disposition=is_partly_paid(snapshot),
        )

    def _snapshot(self, row: ReportRow, stored: Stored | None) -> Snapshot:
        """What the row says; of a column its file does not have, what was said before."""
        snapshot: Snapshot = {}
        for column, kind in SNAPSHOT_TYPES.items():
            name = column.removesuffix("_reported").removesuffix("_id")
            if name not in row.cells:
                before = stored.snapshot[column] if stored else None
            elif kind == "uuid":
                payer = row.cells[name]
                before = self._payers[payer].payer_id if payer else None
            else:
                before = row.cells[name]
            is_money = kind == "numeric" and column != "units"
            snapshot[column] = _NOTHING if before is None and is_money else before
        return snapshot

    def _twin(self, identity: Identity) -> Stored | None:
        """A session of the visit that differs only in its time, or only in its code, and is gone.

        What the file refuses, or has brought before, is not gone.
        """
        for one in self._of_visit[_visit(identity)]:
            same_time = one.identity[1] == identity[1]
            same_code = one.identity[4:] == identity[4:]
            if (
                same_time != same_code
                and one.billing_status != "voided"
                and one.source_file_id != self._report.file_id
                and (one.source_as_of or self._report.exported_on) <= self._report.exported_on
                and self._key(one.identity) not in self._report.present
            ):
                return one
        return None

    def _key(self, identity: Identity) -> bytes:
        day, clock, client, clinician, code, modifiers = identity
        parts = (self._key_of_client[client], self._key_of_clinician[clinician])
        return row_key((day, clock, *parts, code, modifiers))


def _visit(identity: Identity) -> tuple[Any, ...]:
    """Day, client and clinician."""
    return identity[0], identity[2], identity[3]
