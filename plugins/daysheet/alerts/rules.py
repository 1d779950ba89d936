"""The rules of alerts: what each counts, how severe that is, and who hears of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Literal

import psycopg
from psycopg import sql
from psycopg.rows import class_row
from pydantic import Field

from daysheet.catalog.documents import Document
from daysheet.desk.actors import DeskRole
from daysheet.desk.refusals import Refused, not_possible
from daysheet.desk.setup.settings import Section

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


Days = Annotated[int, Field(ge=0, le=1095)]


class RuleEntry(Document):
    """What of a rule can be set: from how many days on it is how severe, and who hears of it.

    A rule that holds at once has one severity, and no days.
    """

    enabled: bool
    low_at: Days | None = None
    medium_at: Days | None = None
    high_at: Days | None = None
    critical_at: Days | None = None
    route: Literal["owner", "lead", "owner_and_lead"]
    mailed_from: Severity | None = None


def _rule(
    _: psycopg.Connection, entry: RuleEntry, row: Mapping[str, Any] | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    if row is None:
        raise Refused(404, "unknown", "there is no such rule")
    values = entry.model_dump()
    if row["counts"] == "at_once":
        values = {name: values[name] for name in ("enabled", "route", "mailed_from")}
    else:
        _check_steps(entry, is_over=row["counts"] == "over")
    return {"code": row["code"]}, values


def _check_steps(entry: RuleEntry, *, is_over: bool) -> None:
    """Each severity begins later than the one before it: over more days, or with fewer left."""
    steps = [
        (name, getattr(entry, name))
        for name in (f"{severity}_at" for severity in SEVERITIES)
        if getattr(entry, name) is not None
    ]
    if not steps:
        raise not_possible("no_step", "give the days of one severity at least", field="high_at")
    for (_, earlier), (name, later) in pairwise(steps):
        if (later <= earlier) if is_over else (later >= earlier):
            told = "more" if is_over else "fewer"
            problem = f"{told} days than for what is less severe"
            raise not_possible("steps_out_of_order", problem, field=name)


RULES = Section(
    "rules",
    "alert_rules",
    DeskRole.ADMIN,
    RuleEntry,
    "select *, code as key from desk.alert_rules",
    "enabled desc, code",
    _rule,
    lambda row: row["code"],
)
