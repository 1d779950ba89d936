"""The aging list as a CSV file: all that is shown, on whatever page, or what was chosen."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import psycopg
from fastapi import APIRouter, Form, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.lifecycle.selections import selection
from daysheet.desk.published import published
from daysheet.desk.reading.aging import OLDEST_FIRST, AgedFilter, Basis, exported
from daysheet.desk.reading.freshness import freshness
from daysheet.desk.reading.receivables import Order
from daysheet.desk.viewing import Shown, record_export
from daysheet.web.aging_filters import asked_for
from daysheet.web.csv_file import csv_bytes
from daysheet.web.guards import DeskSession, Member
from daysheet.web.typed import reason_of

router = APIRouter()

_COLUMNS = {
    "reference": "reference",
    "claim_reference": "claim_ref",
    "source": "source",
    "age_days": "age_days",
    "age_counts_from": "age_basis",
    "bracket": "bracket",
    "first_submitted_on": "first_sent_on",
    "last_submitted_on": "last_sent_on",
    "client_initials": "client_initials",
    "clinician": "clinician",
    "payer": "payer_name",
    "status": "status",
    "charge": "charge",
    "paid": "paid",
    "outstanding": "amount",
    "deadline": "deadline",
    "owner": "owner",
    "next_action_on": "next_action_on",
    "snoozed_until": "snoozed_until",
    "alerts": "alerts",
}
_WITH_NAMES = _COLUMNS | {"client_name": "client_name"}


class Wishes(BaseModel):
    """With full ``names``, and why."""

    names: str = ""
    reason: str = ""


@router.post("/aging/export")
def export(
    request: Request,
    member: Member,
    connection: DeskSession,
    wishes: Annotated[Wishes, Form()],
) -> StreamingResponse:
    """Every row the URL asks for; with full names for a lead who says why."""
    asked = asked_for(request, connection, member)
    rows = _Rows(asked.which, asked.listing.order, asked.basis)
    return _file(connection, member, rows, wishes)


@router.post("/aging/selections/{selection_id}/export")
def export_chosen(
    member: Member,
    connection: DeskSession,
    selection_id: UUID,
    wishes: Annotated[Wishes, Form()],
) -> StreamingResponse:
    """What was chosen, as it is now."""
    keys = [session_id for session_id, _ in selection(connection, member, selection_id).sessions]
    return _file(connection, member, _Rows(AgedFilter(session_ids=keys)), wishes)


@dataclass(frozen=True)
class _Rows:
    which: AgedFilter
    order: Order = OLDEST_FIRST
    basis: Basis = "submission"


def _file(
    connection: psycopg.Connection, member: Actor, asked: _Rows, wishes: Wishes
) -> StreamingResponse:
    """Read in one snapshot, kept in the audit, and only then sent."""
    with_names, why = bool(wishes.names), wishes.reason.strip() or None
    if with_names:
        member.needs(DeskRole.LEAD, "an export with names")
        why = reason_of(wishes.reason)
    clients: set[UUID | int] = set()
    with published(connection) as reader:
        rows = exported(reader, asked.which, asked.order, asked.basis, with_names=with_names)
        seen = (_noting(row, clients) for row in rows)
        # all of it as text, which is small: nothing leaves before the audit has it
        content = list(csv_bytes(_WITH_NAMES if with_names else _COLUMNS, seen))
        name = f"aging_{freshness(reader).today.isoformat()}.csv"
    shown: Shown = "names" if with_names else "initials"
    record_export(connection, member, name, clients, reason=why, shown=shown)
    return StreamingResponse(
        iter(content),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _noting(row: dict[str, Any], clients: set[UUID | int]) -> dict[str, Any]:
    clients |= {row[key] for key in ("client_id", "patient_id") if row[key] is not None}
    return row
