"""The first page: the metrics, what is aging, where sessions stand, money in and money lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from daysheet.desk.actors import DeskRole
from daysheet.desk.published import published
from daysheet.desk.reading import overview
from daysheet.desk.reading.aging import AgedFilter, AgedTotal, aged_totals
from daysheet.desk.reading.freshness import freshness
from daysheet.desk.reading.metrics import read_metrics
from daysheet.desk.reading.receivables import Source, forgotten_totals
from daysheet.web import charts
from daysheet.web.forgotten import KINDS
from daysheet.web.guards import DeskSession, Member
from daysheet.web.metric_cards import cards
from daysheet.web.pages import page

router = APIRouter()

# None is a claim of no known day; the words are those of the list's own filter.
_BRACKETS = ("0-30", "31-60", "61-90", "90+", None)

# Where the sessions of a status are: those that were sent are on the aging list one by one, with
# the same dollars; the others on the claim tracker, where of the paid ones are also those paid long
# ago.
_SENT = ("submitted", "pending", "approved", "denied", "appealing")
_NOT_SENT = ("scheduled", "completed", "documented", "ready_to_bill", "paid")
_ROWS = {
    **{each: f"/aging?source=simplepractice&snoozed=show&status={each}" for each in _SENT},
    **{each: f"/claims?source=counseling&status={each}" for each in _NOT_SENT},
}
_ROOM = Decimal("1.02")  # so that a mark at the highest is seen


@dataclass(frozen=True)
class Aged:
    """Claims of one bracket in dollars, and in percent of all that is aging."""

    bracket: str | None
    rows: int
    counseling: Decimal
    dental: Decimal
    amount: Decimal
    unestimated: int
    share: Decimal
    counseling_share: Decimal
    dental_share: Decimal


@router.get("/")
def dashboard(
    request: Request,
    member: Member,
    connection: DeskSession,
    source: Source | None = None,
    more: Annotated[bool, Query()] = False,
) -> HTMLResponse:
    """For every role, naming no client; ``source`` narrows the aging, ``more`` adds the strip."""
    with published(connection) as reader:
        fresh = freshness(reader)
        if overview.is_first_run(reader):
            return page(request, "first_run", fresh=fresh)
        metrics = read_metrics(connection, with_strip=more)
        totals = aged_totals(reader, AgedFilter(source=source), by_payer=True)
        stages = overview.stages(reader)
        months = overview.collections(reader)
        payments = overview.latest_payments(reader)
        alerts = overview.alert_counts(reader)
        critical = overview.critical_alerts(reader)
        lost = {each.kind: each for each in forgotten_totals(reader)}
    return page(
        request,
        "dashboard",
        share=charts.share,
        fresh=fresh,
        may_post=member.may(DeskRole.BILLER),
        cards=cards(metrics.seven),
        strip=cards(metrics.strip),
        source=source,
        more=more,
        aged=_aged(totals),
        payers=overview.worst_payers(totals),
        stages=stages,
        stage_rows=_ROWS,
        most=max(each.amount for each in stages if each.status != "paid"),
        months=months[::-1],
        highest=max(max(each.total, each.budget or Decimal(0)) for each in months) * _ROOM,
        payments=payments,
        alerts=alerts,
        critical=critical,
        lost=lost,
        kinds=KINDS,
    )


def _aged(totals: Sequence[AgedTotal]) -> list[Aged]:
    """By bracket, empty ones too but for the one without a day; the last row is their sum."""
    whole = sum((each.amount for each in totals), Decimal(0))
    found = []
    for bracket in _BRACKETS:
        those = [each for each in totals if each.bracket == bracket]
        if those or bracket:
            found.append(_sum(bracket, those, whole))
    return [*found, _sum("all", totals, whole)]


def _sum(bracket: str | None, totals: Sequence[AgedTotal], whole: Decimal) -> Aged:
    counseling, dental = (
        sum((each.amount for each in totals if each.source == source), Decimal(0))
        for source in ("simplepractice", "opendental")
    )
    return Aged(
        bracket,
        sum(each.rows for each in totals),
        counseling,
        dental,
        counseling + dental,
        sum(each.unestimated for each in totals),
        charts.share(counseling + dental, whole),
        charts.share(counseling, whole),
        charts.share(dental, whole),
    )
