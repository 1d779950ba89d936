"""Money found: work that is done and insured, and that nobody asked an insurer to pay."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from daysheet.desk.actors import display_codes
from daysheet.desk.published import published
from daysheet.desk.reading.freshness import freshness
from daysheet.desk.reading.receivables import (
    ForgottenFilter,
    ForgottenMoney,
    Order,
    forgotten_money,
    forgotten_totals,
)
from daysheet.desk.refusals import not_possible
from daysheet.web.guards import DeskSession, Member
from daysheet.web.listing import Listing, listing
from daysheet.web.pages import page

router = APIRouter()

KINDS = {
    "procedure_on_no_claim": "Procedures on no claim",
    "claim_never_sent": "Claims never sent",
    "session_never_billed": "Sessions never billed",
}
DEADLINES = {
    "7": "within 7 days",
    "14": "within 14 days",
    "30": "within 30 days",
    "open": "still possible",
    "late": "too late",
}
OWNED = {"no": "nobody", "yes": "somebody"}
_FILTERS = {"kind": KINDS, "days": DEADLINES, "owned": OWNED}


@router.get("/forgotten")
def forgotten(request: Request, member: Member, connection: DeskSession) -> HTMLResponse:
    """The list of it, for every role: it names no client."""
    asked = listing(request, ForgottenMoney.__dataclass_fields__, Order("days_left"), _FILTERS)
    which = _which(asked)
    with published(connection) as reader:
        rows = forgotten_money(reader, which, asked.order, limit=asked.size, offset=asked.offset)
        totals = forgotten_totals(reader, which)
        codes = display_codes(connection)
        fresh = freshness(reader)
    return page(
        request,
        "forgotten",
        asked=asked,
        rows=rows,
        count=sum(each.rows for each in totals),
        amount=sum(each.amount for each in totals),
        unestimated=sum(each.unestimated for each in totals),
        codes=codes,
        fresh=fresh,
        kinds=KINDS,
        deadlines=DEADLINES,
        owned=OWNED,
    )


def _which(asked: Listing) -> ForgottenFilter:
    words = asked.filters
    for name, value in words.items():
        if value not in _FILTERS[name]:
            raise not_possible("unknown_value", f"{name} has no such value", field=name)
    days = words.get("days")
    return ForgottenFilter(
        kind=words.get("kind"),
        min_days_left=None if days in (None, "late") else 0,
        max_days_left=int(days) if days and days.isdigit() else -1 if days == "late" else None,
        is_assigned=words["owned"] == "yes" if "owned" in words else None,
    )
