"""A metric as a card: its figure, what it is held against and compared with, in words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from daysheet.desk.reading.metrics import BOUND_IS_GREEN, HIGHER_IS_BETTER, Metric, Target
from daysheet.warehouse.desk_views import load_view
from daysheet.web.charts import Line, line
from daysheet.web.pages import day, money

Unit = Literal["count", "money", "days", "percent", "mean", "day"]


@dataclass(frozen=True)
class Words:
    """``rows`` is the page with the rows behind it, which are ``rows_are``.

    ``sample`` is what the sample counts; ``meaning`` what the view does not say of the metric.
    """

    title: str
    unit: Unit
    rows: str
    rows_are: str
    sample: str = ""
    meaning: str = ""


@dataclass(frozen=True)
class Card:
    """Ready to be shown; ``trend`` is "" where there is nothing to compare with."""

    name: str
    words: Words
    figure: str
    tone: Literal["good", "warn", "bad", "done"]
    verdict: str
    trend: str
    trend_tone: Literal["better", "worse", "neither"]
    line: Line | None
    weeks: str
    beside: tuple[tuple[str, str], ...]
    sample: str
    is_small_sample: bool
    target: str
    meaning: str


_SESSIONS = "/aging?source=simplepractice&snoozed=show"
WORDS = {
    "unbilled_sessions": Words(
        "Unbilled sessions",
        "count",
        f"{_SESSIONS}&bracket=not_submitted",
        "the sessions not billed",
    ),
    "outstanding_claims_amount": Words(
        "Outstanding claims", "money", _SESSIONS, "the claims outstanding"
    ),
    "avg_days_to_payment": Words(
        "Average days to payment", "days", "/metrics/avg_days_to_payment", "the paid sessions",
        "paid sessions",
    ),
    "aging_over_90": Words(
        "Aging over 90 days", "count", f"{_SESSIONS}&bracket=90%2B", "the claims over 90 days"
    ),
    "denial_rate_pct": Words(
        "Denial rate", "percent", "/metrics/denial_rate_pct", "the answers", "first answers"
    ),
    "collections_mtd": Words(
        "Collections this month", "money", "/metrics/collections_mtd", "the payments"
    ),
    "claims_per_staff_mean": Words(
        "Claims per staff", "mean", "/metrics/claims_per_staff_mean", "each person's", "people"
    ),
    "days_in_ar": Words(
        "Days in receivables", "days", _SESSIONS, "the claims outstanding",
        meaning="What insurers owe, by the charges of an average day of the last 90.",
    ),
    "clean_claim_rate_pct": Words(
        "Clean claims", "percent", "/claims", "the claims", "sessions answered",
        "Of sessions sent in the last 90 days and answered, those that went through at once.",
    ),
    "first_pass_rate_pct": Words(
        "Paid at the first pass", "percent", "/claims", "the claims", "first answers",
        "Of the first answers in the last 90 days, those that paid in full.",
    ),
    "net_collection_rate_pct": Words(
        "Net collection rate", "percent", "/claims", "the claims",
        meaning="Of visits 90 to 180 days ago, what insurers paid of what they were to pay.",
    ),
    "appeals_overturned_pct": Words(
        "Appeals won", "percent", "/claims?tab=appealing", "the appealed claims", "appeals decided",
        "Of the appeals decided in the last 90 days, those that turned the denial over.",
    ),
    "denial_writeoff_pct": Words(
        "Written off after denials", "percent", "/claims?tab=denied", "the denied claims",
        meaning="What was written off after denials in 90 days, of what insurers were to pay.",
    ),
}  # fmt: skip

# What stands below the figure of a metric; days left out only if there are any.
_BESIDE: dict[str, tuple[tuple[str, str, Unit], ...]] = {
    "unbilled_sessions": (
        ("unbilled_amount", "Worth", "money"),
        ("oldest_unbilled_on", "Oldest visit", "day"),
    ),
    "outstanding_claims_amount": (("payer_credits", "Credits, not taken off", "money"),),
    "avg_days_to_payment": (
        ("median_days_to_payment", "Median", "days"),
        ("avg_days_service_to_payment", "From the visit", "days"),
        ("unknown_payment_days", "Left out, day unknown", "count"),
        ("paid_before_submission", "Left out, paid before sent", "count"),
    ),
    "aging_over_90": (
        ("over_90_amount", "Worth", "money"),
        ("over_90_pct", "Of all outstanding", "percent"),
        ("over_90_unbilled", "And never billed", "count"),
    ),
    "collections_mtd": (
        ("collections_mtd_insurance", "From insurers", "money"),
        ("unapplied_amount", "Not applied yet", "money"),
    ),
    "claims_per_staff_mean": (
        ("claims_per_staff_min", "Fewest", "count"),
        ("claims_per_staff_max", "Most", "count"),
        ("claims_unassigned", "Nobody's", "count"),
    ),
}
_ONLY_IF_ANY = {"unknown_payment_days", "paid_before_submission"}
_TONES: dict[str | None, tuple[Literal["good", "warn", "bad", "done"], str]] = {
    "green": ("good", "on target"),
    "amber": ("warn", "watch"),
    "red": ("bad", "off target"),
}


def cards(metrics: Mapping[str, Metric]) -> list[Card]:
    """Of each metric one, in their order."""
    meanings = load_view("dashboard_metrics").columns
    return [_card(name, metric, meanings) for name, metric in metrics.items()]


def _card(name: str, metric: Metric, meanings: Mapping[str, str]) -> Card:
    words, reading = WORDS[name], metric.reading
    nothing = "no data" if reading.value is None else "no target"
    tone, verdict = _TONES.get(metric.color, ("done", nothing))
    return Card(
        name=name,
        words=words,
        figure=shown(reading.value, words.unit),
        tone=tone,
        verdict=verdict,
        trend=_trend(name, metric, words.unit),
        trend_tone=_TREND_TONES[metric.is_better],
        line=line(metric.line),
        weeks=", ".join(shown(value, words.unit) for value in metric.line),
        beside=tuple(
            (title, shown(reading.beside[column], unit))
            for column, title, unit in _BESIDE.get(name, ())
            if column not in _ONLY_IF_ANY or reading.beside[column]
        ),
        sample="" if reading.sample is None else f"of {reading.sample:,} {words.sample}",
        is_small_sample=reading.value is not None
        and metric.is_small_sample
        and words.sample != "people",
        target=_target(name, metric.target, reading.den, words.unit),
        meaning=words.meaning or meanings[name],
    )


_TREND_TONES: dict[bool | None, Literal["better", "worse", "neither"]] = {
    True: "better",
    False: "worse",
    None: "neither",
}


def shown(value: Any, unit: Unit) -> str:
    """A figure as it is read; a dash where there is none."""
    return "—" if value is None else _SHOWN[unit](value)


_SHOWN: dict[Unit, Callable[[Any], str]] = {
    "count": lambda value: f"{int(value):,}",
    "money": money,
    "days": lambda value: f"{Decimal(value):.1f} days",
    "percent": lambda value: f"{value} %",
    "mean": lambda value: f"{value:,}",
    "day": day,
}


def _trend(name: str, metric: Metric, unit: Unit) -> str:
    if metric.change is None:
        return ""
    then = "on this day last month" if name == "collections_mtd" else "30 days ago"
    if not metric.change:
        return f"as {then}"
    amount = shown(abs(metric.change), unit).replace(" %", " points")
    arrow, word = ("▲", "more") if metric.change > 0 else ("▼", "less")
    return f"{arrow} {amount} {word} than {then}"


def _target(name: str, target: Target | None, pace: Decimal | None, unit: Unit) -> str:
    if target is None:
        return "none"
    if name == "claims_per_staff_mean":
        times = _plain(target.green)
        return f"green while nobody has over {times} times the mean, and none is unassigned"
    if name == "collections_mtd":
        if pace is None:
            return "none, as no monthly budget is set"
        return (
            f"green from {_plain(target.green)} %, red below {_plain(target.red)} % of"
            f" {money(pace)}, the budget's pace to this day"
        )
    green, red = shown(target.green, unit), shown(target.red, unit)
    if name in HIGHER_IS_BETTER:
        return f"green from {green}, red below {red}"
    return f"green {'up to' if name in BOUND_IS_GREEN else 'below'} {green}, red from {red}"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
