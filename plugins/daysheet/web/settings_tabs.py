"""The tabs of the settings: what a list shows of an entry, and which fields its form has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from daysheet.desk.actors import DeskRole
from daysheet.web.pages import day, money
from daysheet.web.wording import words

Row = Mapping[str, Any]
Kind = Literal["text", "email", "url", "number", "money", "date", "choice", "tick", "area", "lines"]


@dataclass(frozen=True)
class Field:
    """One control; ``only_for`` says of which entries (None is new), ``given`` what stands else."""

    name: str
    label: str
    kind: Kind = "text"
    hint: str = ""
    options: tuple[tuple[str, str], ...] = ()
    is_optional: bool = False
    only_for: Callable[[Row | None], bool] = lambda _: True
    given: Callable[[Row], Any] | None = None

    def applies(self, row: Row | None) -> bool:
        """Whether the form of that entry has it."""
        return self.only_for(row)

    def standing(self, row: Row | None) -> dict[str, Any]:
        """The value of an entry whose form does not have it, where its document asks for one."""
        return {self.name: self.given(row)} if row is not None and self.given else {}

    def shown(self, row: Row | None) -> str:
        """As its control shows what is stored."""
        if row is None:
            return ""
        value = row["payers"] if self.kind == "lines" else row.get(self.name, row.get("value"))
        if value is None:
            return ""
        if self.kind == "money":
            return f"{Decimal(str(value)):f}"
        return "\n".join(value) if isinstance(value, list) else str(value)


@dataclass(frozen=True)
class Column:
    """One column of the list."""

    label: str
    shown: Callable[[Row], str]
    is_number: bool = False


@dataclass(frozen=True)
class Tab:
    """One kind of entry; ``least`` may see it."""

    name: str
    title: str
    one: str
    intro: str
    columns: tuple[Column, ...]
    fields: tuple[Field, ...]
    title_of: Callable[[Row], str]
    least: DeskRole = DeskRole.VIEWER
    may_add: bool = True

    def state(self, row: Row) -> list[tuple[str, str]]:
        """What stands out about an entry, each with its tone."""
        found = [("needs review", "warn")] if row.get("needs_review") else []
        if not row.get("active", row.get("enabled", True)):
            found.append(("off" if "enabled" in row else "not active", "done"))
        return found


def _choices(*codes: str) -> tuple[tuple[str, str], ...]:
    return tuple((code, words(code)) for code in codes)


def _new(row: Row | None) -> bool:
    return row is None


def _days_of(severity: str) -> Field:
    return Field(
        f"{severity}_at",
        f"{severity.capitalize()} at",
        "number",
        is_optional=True,
        only_for=lambda row: row is not None and row["counts"] != "at_once",
    )


def _value(row: Row) -> str:
    if row["value"] is None:
        return "none"
    return money(row["value"]) if row["name"] in _IN_DOLLARS else f"{row['value']} days"


def _setting(name: str, label: str, kind: Kind, hint: str = "") -> Field:
    return Field(name, label, kind, hint, only_for=lambda row: row is None or row["name"] == name)


def _steps(row: Row) -> str:
    names = ("low", "medium", "high", "critical")
    if row["counts"] == "at_once":
        return "at once"
    sign = "over" if row["counts"] == "over" else "at"
    parts = [
        f"{name} {sign} {row[f'{name}_at']}" for name in names if row[f"{name}_at"] is not None
    ]
    return ", ".join(parts) + (" days left" if row["counts"] == "days_left" else " days")


_ACTIVE = Field("active", "Active", "tick")
_IN_DOLLARS = ("writeoff_limit", "monthly_budget")

TABS = {
    tab.name: tab
    for tab in (
        Tab(
            "payers", "Payers", "payer",
            "Days to file, to appeal and to be paid, and how claims are sent. A payer that a report"
            " brought needs review until somebody saves what it is.",
            (
                Column("Id", lambda row: row["external_id"] or "—"),
                Column("Claims go by", lambda row: words(row["billing_route"])),
                Column("Class", lambda row: row["plan_class"]),
                Column("File in", lambda row: f"{row['filing_days']} days", is_number=True),
                Column("Appeal in", lambda row: f"{row['appeal_days']} days", is_number=True),
                Column("Pays in", lambda row: f"{row['expected_pay_days']} days", is_number=True),
            ),
            (
                Field("name", "Name"),
                Field("external_id", "Id", hint="in parentheses behind the name in exports",
                      is_optional=True),
                Field("billing_route", "Claims go by", "choice",
                      options=_choices("simplepractice", "portal", "paper")),
                Field("plan_class", "Class", "choice",
                      options=_choices("commercial", "medicaid", "medicare", "tricare", "other")),
                Field("filing_days", "Days to file", "number", "from the visit"),
                Field("appeal_days", "Days to appeal", "number", "from the denial"),
                Field("expected_pay_days", "Days until it pays", "number", "from the sending"),
                _ACTIVE,
            ),
            lambda row: row["name"],
        ),
        Tab(
            "portals", "Portals", "portal",
            "Where claims are entered by hand. Logins belong in a password manager.",
            (
                Column("Payer", lambda row: row["payer"]),
                Column("Address", lambda row: row["url"]),
                Column("Instructions", lambda row: row["instructions"] or "—"),
            ),
            (
                Field("payer", "Payer", "choice", only_for=_new, given=lambda row: row["payer"]),
                Field("name", "Name"),
                Field("url", "Address", "url", "begins with https://"),
                Field("instructions", "Instructions", "area", "no passwords: they are refused"),
                _ACTIVE,
            ),
            lambda row: f"{row['name']} of {row['payer']}",
        ),
        Tab(
            "targets", "Targets", "target",
            "Where a metric is green and where it is red. One of a month holds in that month only.",
            (
                Column("Month", lambda row: f"{row['month']:%B %Y}" if row["month"] else "every"),
                Column("Green", lambda row: f"{row['green']:f}", is_number=True),
                Column("Red", lambda row: f"{row['red']:f}", is_number=True),
            ),
            (
                Field("metric", "Metric", "choice", only_for=_new, given=lambda row: row["metric"]),
                Field("month", "Month", "date", "any day of it; empty is every month",
                      is_optional=True, only_for=_new, given=lambda row: row["month"]),
                Field("green", "Green", "money"),
                Field("red", "Red", "money"),
            ),
            lambda row: words(row["metric"]) + (f", {row['month']:%B %Y}" if row["month"] else ""),
        ),
        Tab(
            "rules", "Alert rules", "rule",
            "When something is an alert, how severe it is, and who hears of it.",
            (
                Column("Severity", _steps),
                Column("Who acts", lambda row: words(row["route"]).replace(" and ", ", ")),
                Column("Mailed", lambda row: f"from {row['mailed_from']}"
                       if row["mailed_from"] else "no"),
            ),
            (
                Field("enabled", "On", "tick"),
                *map(_days_of, ("low", "medium", "high", "critical")),
                Field("route", "Who acts", "choice",
                      options=_choices("owner", "lead", "owner_and_lead")),
                Field("mailed_from", "Mailed from", "choice", is_optional=True,
                      options=_choices("low", "medium", "high", "critical")),
            ),
            lambda row: row["title"],
            may_add=False,
        ),
        Tab(
            "staff", "Staff", "person",
            "Who has a right to the desk, by Airflow user name. Nobody else sees any of it.",
            (
                Column("Code", lambda row: row["display_code"]),
                Column("Role", lambda row: row["desk_role"]),
                Column("Works claims", lambda row: "yes" if row["works_claims"] else "no"),
                Column("Payers", lambda row: ", ".join(row["payers"]) or "all"),
                Column("Mail", lambda row: row["email"] or "—"),
            ),
            (
                Field("user_id", "Airflow user name", only_for=_new,
                      given=lambda row: row["user_id"]),
                Field("display_code", "Code", hint="what pages and mails call them"),
                Field("email", "Mail address", "email", is_optional=True),
                Field("desk_role", "Role", "choice",
                      options=_choices("viewer", "biller", "lead", "admin")),
                Field("works_claims", "Works claims", "tick"),
                Field("works_payers", "Payers", "lines", "ids or names, one a line; empty is all"),
                _ACTIVE,
            ),
            lambda row: row["user_id"],
            least=DeskRole.ADMIN,
        ),
        Tab(
            "holidays", "Holidays", "holiday",
            "Weekdays that are no business days: the pace of the budget and escalation go by them.",
            (Column("Name", lambda row: row["name"]),),
            (
                Field("day", "Day", "date", only_for=_new, given=lambda row: row["day"]),
                Field("name", "Name"),
            ),
            lambda row: day(row["day"]),
        ),
        Tab(
            "practice", "Budget and limits", "number", "The practice's own numbers.",
            (
                Column("Meaning", lambda row: row["meaning"]),
                Column("Value", _value, is_number=True),
            ),
            (
                _setting("monthly_budget", "Dollars a month", "money", "empty is no budget"),
                _setting("writeoff_limit", "Dollars on one session", "money"),
                _setting("dental_filing_days", "Days", "number"),
            ),
            lambda row: words(row["name"]),
            may_add=False,
        ),
    )
}  # fmt: skip
