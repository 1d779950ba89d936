"""What ops are told of a morning besides what failed: files that stay away, mornings that did."""

from dataclasses import dataclass
from datetime import date

import psycopg

_MISSED = """
    with before as (
        select max(day_before.at)::date as day
        from generate_series(
            desk.today() - interval '14 days', desk.today() - interval '1 day', interval '1 day'
        ) as day_before (at)
        where desk.is_business_day(day_before.at::date)
    )

    select before.day
    from before
    where
        exists (select from desk.alert_days where as_of < before.day)
        and not exists (select from desk.alert_days where as_of in (before.day, desk.today()))
"""
_STAYED_AWAY = """
    select distinct alerts.source, rules.title, alerts.day_count, rules.ends
    from desk.alert_events as happened
    inner join desk.alerts using (alert_id)
    inner join desk.alert_rules as rules on alerts.rule_code = rules.code
    where
        happened.event_id > %s and happened.kind in ('opened', 'reopened')
        and alerts.rule_code in ('no_file', 'no_drop') and alerts.status != 'resolved'
    order by alerts.source, rules.title
"""


@dataclass(frozen=True)
class Silent:
    """A source from which nothing came for ``day_count`` days; ``ends`` is what ends that."""

    source: str
    title: str
    day_count: int
    ends: str


def missed_morning(connection: psycopg.Connection) -> date | None:
    """The business day before today if alerts were not brought up to it, though before it.

    Once those of today are, nobody need be told any more.
    """
    row = connection.execute(_MISSED).fetchone()
    return row[0] if row else None


def last_event(connection: psycopg.Connection) -> int:
    """The number of the newest event of any alert, 0 before the first."""
    row = connection.execute("select coalesce(max(event_id), 0) from desk.alert_events").fetchone()
    assert row is not None
    return row[0]


def silent_since(connection: psycopg.Connection, event_id: int) -> list[Silent]:
    """Sources that became silent, by an event after that one."""
    return [Silent(*row) for row in connection.execute(_STAYED_AWAY, [event_id])]
