"""The lines of a digest: one for each claim, however many sessions and rules it is about."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from daysheet.alerts.links import claim_link
from daysheet.alerts.news import Alert
from daysheet.alerts.waiting import Waiting
from daysheet.desk.work.scoring import Situation, score

_LONGEST_NAME = 48
_CALLED_IN = {1: "escalated to a lead", 2: "escalated to an admin"}
_SYSTEMS = {"opendental": "dental practice system", "simplepractice": "SimplePractice"}


@dataclass(frozen=True)
class Line:
    """One claim, or one file or system that sends files, as words ready to be shown.

    ``reference`` is ours and random; None for what is no claim. ``days_left`` counts to the nearest
    deadline that can be met, negative once all were missed; ``reasons`` say what is the matter,
    ``facts`` is the rest. None of it tells who was treated, when, by whom or for what.
    """

    reference: str | None
    link: str | None
    payer_name: str
    amount: Decimal | None
    amount_text: str
    facts: tuple[str, ...]
    reasons: tuple[str, ...]
    days_left: int | None
    age_days: int
    is_never_billed: bool
    score: int

    @property
    def has_time(self) -> bool:
        """Whether there is a deadline that can still be met."""
        return self.days_left is not None and self.days_left >= 0


def lines(
    alerts: Iterable[Alert], waiting: Mapping[UUID, Waiting], again: Collection[UUID], ui_url: str
) -> list[Line]:
    """A line for each claim of ``alerts``, in the order of :func:`_urgency`.

    ``again`` are those that were resolved and are not any more.
    """
    claims: dict[object, list[Alert]] = {}
    for alert in alerts:
        claims.setdefault(alert.reference or alert.alert_id, []).append(alert)
    made = [_line(group, waiting, again, ui_url) for group in claims.values()]
    return sorted(made, key=_urgency)


def _urgency(line: Line) -> tuple[Any, ...]:
    """Deadlines that can still be met, the nearest first; at the end those that were missed."""
    return (
        line.days_left is not None and not line.has_time,
        line.days_left if line.has_time else math.inf,
        -line.score,
        -(line.amount or 0),
        -line.age_days,
        line.reference or "",
    )


def plain(name: str | None) -> str:
    """A name out of a file on one line, without what is no character, cut where it is too long."""
    shown = "".join(each if each.isprintable() else " " for each in name or "")
    words = " ".join(shown.split())
    return words if len(words) <= _LONGEST_NAME else words[: _LONGEST_NAME - 1].rstrip() + "…"


def money(amount: Decimal) -> str:
    """Dollars and cents."""
    return f"${amount:,.2f}"


def days(count: int) -> str:
    """A number of days."""
    return f"{count:,} day{'' if count == 1 else 's'}"


def _line(
    alerts: Sequence[Alert],
    waiting: Mapping[UUID, Waiting],
    again: Collection[UUID],
    ui_url: str,
) -> Line:
    subjects = {alert.subject_id: alert for alert in alerts if alert.subject_id}
    known = [waiting[each] for each in subjects if each in waiting]
    first = alerts[0]
    amount = _amount(alerts, waiting)
    age = max((each.age_days or 0 for each in known), default=0)
    deadlines = [a.day_count for a in alerts if a.counts == "days_left" and a.day_count is not None]
    # the nearest that can still be met, else the one missed last
    days_left = min((each for each in deadlines if each >= 0), default=max(deadlines, default=None))
    is_over = all(alert.status == "resolved" for alert in alerts)
    name = next((each.payer_name for each in known if each.payer_name), first.payer_name)
    status = next((alert.billing_status for alert in alerts if alert.billing_status), None)
    return Line(
        reference=first.reference,
        link=claim_link(ui_url, first.reference) if first.reference else None,
        payer_name=plain(name),
        amount=amount,
        amount_text="" if is_over else _dollars(amount, is_claim=bool(subjects)),
        facts=_said(alerts, list(subjects.values()), known, is_over),
        reasons=() if is_over else _reasons(alerts, again),
        days_left=days_left,
        age_days=age,
        is_never_billed=any(not each.was_sent for each in known),
        score=score(Situation("follow_up", amount or Decimal(0), age, days_left, status)).total,
    )


def _amount(alerts: Sequence[Alert], waiting: Mapping[UUID, Waiting]) -> Decimal | None:
    """What the sessions of a claim come to: each once, whatever the number of its alerts."""
    of_subject = {
        alert.subject_id or alert.alert_id: (
            waiting[alert.subject_id].amount if alert.subject_id in waiting else alert.amount
        )
        for alert in alerts
    }
    known = [amount for amount in of_subject.values() if amount is not None]
    return sum(known, Decimal(0)) if known else None


def _dollars(amount: Decimal | None, *, is_claim: bool) -> str:
    if amount is None:
        return "no estimate" if is_claim else ""
    return money(amount)


def _said(
    alerts: Sequence[Alert], subjects: Sequence[Alert], known: Sequence[Waiting], is_over: bool
) -> tuple[str, ...]:
    if is_over:
        return _outcome(alerts, known)
    return _facts(subjects, known) if subjects else _origin(alerts[0])


def _facts(alerts: Sequence[Alert], known: Sequence[Waiting]) -> tuple[str, ...]:
    owners = sorted({alert.owner_code or "-" for alert in alerts})
    facts = [
        *([_age(max(known, key=lambda each: each.age_days or 0))] if known else []),
        *_statuses(alerts, known),
        f"owner {'/'.join(owners)}",
    ]
    if any(each.was_sent for each in known):
        acted = [each.last_action_days for each in known if each.last_action_days is not None]
        facts.append(_last_action(min(acted)) if acted else "no action yet")
    return tuple(facts)


def _outcome(alerts: Sequence[Alert], known: Sequence[Waiting]) -> tuple[str, ...]:
    """What is over, and how it stands with the claim now."""
    now = ", ".join(_statuses(alerts, known))
    return (*sorted({alert.title for alert in alerts}), f"now {now}" if now else "no longer so")


def _statuses(alerts: Sequence[Alert], known: Sequence[Waiting]) -> list[str]:
    said = {alert.billing_status for alert in alerts} | {each.status for each in known}
    return sorted(each.replace("_", " ").lower() for each in said if each)


def _age(oldest: Waiting) -> str:
    if oldest.age_days is None:
        return "age not known"
    estimated = " est." if oldest.is_estimated else ""
    again = oldest.last_sent_age_days
    last_sent = "" if again in (None, oldest.age_days) else f" (last sent {days(again or 0)} ago)"
    return f"{days(oldest.age_days)}{estimated}{last_sent}"


def _last_action(count: int) -> str:
    return "last action today" if count <= 0 else f"last action {days(count)} ago"


def _origin(alert: Alert) -> tuple[str, ...]:
    """Which file, by number: its name is somebody's own words."""
    system = _SYSTEMS.get(alert.source or "", plain(alert.source))
    return (f"{system}, file {alert.file_id}",) if alert.file_id else ()


def _reasons(alerts: Sequence[Alert], again: Collection[UUID]) -> tuple[str, ...]:
    """What is the matter, deadlines first; that it is old its age says already."""
    said: dict[str, None] = {}
    for alert in sorted(alerts, key=lambda each: (each.counts != "days_left", each.rule_code)):
        if alert.counts == "days_left" and alert.day_count is not None:
            said[f"{alert.title} {_due(alert.day_count)}"] = None
        elif alert.rule_code != "aged_claim":
            since = alert.counts == "over" and alert.subject_id is None and alert.day_count
            said[f"{alert.title} for {days(since)}" if since else alert.title] = None
        if alert.escalation:
            said[_CALLED_IN[alert.escalation]] = None
        if alert.alert_id in again:
            said["open again"] = None
    return tuple(said)


def _due(days_left: int) -> str:
    if days_left == 0:
        return "today"
    return f"in {days(days_left)}" if days_left > 0 else f"passed {days(-days_left)} ago"
