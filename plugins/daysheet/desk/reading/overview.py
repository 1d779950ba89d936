"""What the dashboard shows beside its metrics: where sessions stand, who owes, money, alerts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from psycopg import sql
from psycopg.rows import class_row

from daysheet.desk.published import Reader
from daysheet.desk.reading.aging import AgedTotal

PAYMENTS = 10
WORST = 5  # payers
# A session's way; what has ended is not on it, but for what was paid lately.
_STAGES = (
    "scheduled", "completed", "documented", "ready_to_bill", "submitted", "pending", "approved",
    "denied", "appealing", "paid",
)  # fmt: skip


@dataclass(frozen=True)
class Stage:
    """Sessions in one status, and what is outstanding of them; of the paid what was paid."""

    status: str
    sessions: int
    amount: Decimal


@dataclass(frozen=True)
class Month:
    """Money received in a month, by who sent it; the budget is None where there is none."""

    month_start: date
    insurance: Decimal
    clients: Decimal
    budget: Decimal | None

    @property
    def total(self) -> Decimal:
        """All of it."""
        return self.insurance + self.clients


@dataclass(frozen=True)
class PayerTotal:
    """What one payer owes; ``over_90`` of its claims are older than 90 days."""

    payer_name: str
    rows: int
    over_90: int
    amount: Decimal


@dataclass(frozen=True)
class LatestPayment:
    """``payer_name`` is None for client money; a reversal is negative."""

    received_on: date
    payer_name: str | None
    method: str
    amount: Decimal
    is_reversed: bool
    is_reversal: bool


@dataclass(frozen=True)
class CriticalAlert:
    """A live critical alert; without a reference it is about a file, a payment or a clinician."""

    title: str
    counts: Literal["over", "days_left", "at_once"]
    day_count: int | None
    amount: Decimal | None
    status: str
    quiet_until: date | None
    reference: str | None
    owner: str | None


@dataclass(frozen=True)
class AlertCounts:
    """Live alerts, quiet and silent ones too: ``warning`` is high and medium, ``info`` low."""

    critical: int
    warning: int
    info: int


def stages(reader: Reader) -> list[Stage]:
    """Every stage of a session's way, in order, with nothing in it too."""
    found = {stage.status: stage for stage in reader.rows(Stage, "status_funnel", sql.SQL(""), {})}
    return [found.get(status, Stage(status, 0, Decimal(0))) for status in _STAGES]


def collections(reader: Reader) -> list[Month]:
    """Twelve months, the present one last and not over yet."""
    return reader.rows(Month, "collections_by_month", sql.SQL("order by month_start"), {})


def worst_payers(totals: Iterable[AgedTotal]) -> list[PayerTotal]:
    """The five that owe the most by totals of each payer, the one that owes most first."""
    by_payer: dict[str, list[AgedTotal]] = {}
    for total in totals:
        if total.payer_name is not None:
            by_payer.setdefault(total.payer_name, []).append(total)
    found = [
        PayerTotal(
            payer_name,
            rows=sum(total.rows for total in own),
            over_90=sum(total.rows for total in own if total.bracket == "90+"),
            amount=sum((total.amount for total in own), Decimal(0)),
        )
        for payer_name, own in by_payer.items()
    ]
    return sorted(found, key=lambda payer: (-payer.amount, payer.payer_name))[:WORST]


def latest_payments(reader: Reader) -> list[LatestPayment]:
    """The last ten received, reversals among them."""
    with reader.connection.cursor(row_factory=class_row(LatestPayment)) as cursor:
        return cursor.execute(
            """
            with latest as (
                select * from desk.payments
                order by received_on desc, created_at desc, payment_id limit %s
            )

            select
                latest.received_on,
                payers.name as payer_name,
                latest.method,
                latest.amount,
                latest.is_reversed,
                latest.reverses_payment_id is not null as is_reversal
            from latest
            left join desk.payers on latest.payer_id = payers.payer_id
            order by latest.received_on desc, latest.created_at desc, latest.payment_id
            """,
            [PAYMENTS],
        ).fetchall()


def critical_alerts(reader: Reader) -> list[CriticalAlert]:
    """The five with the most dollars; those of which the last day has passed come last."""
    columns = sql.SQL(", ").join(map(sql.Identifier, CriticalAlert.__dataclass_fields__))
    order = sql.SQL("order by is_too_late, amount desc nulls last, critical_since, alert_id")
    return reader.rows(CriticalAlert, "critical_alerts", order, {}, columns)


def alert_counts(reader: Reader) -> AlertCounts:
    """Of all live alerts."""
    with reader.connection.cursor(row_factory=class_row(AlertCounts)) as cursor:
        found = cursor.execute(
            """
            select
                count(*) filter (where severity = 'critical') as critical,
                count(*) filter (where severity in ('high', 'medium')) as warning,
                count(*) filter (where severity = 'low') as info
            from desk.alerts
            where status != 'resolved'
            """
        ).fetchone()
    assert found is not None
    return found


def is_first_run(reader: Reader) -> bool:
    """Whether nothing has ever come of either world."""
    found = reader.connection.execute("select exists (select from desk.sessions)").fetchone()
    assert found is not None
    return reader.build is None and not found[0]
