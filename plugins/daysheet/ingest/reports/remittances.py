"""The insurance payment report: what payers sent, line by line, for which claims."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

import psycopg

from daysheet.desk.actors import Actor
from daysheet.desk.lifecycle.changes import Origin
from daysheet.desk.money.matching import ClaimReferences, match_claims
from daysheet.desk.money.payments import record_payment
from daysheet.desk.money.reversals import take_back
from daysheet.desk.work.items import open_item
from daysheet.ingest.reports.parties import ensure_clients, ensure_payers
from daysheet.ingest.reports.remittance_lines import Posted, post_waiting
from daysheet.ingest.reports.rows import Report, ReportRow, Verdict

_KNOWN = """
    select line_key, max(n) from desk.remittance_lines where line_key = any(%s) group by line_key
"""
# A repeated line a person lets in: how many of its file count then, with the first of them.
_TAKEN_FOR_TWO = """
    select
        line,
        row_key,
        2 + (
            select count(*) from ops.row_verdict as other
            where other.file_id = asked.file_id and other.row_key = asked.row_key
            and other.decision = 'accepted'
        ) as n
    from ops.row_verdict as asked
    where file_id = %s and line = any(%s) and 'duplicate_payment_row' = any(reasons)
"""
_SAME_MONEY = """
    select
        payments.payer_id, payments.reference_norm, payments.received_on, payments.amount,
        payments.payment_id,
        payments.source = 'manual' and not exists (
            select from desk.remittance_lines
            where remittance_lines.payment_id = payments.payment_id
        ) as awaits_lines
    from desk.payments
    inner join unnest(%s::uuid[], %s::text[], %s::date[], %s::numeric[]) as sent
        (payer_id, reference_norm, received_on, amount)
        using (payer_id, reference_norm, received_on, amount)
    where not payments.is_reversed and payments.reverses_payment_id is null
    order by awaits_lines
"""
_SAVE = """
    insert into desk.remittance_lines (
        line_id, line_key, n, payment_id, client_id, clearinghouse_ref, payer_claim_no, amount,
        payment_status, claim_id, file_id, line, is_applied
    )
    select given.*, %s from unnest(
        %s::uuid[], %s::bytea[], %s::integer[], %s::uuid[], %s::uuid[], %s::text[], %s::text[],
        %s::numeric[], %s::text[], %s::uuid[], %s::bigint[], %s::bigint[]
    ) as given
"""


@dataclass(frozen=True)
class _Line:
    """A line not seen before; ``n`` counts lines that say the same."""

    row: ReportRow
    n: int
    payer_id: UUID
    client_id: UUID
    claim_id: UUID | None
    is_other_client: bool
    warnings: tuple[str, ...]
    line_id: UUID = field(default_factory=uuid4)

    @property
    def amount(self) -> Decimal:
        return self.row.cells["amount"]

    @property
    def received_on(self) -> date:
        return self.row.cells["received_on"]

    @property
    def reference(self) -> str | None:
        """The payment's reference as references are compared."""
        letters = re.sub(r"[^A-Z0-9]", "", (self.row.cells["payment_reference"] or "").upper())
        return letters or None

    @property
    def identity(self) -> str:
        return f"{self.row.key.hex()}:{self.n}"


def apply(
    connection: psycopg.Connection, actor: Actor, report: Report, rows: Sequence[ReportRow]
) -> list[Verdict]:
    """Record one payment per payer, reference and day, and post its lines to their claims.

    A line of an earlier file is no news. Lines whose claim or visits are not known keep their money
    unapplied; a negative line undoes the positive one of its claim and amount.
    """
    lines = _new_lines(connection, report, rows)
    paid = [line for line in lines if line.amount >= 0]
    payment_of = _record(connection, actor, paid)
    _save(connection, report, paid, payment_of)
    for line in paid:
        if line.is_other_client:
            open_item(connection, "conflict", claim_id=line.claim_id)
    posted = post_waiting(connection, actor, {line.claim_id for line in lines if line.claim_id})
    told = {line.row.line: _verdict(line, payment_of, posted.get(line.line_id)) for line in paid}
    for line in lines:
        if line.amount < 0:
            told[line.row.line] = _take_back(connection, actor, report, line)
    return [told.get(row.line) or Verdict(row.line, "unchanged", (), row.warnings) for row in rows]


def _new_lines(
    connection: psycopg.Connection, report: Report, rows: Sequence[ReportRow]
) -> list[_Line]:
    known = dict(connection.execute(_KNOWN, [[row.key for row in rows]]).fetchall())
    numbers = [row.line for row in rows]
    for_two = {
        (line, key): n
        for line, key, n in connection.execute(_TAKEN_FOR_TWO, [report.file_id, numbers])
    }
    new = [row for row in rows if known.get(row.key, 0) < for_two.get((row.line, row.key), 1)]
    clients = ensure_clients(
        connection, {row.cells["client_key"]: row.cells["client"] for row in new}
    )
    payers = ensure_payers(connection, {row.cells["payer"] for row in new})
    claims = match_claims(
        connection,
        [
            ClaimReferences(
                payers[row.cells["payer"]].payer_id,
                row.cells["clearinghouse_ref"],
                row.cells["payer_claim_no"],
            )
            for row in new
        ],
    )
    client_of = dict(
        connection.execute(
            "select claim_id, client_id from desk.claims where claim_id = any(%s)",
            [[claim_id for claim_id in claims if claim_id]],
        ).fetchall()
    )
    return [
        _Line(
            row=row,
            n=known.get(row.key, 0) + 1,
            payer_id=payers[row.cells["payer"]].payer_id,
            client_id=clients[row.cells["client_key"]],
            claim_id=claim_id,
            is_other_client=client_of.get(claim_id) not in (None, clients[row.cells["client_key"]]),
            warnings=(*row.warnings, *payers[row.cells["payer"]].warnings),
        )
        for row, claim_id in zip(new, claims, strict=True)
    ]


def _record(
    connection: psycopg.Connection, actor: Actor, lines: Iterable[_Line]
) -> dict[UUID, UUID]:
    """The payment of each line; lines of one payer, reference and day are one payment."""
    payments: dict[tuple[object, ...], list[_Line]] = {}
    for line in lines:
        alone = None if line.reference else line.line_id
        key = (line.payer_id, line.reference, line.received_on, alone)
        payments.setdefault(key, []).append(line)
    amounts = [sum((line.amount for line in group), Decimal(0)) for group in payments.values()]
    entered = _same_money(connection, payments, amounts)
    found = {}
    for group, amount in zip(payments.values(), amounts, strict=True):
        first = group[0]
        same = entered.get((first.payer_id, first.reference, first.received_on, amount))
        if same and same[1]:  # a person was faster: it is that payment
            payment_id = same[0]
        else:
            payment_id = record_payment(
                connection,
                actor,
                payer_id=first.payer_id,
                method="check" if (first.reference or "").startswith(("CHK", "CHECK")) else "eft",
                reference=first.row.cells["payment_reference"],
                received_on=first.received_on,
                amount=amount,
                idempotency_key=_key("remittance", group),
                source="payment_report",
                forced_reason="more lines of the same remittance" if same else None,
            ).payment_id
        found |= {line.line_id: payment_id for line in group}
    return found


def _same_money(
    connection: psycopg.Connection,
    payments: Iterable[tuple[object, ...]],
    amounts: Sequence[Decimal],
) -> dict[tuple[object, ...], tuple[UUID, bool]]:
    """Payments there are already, by payer, reference, day and amount.

    With each, whether a person entered it and no line of a remittance has answered it yet.
    """
    columns = [list(column) for column in zip(*payments, strict=True)][:3] or [[], [], []]
    rows = connection.execute(_SAME_MONEY, [*columns, list(amounts)])
    return {tuple(key): (payment_id, awaits) for *key, payment_id, awaits in rows}


def _key(kind: str, lines: Iterable[_Line]) -> str:
    told = ",".join(sorted(line.identity for line in lines))
    return f"{kind}:{hashlib.sha256(told.encode()).hexdigest()}"


def _save(
    connection: psycopg.Connection,
    report: Report,
    lines: Sequence[_Line],
    payment_of: dict[UUID, UUID],
    *,
    is_applied: bool = False,
) -> None:
    told = [
        (
            line.line_id, line.row.key, line.n, payment_of[line.line_id], line.client_id,
            line.row.cells["clearinghouse_ref"], line.row.cells["payer_claim_no"], line.amount,
            line.row.cells["payment_status"] or "", line.claim_id, report.file_id, line.row.line,
        )
        for line in lines
    ]  # fmt: skip
    if told:
        connection.execute(_SAVE, [is_applied, *map(list, zip(*told, strict=True))])


def _verdict(line: _Line, payment_of: dict[UUID, UUID], posted: Posted | None) -> Verdict:
    if posted:
        warnings = posted.warnings
    elif line.claim_id is None:
        warnings = ("unmatched_payment",)
    elif line.is_other_client:
        warnings = ("reference_of_another_client",)
    else:
        warnings = ("claim_has_no_session",)
    warnings = (*line.warnings, *warnings)
    sessions = posted.session_ids if posted else ()
    return Verdict(
        line.row.line,
        "accepted_with_warning" if warnings else "posted",
        warnings=warnings,
        session_id=sessions[0] if len(sessions) == 1 else None,
        claim_id=line.claim_id,
        payment_id=payment_of[line.line_id],
    )


def _take_back(
    connection: psycopg.Connection, actor: Actor, report: Report, line: _Line
) -> Verdict:
    taken = take_back(
        connection,
        actor,
        payer_id=line.payer_id,
        claim_id=None if line.is_other_client else line.claim_id,
        reference=line.row.cells["payment_reference"],
        received_on=line.received_on,
        amount=line.amount,
        idempotency_key=_key("takeback", [line]),
        origin=Origin(report.file_id, line.row.line),
    )
    payment_of = {line.line_id: taken.payment.payment_id}
    _save(connection, report, [line], payment_of, is_applied=taken.undoes is not None)
    sessions = taken.session_ids
    return Verdict(
        line.row.line,
        "accepted_with_warning",
        warnings=(*line.warnings, "reversal" if taken.undoes else "unmatched_takeback"),
        session_id=sessions[0] if len(sessions) == 1 else None,
        claim_id=line.claim_id,
        payment_id=taken.payment.payment_id,
    )
