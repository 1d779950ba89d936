"""Families of the dental practice by what they owe, and the ledger of one: without a name."""

from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from daysheet.desk.published import published
from daysheet.desk.reading.families import OLDEST_MONEY, SORTED_BY, families, family_ledger
from daysheet.desk.reading.freshness import freshness
from daysheet.desk.reading.receivables import Order
from daysheet.desk.refusals import not_possible
from daysheet.desk.viewing import record_view
from daysheet.web.guards import DeskSession, Member
from daysheet.web.listing import listing
from daysheet.web.pages import page

router = APIRouter()
_LARGEST_KEY, _NOBODY = 2**63 - 1, -1
_NEWEST = Order("newest")


@router.get("/aging/families")
def family_list(request: Request, member: Member, connection: DeskSession) -> HTMLResponse:
    """A page of them, for every role: by number, without a name."""
    asked = listing(request, SORTED_BY, OLDEST_MONEY, ("q", "shown"))
    shown, number = asked.filters.get("shown", "owing"), asked.filters.get("q")
    if shown not in ("owing", "credit", "all"):
        raise not_possible("unknown_value", "shown is one of: owing, credit, all")
    with published(connection) as reader:
        rows, total = families(
            reader,
            shown,
            _key(number) if number else None,
            asked.order,
            limit=asked.size,
            offset=asked.offset,
        )
        fresh = freshness(reader)
    return page(request, "families", listing=asked, rows=rows, total=total, fresh=fresh)


@router.get("/aging/families/{guarantor_id}")
def family(
    request: Request, member: Member, connection: DeskSession, guarantor_id: str
) -> HTMLResponse:
    """The ledger of one, the newest first; that it was looked at is kept."""
    asked = replace(listing(request, ("newest",), _NEWEST), order=_NEWEST)
    key = _key(guarantor_id)
    with published(connection) as reader:
        ledger = family_ledger(reader, key, limit=asked.size, offset=asked.offset)
        fresh = freshness(reader)
    patients = {entry.patient_id for entry in ledger.entries if entry.patient_id is not None}
    record_view(connection, member, f"/aging/families/{key}", {key} | patients, "initials")
    return page(request, "family", listing=asked, ledger=ledger, family=ledger.family, fresh=fresh)


def _key(text: str) -> int:
    """A number of the practice system; what is none is nobody's, and finds nothing."""
    is_number = text.isascii() and text.isdigit() and len(text) < 20
    return int(text) if is_number and int(text) <= _LARGEST_KEY else _NOBODY
