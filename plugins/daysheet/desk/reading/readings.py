"""What the metrics are today: each with what was divided by what, and what stands beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import dict_row

from daysheet.warehouse.desk_views import QUERIES


@dataclass(frozen=True)
class Reading:
    """A metric on the as-of date: ``value`` is None, shown as a dash, where there is no data.

    ``judged`` is what is held against the target: mostly the value itself; of collections the
    percentage of the budget's pace, of claims per staff the most of one person over the mean.
    ``sample`` is how many sessions, outcomes or people an average or a rate is made of.
    """

    metric: str
    value: Decimal | None
    num: Decimal | None
    den: Decimal | None
    judged: Decimal | None
    sample: int | None
    beside: Mapping[str, Any]


@dataclass(frozen=True)
class Readings:
    """All readings of one day: the seven of the dashboard, and its second strip."""

    as_of: date
    seven: tuple[Reading, ...]
    strip: tuple[Reading, ...]


@dataclass(frozen=True)
class _Shown:
    """Names of the figures a metric of the dashboard is shown with."""

    metric: str
    num: str
    den: str | None = None
    sample: str | None = None
    beside: tuple[str, ...] = ()


_SEVEN = (
    _Shown(
        "unbilled_sessions", "unbilled_sessions", beside=("unbilled_amount", "oldest_unbilled_on")
    ),
    _Shown("outstanding_claims_amount", "outstanding_claims_amount", beside=("payer_credits",)),
    _Shown(
        "avg_days_to_payment",
        "days_to_payment",
        "days_to_payment_sample",
        "days_to_payment_sample",
        (
            "median_days_to_payment",
            "avg_days_service_to_payment",
            "unknown_payment_days",
            "paid_before_submission",
        ),
    ),
    _Shown(
        "aging_over_90",
        "aging_over_90",
        "sessions_in_ar",
        beside=("over_90_amount", "over_90_pct", "over_90_unbilled"),
    ),
    _Shown("denial_rate_pct", "denied", "denial_rate_sample", "denial_rate_sample"),
    _Shown(
        "collections_mtd",
        "collections_mtd",
        "budget_pace",
        beside=("collections_mtd_insurance", "unapplied_amount"),
    ),
    _Shown(
        "claims_per_staff_mean",
        "rows_of_staff",
        "staff_count",
        "staff_count",
        ("claims_per_staff_max", "claims_per_staff_min", "claims_unassigned"),
    ),
)
# Metric: what is divided by what, times what; days in AR is AR over the charges of a day.
_STRIP = {
    "days_in_ar": ("ar_amount", "daily_charges", 1),
    "clean_claim_rate_pct": ("answered_clean", "answered", 100),
    "first_pass_rate_pct": ("paid_at_once", "adjudicated", 100),
    "net_collection_rate_pct": ("settled_paid", "settled_expected", 100),
    "appeals_overturned_pct": ("overturned", "decided", 100),
    "denial_writeoff_pct": ("denied_write_offs", "recent_expected", 100),
}


def measure(connection: psycopg.Connection, *, with_strip: bool = True) -> Readings:
    """Read the metrics of ``desk.today()``; what has no denominator has no value."""
    found = _one_row(connection, "select * from desk.dashboard_metrics")
    found |= _one_row(connection, _query("beside_metrics"))
    found["over_90_pct"] = _share(found["over_90_amount"], found["outstanding_claims_amount"], 100)
    strip = _one_row(connection, _query("second_strip")) if with_strip else None
    return Readings(
        found["as_of"],
        tuple(_of_the_dashboard(shown, found) for shown in _SEVEN),
        tuple(
            _rate(metric, strip[num], strip[den], times)
            for metric, (num, den, times) in (_STRIP.items() if strip else ())
        ),
    )


def _one_row(connection: psycopg.Connection, query: str) -> dict[str, Any]:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(query).fetchone()
    assert row is not None
    return row


def _query(name: str) -> str:
    return (QUERIES / f"{name}.sql").read_text(encoding="utf-8")


def _of_the_dashboard(shown: _Shown, found: Mapping[str, Any]) -> Reading:
    value = _number(found[shown.metric])
    match shown.metric:
        case "collections_mtd":
            judged = _share(value, found["budget_pace"], 100)
        case "claims_per_staff_mean":
            judged = _spread(found["claims_per_staff_max"], value)
        case _:
            judged = value
    return Reading(
        shown.metric,
        value,
        _number(found[shown.num]),
        _number(found[shown.den]) if shown.den else None,
        judged,
        found[shown.sample] if shown.sample else None,
        {name: found[name] for name in shown.beside},
    )


def _rate(metric: str, num: Any, den: Any, times: int) -> Reading:
    value = _share(num, den, times)
    sample = den if isinstance(den, int) else None  # a sum of money is no sample
    return Reading(metric, value, _number(num), _number(den), value, sample, {})


def _number(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)


def _share(part: Any, whole: Any, times: int) -> Decimal | None:
    return round(times * Decimal(part) / Decimal(whole), 1) if whole else None


def _spread(most: int | None, mean: Decimal | None) -> Decimal | None:
    if most is None or mean is None:
        return None
    return most / mean if mean else Decimal(1)  # nobody has anything: shared out evenly
