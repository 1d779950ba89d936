"""Lesser alerts are silent while a more severe one stands on the same subject."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from daysheet.alerts.conditions import Subject
from daysheet.alerts.rules import Rule, rank
from daysheet.alerts.standing import Alert


def silence(live: Iterable[Alert], rules: Mapping[str, Rule]) -> Iterator[Alert]:
    """The alerts whose silence changes, as they are then; only rules that yield are silenced."""
    about: dict[Subject, list[Alert]] = defaultdict(list)
    for alert in live:
        about[alert.subject].append(alert)
    for alerts in about.values():
        worst = max(alerts, key=lambda alert: (rank(alert.severity), alert.rule_code))
        for alert in alerts:
            yields = rules[alert.rule_code].yields and rank(worst.severity) > rank(alert.severity)
            by = worst.rule_code if yields else None
            if by != alert.silenced_by:
                yield replace(alert, silenced_by=by)
