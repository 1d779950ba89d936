"""The denial report: how often payers refuse at first, and what became of the money."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import psycopg
from psycopg.rows import class_row

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.reading.metrics import SMALL_SAMPLE
from daysheet.warehouse.desk_views import QUERIES

Grouping = Literal["payer", "category", "clinician"]

_REPORT = QUERIES / "denial_report.sql"
HIGH_RATE_PCT = 10


@dataclass(frozen=True)
class DenialRate:
    """One payer, category or clinician over the last 90 days; amounts in dollars.

    ``rate_pct`` is 0 to 100, None if nothing was decided. ``group_key`` is the id, of a category
    its name.
    """

    grouped_by: Grouping
    group_key: str
    name: str
    decided: int
    denied: int
    rate_pct: Decimal | None
    denied_amount: Decimal
    recovered: Decimal
    written_off: Decimal

    @property
    def still_open(self) -> Decimal:
        """What was denied and neither came in nor was given up."""
        return self.denied_amount - self.recovered - self.written_off

    @property
    def is_small(self) -> bool:
        """Too few decisions to say much."""
        return self.decided < SMALL_SAMPLE

    @property
    def is_high(self) -> bool:
        """Enough decisions, and too many of them denials."""
        return not self.is_small and self.rate_pct is not None and self.rate_pct > HIGH_RATE_PCT


def denial_report(connection: psycopg.Connection, actor: Actor, by: Grouping) -> list[DenialRate]:
    """The rates of the last 90 days, the most money first; by clinician for leads only (403)."""
    least = DeskRole.LEAD if by == "clinician" else DeskRole.VIEWER
    actor.needs(least, f"the denial report by {by}")
    with connection.cursor(row_factory=class_row(DenialRate)) as cursor:
        rows = cursor.execute(_REPORT.read_text(encoding="utf-8")).fetchall()
    return [row for row in rows if row.grouped_by == by]
