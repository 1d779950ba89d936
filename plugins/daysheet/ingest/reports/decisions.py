"""What a person decides on a refused row: mend and retry it, take it as it is, or discard it.

A row that is let in goes the way of every other: judged by the same rules, applied by the same
code, remembered in ``raw``. Its own verdict stays, with the decision beside it.
"""

from collections.abc import Mapping

import psycopg
from psycopg.types.json import Jsonb

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.refusals import Refused, conflict, not_possible
from daysheet.ingest.batches import side_batch
from daysheet.ingest.reports.judging import judge_of
from daysheet.ingest.reports.retrying import (
    Decision,
    RefusedRow,
    apply_again,
    decide,
    find_refused,
    hold_source,
)
from daysheet.ingest.reports.rows import Verdict
from daysheet.ingest.reports.rules import Judged

SOURCE = "simplepractice"
_REPEATED = {"conflicting_duplicate", "duplicate_payment_row"}
_LONGEST_REASON = 500
_DOUBT = frozenset({"suspicious_text"})
# Reasons a person can know better than the rules; of others the cell itself has to be mended.
ACCEPTABLE = {
    "appointment_status": _DOUBT
    | {"date_out_of_range", "missing_payer", "bad_units", "conflicting_duplicate"},
    "insurance_claims": _DOUBT | {"conflicting_duplicate"},
    "unpaid_insurance_appointments": _DOUBT | {"date_out_of_range", "conflicting_duplicate"},
    "insurance_payments": _DOUBT | {"duplicate_payment_row"},
}


def retry(
    connection: psycopg.Connection,
    actor: Actor,
    file_id: int,
    line: int,
    typed: Mapping[str, str] | None = None,
) -> Verdict:
    """Judge the row again, with what was ``typed`` in place of its cells, by column; apply it.

    Raises :class:`Refused`: 404 for no such row, 409 when it is decided, 422 naming the reasons
    that are left; nothing is changed then, and what was typed is not kept.
    """
    with connection.transaction():
        row = _undecided(connection, actor, file_id, line)
        unknown = set(typed or {}) - {name for name in row.layout if name}
        if unknown:
            raise not_possible("unknown_column", "the report has no such column", field="typed")
        judged = judge_of(connection, row.contract).judge(row.cells(typed or {}))
        if _REPEATED & set(row.reasons) and judged.key == row.row_key and not typed:
            raise not_possible("unchanged", "it is the same row still: accept it, or discard it")
        if typed:
            connection.execute(
                "insert into quarantine.correction (file_id, line, n, cells, by_user)"
                " select %(file)s, %(line)s, coalesce(max(n), 0) + 1, %(cells)s, %(by)s"
                " from quarantine.correction where file_id = %(file)s and line = %(line)s",
                {"file": file_id, "line": line, "cells": Jsonb(dict(typed)), "by": actor.user_id},
            )
        return _let_in(connection, row, judged, Decision("retried", actor.user_id))


def accept(
    connection: psycopg.Connection,
    actor: Actor,
    file_id: int,
    line: int,
    reason: str | None = None,
) -> Verdict:
    """Take the row as it is. Of rows that contradict each other it is the one that counts.

    Raises :class:`Refused`: 404, 409 as :func:`retry`, 422 when its reasons do not allow it.
    """
    with connection.transaction():
        row = _undecided(connection, actor, file_id, line)
        unacceptable = set(row.reasons) - ACCEPTABLE[row.table]
        if unacceptable:
            left = ", ".join(sorted(unacceptable))
            raise not_possible("not_acceptable", f"it has to be mended: {left}")
        judged = judge_of(connection, row.contract).judge(row.cells({}), waived=row.reasons)
        decision = Decision("accepted", actor.user_id, _checked(reason))
        return _let_in(connection, row, judged, decision)


def discard(
    connection: psycopg.Connection, actor: Actor, file_id: int, line: int, reason: str
) -> None:
    """Leave the row out for good, and say why. Raises :class:`Refused`: 404, 409, 422."""
    if not reason.strip():
        raise not_possible("missing", "reason is missing", field="reason")
    with connection.transaction():
        _undecided(connection, actor, file_id, line)
        decision = Decision("discarded", actor.user_id, _checked(reason))
        decide(connection, file_id, Verdict(line, "quarantined"), decision)


def _undecided(connection: psycopg.Connection, actor: Actor, file_id: int, line: int) -> RefusedRow:
    actor.needs(DeskRole.BILLER, "deciding on a refused row")
    hold_source(connection, SOURCE)
    found = find_refused(connection, file_id, line)
    if not found:
        raise Refused(404, "unknown_row", "no refused row has that file and line")
    if found[0].decision is not None:
        raise conflict(f"the row is {found[0].decision} already")
    return found[0]


def _let_in(
    connection: psycopg.Connection, row: RefusedRow, judged: Judged, decision: Decision
) -> Verdict:
    if judged.reasons or judged.unread:
        left = ", ".join(judged.reasons) or "a cell cannot be read"
        raise not_possible("still_refused", f"it would be refused again: {left}")
    batch = side_batch(connection, "desk")
    judge = judge_of(connection, row.contract)
    (verdict,) = apply_again(connection, judge, [(row, judged)], batch)
    if not verdict.is_kept:
        left = ", ".join(verdict.reasons)
        raise not_possible("still_refused", f"it would be refused again: {left}")
    decide(connection, row.file_id, verdict, decision)
    if "conflicting_duplicate" in row.reasons and judged.key == row.row_key:
        lost = Decision("discarded", decision.by, "another row of its key counts")
        for other in find_refused(connection, row.file_id):
            if other.row_key == row.row_key and other.decision is None:
                decide(connection, row.file_id, Verdict(other.line, "quarantined"), lost)
    return verdict


def _checked(reason: str | None) -> str | None:
    if reason is not None and len(reason) > _LONGEST_REASON:
        raise not_possible("too_long", f"at most {_LONGEST_REASON} characters", field="reason")
    return reason and reason.strip()
