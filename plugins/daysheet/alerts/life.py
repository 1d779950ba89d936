"""What becomes of alerts from one look at the desk to the next; asks no database and no clock."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID, uuid4

from daysheet.alerts.conditions import Condition
from daysheet.alerts.escalation import Calendar, step
from daysheet.alerts.rules import Rule, Severity, rank, severity
from daysheet.alerts.silencing import silence
from daysheet.alerts.standing import BY_ITSELF, Alert, Event, Kind, event


@dataclass
class Turn:
    """The alerts as they stand, those just resolved too, and what became of them on the way."""

    alerts: dict[UUID, Alert] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def put(self, alert: Alert, *kinds: Kind) -> None:
        """The alert stands so from here on."""
        self.alerts[alert.alert_id] = alert
        self.events += [event(alert, kind) for kind in kinds]

    def live(self) -> list[Alert]:
        """Those that are not resolved."""
        return [alert for alert in self.alerts.values() if alert.is_live]


def follow(
    known: Iterable[Alert],
    true: Iterable[tuple[Condition, Severity]],
    rules: Mapping[str, Rule],
    calendar: Calendar,
) -> Turn:
    """What becomes of alerts now that these conditions hold, each so severe.

    ``known`` are all that are live, and before them those resolved within the last 7 days or by
    hand. What was closed by hand stays closed.
    """
    turn, today = Turn(), calendar.today
    standing = {(alert.rule_code, alert.subject): alert for alert in known}
    for condition, severe in true:
        before = standing.pop((condition.rule_code, condition.subject), None)
        if before is None:
            turn.put(_new(condition, severe, today), "opened")
        elif before.is_live or before.resolved_how == BY_ITSELF:
            turn.put(_seen(before, condition, severe, today), *_news(before, severe))
    for alert in standing.values():
        if alert.is_live:
            turn.put(_resolved(alert, today), "resolved")
    for alert in _rested(turn.live(), today):
        turn.put(alert, "woken")
    for alert in silence(turn.live(), rules):
        turn.put(alert)
    for alert in turn.live():
        escalation = step(alert, rules[alert.rule_code], calendar)
        if escalation > alert.escalation:
            turn.put(replace(alert, escalation=escalation), "escalated")
    return turn


def severities(
    true: Iterable[Condition], rules: Mapping[str, Rule]
) -> Iterator[tuple[Condition, Severity]]:
    """Each condition with how severe it is."""
    for condition in true:
        severe = severity(rules[condition.rule_code], condition.day_count)
        if severe is not None:
            yield condition, severe


def _new(condition: Condition, severe: Severity, today: date) -> Alert:
    return Alert(
        alert_id=uuid4(),
        rule_code=condition.rule_code,
        severity=severe,
        day_count=condition.day_count,
        amount=condition.amount,
        first_seen_on=today,
        last_seen_on=today,
        critical_since=today if severe == "critical" else None,
        status="open",
        silenced_by=None,
        quiet_until=None,
        escalation=0,
        resolved_on=None,
        resolved_how=None,
        subject=condition.subject,
    )


def _seen(alert: Alert, condition: Condition, severe: Severity, today: date) -> Alert:
    """It is still true, or true again: its days and money change, and how severe it is."""
    return replace(
        alert,
        severity=severe,
        day_count=condition.day_count,
        amount=condition.amount,
        last_seen_on=today,
        critical_since=(alert.critical_since or today) if severe == "critical" else None,
        status=alert.status if alert.is_live else "open",
        resolved_on=None,
        resolved_how=None,
    )


def _news(before: Alert, severe: Severity) -> list[Kind]:
    if not before.is_live:
        return ["reopened"]
    if severe == before.severity:
        return []
    return ["risen" if rank(severe) > rank(before.severity) else "fallen"]


def _resolved(alert: Alert, today: date) -> Alert:
    return replace(
        alert,
        status="resolved",
        resolved_on=today,
        resolved_how=BY_ITSELF,
        silenced_by=None,
        quiet_until=None,
    )


def _rested(alerts: Iterable[Alert], today: date) -> Iterator[Alert]:
    """Those that were quiet until now."""
    for alert in alerts:
        if alert.quiet_until is not None and alert.quiet_until <= today:
            yield replace(alert, status="open", quiet_until=None)
