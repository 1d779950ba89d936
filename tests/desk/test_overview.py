"""Beside the metrics: which alerts the dashboard names, and what it counts as paid lately."""

from datetime import timedelta

import pytest

from daysheet.desk.published import published
from daysheet.desk.reading.overview import CriticalAlert, critical_alerts, stages
from tests.desk import invented
from tests.desk.conftest import TODAY


def alert(db, session_id, rule, day_count, amount, **columns):
    invented.insert(
        db,
        "alerts",
        {"session_id": session_id, "rule_code": rule, "severity": "critical",
         "day_count": day_count, "amount": amount, "critical_since": TODAY} | columns,
        "alert_id",
    )  # fmt: skip


def named(db) -> list[CriticalAlert]:
    with published(db) as reader:
        return critical_alerts(reader)


@pytest.mark.parametrize(
    ("in_time", "too_late", "expected"),
    [
        (0, 0, []),
        (2, 0, [101, 100]),
        # the dearest of all is too late, and not named while there are five to save
        (7, 2, [106, 105, 104, 103, 102]),
        (5, 1, [104, 103, 102, 101, 100]),
        (4, 2, [103, 102, 101, 100, 901]),
        (3, 4, [102, 101, 100, 903, 902]),
        (0, 6, [905, 904, 903, 902, 901]),
    ],
)
def test_the_dearest_that_can_be_saved_are_named_first(db, in_time, too_late, expected):
    open_ones = [{"service_on": TODAY}] * (in_time + too_late)
    keys = iter(invented.sessions(db, open_ones))
    for place in range(in_time):
        # days left, the last of them today; or a rule that counts days since
        rule, days = ("filing_deadline", 0) if place % 2 else ("aged_claim", 91)
        alert(db, next(keys), rule, days, 100 + place)
    for place in range(too_late):
        alert(db, next(keys), "filing_deadline", -1, 900 + place)
    assert [each.amount for each in named(db)] == expected


def test_of_equal_amounts_the_oldest_is_named_first_and_without_one_the_last(db):
    keys = invented.sessions(db, [{"service_on": TODAY}] * 4)
    for key, amount, age in zip(keys, (50, 50, None, 70), (1, 2, 3, 0), strict=True):
        alert(db, key, "aged_claim", 90 + age, amount, critical_since=TODAY - timedelta(days=age))
    assert [each.day_count for each in named(db)] == [90, 92, 91, 93]


def test_what_ended_or_is_not_critical_is_not_named(db):
    keys = invented.sessions(db, [{"service_on": TODAY}] * 2)
    alert(db, keys[0], "aged_claim", 91, 50, status="resolved", resolved_on=TODAY,
          resolved_how="cleared")  # fmt: skip
    alert(db, keys[1], "aged_claim", 80, 50, severity="high", critical_since=None)
    assert named(db) == []


def test_paid_in_30_days_goes_by_the_day_of_the_payment(db):
    """The day it was found out counts only where nobody knows the day of the payment."""

    def paid(days, found, source="remittance"):
        day = TODAY - timedelta(days=days) if days is not None else None
        return {
            "service_on": TODAY - timedelta(days=200), "billing_status": "paid", "paid_on": day,
            "paid_on_source": source if day else "unknown", "ins_charge": 100,
            "ins_paid_reported": 100, "status_since": TODAY - timedelta(days=found),
        }  # fmt: skip

    given = [paid(29, 0), paid(30, 0), paid(29, 29), paid(None, 29), paid(None, 30)]
    invented.sessions(db, given)
    with published(db) as reader:
        last = stages(reader)[-1]
    assert (last.status, last.sessions, last.amount) == ("paid", 3, 300)
