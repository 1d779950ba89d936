"""The rows behind a metric whose rows no other page lists: what it is made of, one by one."""

from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse

from daysheet.desk.published import published
from daysheet.desk.reading.freshness import freshness
from daysheet.desk.reading.metric_rows import (
    Collected,
    FirstAnswer,
    PaidSession,
    Workload,
    count_rows,
    metric_rows,
)
from daysheet.desk.reading.metrics import read_metrics
from daysheet.desk.reading.receivables import Order
from daysheet.web.guards import DeskSession, Member
from daysheet.web.listing import listing
from daysheet.web.metric_cards import cards
from daysheet.web.pages import page

router = APIRouter()

Kind = Literal["session", "payment", "text", "word", "method", "status", "day", "number", "money"]
Metric = Literal[
    "avg_days_to_payment", "denial_rate_pct", "collections_mtd", "claims_per_staff_mean"
]


@dataclass(frozen=True)
class Column:
    """``key`` is the field it shows, and is sorted by; ``kind`` how.

    ``of_owner`` is the list of what it counts, to which the code of the row's person is added.
    """

    title: str
    key: str
    kind: Kind
    of_owner: str = ""


@dataclass(frozen=True)
class Behind:
    """One list: of which shape, with which columns; ``nothing`` is said of an empty one.

    ``unnamed`` stands where a name is missing; ``beside`` is a page to go on to, and its name.
    """

    shape: Any
    usual: Order
    columns: tuple[Column, ...]
    nothing: str
    unnamed: str = "no payer"
    beside: tuple[str, str] | None = None


_AGING = "/aging?source=simplepractice&snoozed=show"
LISTS: dict[Metric, Behind] = {
    "avg_days_to_payment": Behind(
        PaidSession,
        Order("days_to_payment", is_descending=True),
        (
            Column("Session", "session_ref", "session"),
            Column("Payer", "payer_name", "text"),
            Column("First sent", "first_submitted_on", "day"),
            Column("Paid on", "paid_on", "day"),
            Column("Days", "days_to_payment", "number"),
            Column("From the visit", "days_from_service", "number"),
            Column("Paid", "amount_paid", "money"),
        ),
        "No session was paid in the last 90 days.",
    ),
    "denial_rate_pct": Behind(
        FirstAnswer,
        Order("is_denied", is_descending=True),
        (
            Column("Session", "session_ref", "session"),
            Column("Payer", "payer_name", "text"),
            Column("First answer", "first_outcome", "word"),
            Column("Answered on", "first_adjudicated_on", "day"),
            Column("Now", "billing_status", "status"),
            Column("Charge", "ins_charge", "money"),
        ),
        "No payer answered in the last 90 days.",
        beside=("/denials", "By payer and category"),
    ),
    "collections_mtd": Behind(
        Collected,
        Order("received_on", is_descending=True),
        (
            Column("Received on", "received_on", "day"),
            Column("From", "payer_name", "text"),
            Column("Method", "method", "method"),
            Column("Payment", "payment_id", "payment"),
            Column("Amount", "amount", "money"),
        ),
        "Nothing was received this month.",
        unnamed="a client",
        beside=("/payments", "Payments"),
    ),
    "claims_per_staff_mean": Behind(
        Workload,
        Order("open_rows", is_descending=True),
        (
            Column("Person", "display_code", "text"),
            Column("Claims", "open_rows", "number"),
            Column("Sent and open", "sent_rows", "number", f"{_AGING}&owner="),
            Column(
                "Never sent", "never_sent_rows", "number", f"{_AGING}&bracket=not_submitted&owner="
            ),
            Column("Outstanding", "outstanding", "money"),
        ),
        "Nobody is set to work claims.",
        beside=(f"{_AGING}&owner=nobody", "Nobody's claims"),
    ),
}


@router.get("/metrics/{name}")
def rows_behind(
    request: Request, member: Member, connection: DeskSession, name: Annotated[Metric, Path()]
) -> HTMLResponse:
    """The figure as the dashboard has it and its rows, for every role: it names no client."""
    behind = LISTS[name]
    asked = listing(request, [each.name for each in fields(behind.shape)], behind.usual)
    with published(connection) as reader:
        (card,) = cards({name: read_metrics(connection, with_strip=False).seven[name]})
        rows = metric_rows(reader, behind.shape, asked.order, limit=asked.size, offset=asked.offset)
        count = count_rows(reader, behind.shape)
        fresh = freshness(reader)
    return page(
        request,
        "metric_rows",
        card=card,
        behind=behind,
        asked=asked,
        rows=rows,
        count=count,
        fresh=fresh,
    )
