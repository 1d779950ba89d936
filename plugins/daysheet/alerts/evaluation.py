"""Alerts brought up to the day: opened, changed and resolved so that they are what is true."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import psycopg

from daysheet.alerts.conditions import conditions
from daysheet.alerts.escalation import read_calendar
from daysheet.alerts.life import follow, severities
from daysheet.alerts.rules import Severity, read_rules
from daysheet.alerts.standing import keep, read_known, tell
from daysheet.desk.actors import Actor
from daysheet.desk.published import Reader

_IS_PAST = "select exists (select from desk.alert_days where as_of > desk.today())"
_SNAPSHOT = """
    with counted as (
        select *
        from unnest(%s::text[], %s::text[], %s::integer[], %s::numeric[])
        as counted (rule_code, severity, alerts, amount)
    ),

    gone as (
        delete from desk.alert_snapshots as kept
        where kept.as_of = desk.today() and not exists (
            select from counted
            where counted.rule_code = kept.rule_code and counted.severity = kept.severity
        )
    )

    insert into desk.alert_snapshots as kept (as_of, rule_code, severity, alerts, amount)
    select desk.today(), counted.* from counted
    on conflict (as_of, rule_code, severity) do update
    set alerts = excluded.alerts, amount = excluded.amount
    where (kept.alerts, kept.amount) is distinct from (excluded.alerts, excluded.amount)
"""


@dataclass(frozen=True)
class Evaluated:
    """How many alerts each thing became of; for a day in the past only its snapshot was kept."""

    opened: int = 0
    risen: int = 0
    fallen: int = 0
    reopened: int = 0
    resolved: int = 0
    woken: int = 0
    escalated: int = 0
    is_past: bool = False


def evaluate(reader: Reader, actor: Actor) -> Evaluated:
    """Bring alerts up to ``desk.today()``; a second time on the day changes nothing.

    ``reader`` is one that writes (``published(connection, is_writing=True)``). For a day before
    one that was evaluated no alert changes: what would have been true is counted and kept.
    """
    connection = reader.connection
    rules = read_rules(connection)
    true = list(severities(conditions(reader), rules))
    if _is_past(connection):
        _keep_snapshot(connection, ((c.rule_code, severe, c.amount) for c, severe in true))
        return Evaluated(is_past=True)
    known = read_known(connection)
    turn = follow(known, true, rules, read_calendar(connection))
    before = {alert.alert_id: alert for alert in known}
    keep(connection, [a for a in turn.alerts.values() if a != before.get(a.alert_id)])
    tell(connection, actor, turn.events)
    _keep_snapshot(connection, ((a.rule_code, a.severity, a.amount) for a in turn.live()))
    connection.execute(
        "insert into desk.alert_days (as_of) values (desk.today()) on conflict do nothing"
    )
    return Evaluated(**Counter(event.kind for event in turn.events))


def _is_past(connection: psycopg.Connection) -> bool:
    row = connection.execute(_IS_PAST).fetchone()
    assert row is not None
    return row[0]


def _keep_snapshot(
    connection: psycopg.Connection, alerts: Iterable[tuple[str, Severity, Decimal | None]]
) -> None:
    """How many of each rule and severity there are on the day, and what they come to."""
    amounts: dict[tuple[str, Severity], list[Decimal]] = defaultdict(list)
    for rule_code, severe, amount in alerts:
        amounts[rule_code, severe].append(amount or Decimal(0))
    groups = sorted(amounts)
    connection.execute(
        _SNAPSHOT,
        [
            [rule_code for rule_code, _ in groups],
            [severe for _, severe in groups],
            [len(amounts[group]) for group in groups],
            [sum(amounts[group], Decimal(0)) for group in groups],
        ],
    )
