"""What one person reads in the morning: what is waiting, what is new, and what to do first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from daysheet.alerts.lines import Line, lines, money
from daysheet.alerts.links import desk_link
from daysheet.alerts.news import Alert, Section
from daysheet.alerts.recipients import Recipient
from daysheet.alerts.waiting import OVER, Total, Waiting, total, totals
from daysheet.mail.templates import Body, render

# How many lines of each are shown; the rest is a number and a link.
_MOST = {"new": 20, "escalated": 20, "open": 20, "files": 10, "resolved": 10}
_TITLES = {
    "new": "New",
    "escalated": "Escalated",
    "open": "Still open",
    "files": "Files",
    "resolved": "Resolved since the last mail",
}


@dataclass(frozen=True)
class Part:
    """A section of the mail: its first lines, and how many ``more`` there are."""

    name: str
    lines: Sequence[Line]

    @property
    def title(self) -> str:
        """Its heading."""
        return f"{_TITLES[self.name]} ({len(self.lines):,})"

    @property
    def shown(self) -> Sequence[Line]:
        """The lines that are written out."""
        return self.lines[: _MOST[self.name]]

    @property
    def more(self) -> int:
        """How many are not."""
        return len(self.lines) - len(self.shown)


@dataclass(frozen=True)
class Digest:
    """Everything of one digest; :meth:`body` writes it out.

    ``told`` is where each alert it tells of belongs, those that are not written out too. ``quiet``
    are the claims counted only: acknowledged, and snoozed.
    """

    recipient: Recipient
    day: date
    brackets: Sequence[Total]
    over: Total
    parts: Mapping[str, Part]
    told: Mapping[UUID, Section]
    quiet: tuple[int, int]
    new_over: int
    ui_url: str

    @property
    def line_count(self) -> int:
        """Claims and files it tells of, without what is resolved."""
        return sum(len(part.lines) for name, part in self.parts.items() if name != "resolved")

    @property
    def new(self) -> int:
        """Lines of the section of what is new."""
        return len(self.parts["new"].lines)

    @property
    def is_short(self) -> bool:
        """Whether there is nothing but the totals, and perhaps what was resolved."""
        return not self.line_count

    @property
    def acute(self) -> list[Line]:
        """The claims that are not resolved."""
        return [line for name in ("new", "escalated", "open") for line in self.parts[name].lines]

    @property
    def first(self) -> Line | None:
        """The claim with the nearest deadline that can still be met."""
        dated = [line for line in self.acute if line.has_time]
        return min(dated, key=lambda line: line.days_left or 0, default=None)

    @property
    def subject(self) -> str:
        """How many claims are over 90 days old, what of it is new, and what else cannot wait."""
        deadlines = sum(line.has_time for line in self.acute)
        unbilled = sum(line.is_never_billed for line in self.acute)
        files = len(self.parts["files"].lines)
        said = [
            f"{_counted(self.over.claims, 'claim')} over {OVER} days",
            *([f"{self.new_over:,} new"] if self.new_over else []),
            *([_amount(self.over)] if self.over.claims else []),
            *([_counted(deadlines, "deadline")] if deadlines else []),
            *([f"{unbilled:,} never billed"] if unbilled else []),
            *([_counted(files, "file alert")] if files else []),
        ]
        return f"[Daysheet] {', '.join(said)}"

    def body(self) -> Body:
        """The mail as text and as HTML; names out of files are escaped."""
        return render(
            "digest",
            digest=self,
            parts=[part for part in self.parts.values() if part.lines],
            day=f"{self.day:%A, %B} {self.day.day}, {self.day.year}",
            quiet=_quiet(*self.quiet),
            rows=_rows(self.brackets, self.over),
            link=desk_link(self.ui_url),
        )


def compose(
    recipient: Recipient,
    day: date,
    alerts: Sequence[tuple[Alert, Section]],
    *,
    quiet: Iterable[Alert],
    claims: Mapping[UUID, Waiting],
    scope: Sequence[Waiting],
    ui_url: str,
) -> Digest:
    """The digest of one person.

    ``alerts`` is what he is to be told, ``quiet`` what is counted only; ``claims`` says by subject
    how it stands with each. ``scope`` are the claims whose totals he sees.
    """
    grouped = _grouped(alerts)
    again = {
        alert.alert_id
        for alert, where in alerts
        if where == "new" and alert.news_kind == "reopened"
    }
    old = {
        alert.reference
        for alert, where in alerts
        if where == "new" and alert.rule_code == "aged_claim"
    }
    acknowledged, snoozed = _quiet_claims(quiet)
    return Digest(
        recipient=recipient,
        day=day,
        brackets=totals(scope),
        over=total(f"over {OVER} days", (each for each in scope if (each.age_days or 0) > OVER)),
        parts={
            name: Part(name, lines(each, claims, again, ui_url)) for name, each in grouped.items()
        },
        told={alert.alert_id: where for alert, where in alerts},
        quiet=(len(acknowledged), len(snoozed)),
        new_over=len(old),
        ui_url=ui_url,
    )


def _grouped(alerts: Sequence[tuple[Alert, Section]]) -> dict[str, list[Alert]]:
    """The alerts by section: all of one claim stand together, where the first of them belongs."""
    place: dict[object, str] = {}
    for name in ("new", "escalated", "open", "resolved"):
        for alert, where in alerts:
            if where == name:
                place.setdefault(alert.reference or alert.alert_id, name)
    grouped: dict[str, list[Alert]] = {name: [] for name in _MOST}
    for alert, where in alerts:
        name = place[alert.reference or alert.alert_id]
        if where != "resolved" and (alert.file_id or alert.source):
            grouped["files"].append(alert)
        elif where != "resolved" or name == "resolved":
            grouped[name].append(alert)
    return grouped


def _quiet_claims(quiet: Iterable[Alert]) -> tuple[set[object], set[object]]:
    acknowledged: set[object] = set()
    snoozed: set[object] = set()
    for alert in quiet:
        claims = acknowledged if alert.status == "acknowledged" else snoozed
        claims.add(alert.reference or alert.alert_id)
    return acknowledged, snoozed - acknowledged


def _quiet(acknowledged: int, snoozed: int) -> str:
    said = [
        *([f"{acknowledged:,} acknowledged"] if acknowledged else []),
        *([f"{snoozed:,} snoozed"] if snoozed else []),
    ]
    return ", ".join(said)


def _rows(brackets: Sequence[Total], over: Total) -> list[tuple[str, str, str, str]]:
    """Ages, claims, dollars and what is without; there is no table when nothing is waiting."""
    if not any(each.claims for each in brackets):
        return []
    return [
        (
            each.label,
            f"{each.claims:,}",
            _amount(each),
            f"+ {each.unestimated:,} no estimate" if each.unestimated and each.amount else "",
        )
        for each in (*brackets, over)
    ]


def _amount(each: Total) -> str:
    return "no estimate" if each.unestimated and not each.amount else money(each.amount)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
