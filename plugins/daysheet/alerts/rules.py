"""The rules of alerts: what each counts, how severe that is, and who hears of it."""

from dataclasses import dataclass
from typing import Literal

import psycopg
from psycopg import sql
from psycopg.rows import class_row

Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")


@dataclass(frozen=True)
class Rule:
    """A row of ``desk.alert_rules``.

    ``over`` is severe beyond a number of days, ``days_left`` at it and below, ``at_once`` always.
    ``mailed_from`` is the least severity that is mailed, None for never. A rule that ``yields`` is
    silent beside a more severe alert on the same subject.
    """

    code: str
    enabled: bool
    counts: Literal["over", "days_left", "at_once"]
    low_at: int | None
    medium_at: int | None
    high_at: int | None
    critical_at: int | None
    route: Literal["owner", "lead", "owner_and_lead"]
    mailed_from: Severity | None
    yields: bool
    ends_by_hand: bool
    title: str
    ends: str
    row_version: int

    @property
    def steps(self) -> list[tuple[Severity, int]]:
        """Its severities with the number of days of each, the worst first."""
        days = (self.low_at, self.medium_at, self.high_at, self.critical_at)
        both = zip(reversed(SEVERITIES), reversed(days), strict=True)
        return [(severity, at) for severity, at in both if at is not None]


def rank(severity: Severity) -> int:
    """0 for low to 3 for critical."""
    return SEVERITIES.index(severity)


def severity(rule: Rule, day_count: int | None) -> Severity | None:
    """How severe that many days are, None if they are no alert: 90 days are not over 90."""
    for name, at in rule.steps:
        if (
            rule.counts == "at_once"
            or (rule.counts == "over" and day_count is not None and day_count > at)
            or (rule.counts == "days_left" and day_count is not None and day_count <= at)
        ):
            return name
    return None


def read_rules(connection: psycopg.Connection) -> dict[str, Rule]:
    """Every rule by its code, those switched off too."""
    columns = sql.SQL(", ").join(map(sql.Identifier, Rule.__dataclass_fields__))
    with connection.cursor(row_factory=class_row(Rule)) as cursor:
        rows = cursor.execute(
            sql.SQL("select {} from desk.alert_rules order by code").format(columns)
        ).fetchall()
    return {rule.code: rule for rule in rows}
