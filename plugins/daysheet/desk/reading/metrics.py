"""The dashboard's metrics: read with target, color, trend and line, and kept day by day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

import psycopg
from psycopg.rows import class_row

from daysheet.desk.reading.readings import Reading, measure

Color = Literal["green", "amber", "red"]
SMALL_SAMPLE = 20
WEEKS = 13


@dataclass(frozen=True)
class Target:
    """Where a metric is green and where it is red; between them it is amber."""

    green: Decimal
    red: Decimal


@dataclass(frozen=True)
class Metric:
    """A reading with what it is compared with.

    ``color`` is None without data or target. ``change`` is against the snapshot of 30 days ago
    (collections: of the same day last month), None where there is none; ``is_better`` is None where
    nothing changed, or a change is neither good nor bad. ``line`` holds 13 weeks, oldest first: the
    newest snapshot of each, None where there is none; the last is the reading.
    """

    reading: Reading
    target: Target | None
    color: Color | None
    change: Decimal | None
    is_better: bool | None
    line: tuple[Decimal | None, ...]
    is_small_sample: bool


@dataclass(frozen=True)
class Dashboard:
    """The seven metrics and the second strip, by name, in the order they are shown in."""

    as_of: date
    seven: dict[str, Metric]
    strip: dict[str, Metric]


@dataclass(frozen=True)
class _Past:
    """What snapshots say of a metric: a month ago, and in each week, 0 the one that ends today."""

    metric: str
    before: Decimal | None
    weeks: dict[str, str | None]


# Lower is better, but for these.
HIGHER_IS_BETTER = {
    "collections_mtd",
    "clean_claim_rate_pct",
    "first_pass_rate_pct",
    "net_collection_rate_pct",
}
_NEITHER = {"claims_per_staff_mean"}  # its spread is judged, not the claims of a person
# "Below 10 is green" leaves 10 amber; of these the bound itself is green.
BOUND_IS_GREEN = {
    "outstanding_claims_amount",
    "aging_over_90",
    "claims_per_staff_mean",
    "days_in_ar",
}


def read_metrics(connection: psycopg.Connection, *, with_strip: bool = True) -> Dashboard:
    """What the dashboard shows of the as-of date (``desk.today()``), live."""
    with connection.transaction():
        today = measure(connection, with_strip=with_strip)
        targets, past = _targets(connection), _past(connection)
    return Dashboard(
        today.as_of,
        {one.metric: _compare(one, targets, past) for one in today.seven},
        {one.metric: _compare(one, targets, past) for one in today.strip},
    )


def take_snapshot(connection: psycopg.Connection) -> int:
    """Keep today's readings in ``desk.metric_snapshots``; returns how many were new or changed.

    Safe to run again: what says the same stays untouched. Past days are kept by setting
    ``daysheet.as_of``, with what is known of sessions now.
    """
    with connection.transaction(), connection.cursor() as cursor:
        today = measure(connection)
        cursor.executemany(
            """
            insert into desk.metric_snapshots as kept (metric, as_of, value, num, den)
            values (%s, %s, %s, %s, %s)
            on conflict (metric, as_of) do update
            set value = excluded.value, num = excluded.num, den = excluded.den, taken_at = now()
            where (kept.value, kept.num, kept.den)
                is distinct from (excluded.value, excluded.num, excluded.den)
            """,
            [
                (one.metric, today.as_of, one.value, one.num, one.den)
                for one in (*today.seven, *today.strip)
            ],
        )
        return cursor.rowcount


def _targets(connection: psycopg.Connection) -> dict[str, Target]:
    rows = connection.execute(
        """
        select distinct on (metric) metric, green, red
        from desk.metric_targets
        where month is null or month = date_trunc('month', desk.today())::date
        order by metric, month nulls last
        """
    ).fetchall()
    return {metric: Target(green, red) for metric, green, red in rows}


def _past(connection: psycopg.Connection) -> dict[str, _Past]:
    with connection.cursor(row_factory=class_row(_Past)) as cursor:
        rows = cursor.execute(
            """
            with weekly as (
                select distinct on (metric, week)
                    metric, (desk.today() - as_of) / 7 as week, value
                from desk.metric_snapshots
                where as_of between desk.today() - %(weeks)s::integer * 7 + 1 and desk.today()
                order by metric, week, as_of desc
            ),

            before as (
                select metric, value
                from desk.metric_snapshots
                where as_of = case metric
                    when 'collections_mtd' then (desk.today() - interval '1 month')::date
                    else desk.today() - 30
                end
            )

            select
                metric,
                max(before.value) as before,
                coalesce(
                    jsonb_object_agg(week, weekly.value::text) filter (where week is not null), '{}'
                ) as weeks
            from weekly full join before using (metric)
            group by metric
            """,
            {"weeks": WEEKS},
        ).fetchall()
    return {row.metric: row for row in rows}


def _compare(reading: Reading, targets: Mapping[str, Target], past: Mapping[str, _Past]) -> Metric:
    target, then = targets.get(reading.metric), past.get(reading.metric)
    weeks = then.weeks if then else {}
    line = [weeks.get(str(week)) for week in reversed(range(1, WEEKS))]
    change = None
    if reading.value is not None and then is not None and then.before is not None:
        change = reading.value - then.before
    return Metric(
        reading,
        target,
        color(reading, target),
        change,
        _is_better(reading.metric, change),
        (*(None if one is None else Decimal(one) for one in line), reading.value),
        reading.sample is not None and reading.sample < SMALL_SAMPLE,
    )


def _is_better(metric: str, change: Decimal | None) -> bool | None:
    if not change or metric in _NEITHER:
        return None
    return (change > 0) == (metric in HIGHER_IS_BETTER)


def color(reading: Reading, target: Target | None) -> Color | None:
    """Green, amber or red; None without data or target: a metric is never green for lack of data.

    Claims without an owner keep claims per staff from being green.
    """
    judged = reading.judged
    if target is None or judged is None or reading.value is None:
        return None
    if reading.metric in HIGHER_IS_BETTER:
        is_green, is_red = judged >= target.green, judged < target.red
    else:
        is_green = judged < target.green or (
            judged == target.green and reading.metric in BOUND_IS_GREEN
        )
        is_red = judged >= target.red
    if is_green:
        return "amber" if reading.beside.get("claims_unassigned") else "green"
    return "red" if is_red else "amber"
