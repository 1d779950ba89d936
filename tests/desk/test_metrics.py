"""The dashboard: each metric with its numerator and denominator, color, trend and snapshots."""

from datetime import date, timedelta
from decimal import Decimal
from statistics import mean

import pytest

from daysheet.desk.published import published
from daysheet.desk.reading.metric_rows import (
    Collected,
    FirstAnswer,
    PaidSession,
    Workload,
    count_rows,
    metric_rows,
)
from daysheet.desk.reading.metrics import Target, color, read_metrics, take_snapshot
from daysheet.desk.reading.readings import Reading, measure
from daysheet.desk.reading.receivables import Order
from tests.desk import invented
from tests.desk.conftest import TODAY


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


PRACTICE = [
    # never sent: one of today, one of long ago, one of tomorrow that does not count yet
    {"service_on": TODAY, "billing_status": "completed", "ins_charge": 100},
    {"service_on": ago(100), "billing_status": "documented", "ins_charge": 50,
     "assigned_to": "ann"},
    {"service_on": ago(-1), "billing_status": "completed", "ins_charge": 70},
    # sent and open
    {"service_on": ago(95), "first_submitted_on": ago(95), "billing_status": "submitted",
     "ins_charge": 400, "assigned_to": "ann"},
    {"service_on": ago(40), "first_submitted_on": ago(40), "billing_status": "denied",
     "denied_on": ago(10), "first_adjudicated_on": ago(10), "first_outcome": "denied",
     "ins_charge": 600, "assigned_to": "ann"},
    # paid: after 20 and 30 days; once with no day known, once before it was sent
    {"service_on": ago(50), "first_submitted_on": ago(45), "paid_on": ago(25),
     "paid_on_source": "manual", "billing_status": "paid", "ins_charge": 100,
     "ins_paid_reported": 120, "first_adjudicated_on": ago(25), "first_outcome": "paid"},
    {"service_on": ago(130), "first_submitted_on": ago(119), "paid_on": ago(89),
     "paid_on_source": "manual", "billing_status": "paid", "ins_charge": 200,
     "ins_paid_reported": 150, "write_off_reported": 50},
    {"service_on": ago(60), "paid_on_source": "unknown", "billing_status": "paid",
     "ins_charge": 100, "ins_paid_reported": 100},
    {"service_on": ago(60), "first_submitted_on": ago(30), "paid_on": ago(31),
     "paid_on_source": "manual", "billing_status": "paid", "ins_charge": 100,
     "ins_paid_reported": 100},
    # paid a day too long ago for an average of 90 days
    {"service_on": ago(130), "first_submitted_on": ago(120), "paid_on": ago(90),
     "paid_on_source": "manual", "billing_status": "paid", "ins_charge": 1, "ins_paid_reported": 1},
]  # fmt: skip


@pytest.fixture
def practice(db):
    invented.staff(db, "ann")
    invented.staff(db, "bob")
    invented.staff(db, "gone", active=False)
    payer = invented.payer(db)
    invented.sessions(db, PRACTICE)
    for day, amount in ((TODAY, 500), (date(2026, 11, 1), 250), (date(2026, 10, 31), 999)):
        columns = {
            "payer_id": payer, "method": "eft", "received_on": day, "amount": amount,
            "source": "payment_report", "by_user": "tests", "idempotency_key": str(amount),
        }  # fmt: skip
        invented.insert(db, "payments", columns, "payment_id")
    return db


def found(db) -> dict[str, Reading]:
    today = measure(db)
    return {one.metric: one for one in (*today.seven, *today.strip)}


@pytest.mark.parametrize(
    ("metric", "value", "num", "den"),
    [
        ("unbilled_sessions", 2, 2, None),
        ("outstanding_claims_amount", 1000, 1000, None),
        ("avg_days_to_payment", 25, 50, 2),
        ("aging_over_90", 1, 1, 2),
        ("denial_rate_pct", 50, 1, 2),
        ("collections_mtd", 750, 750, None),  # no budget
        ("claims_per_staff_mean", Decimal("1.5"), 3, 2),
        # 1,000 owed; charges of 90 days: 100 + 600 + 100 + 100 + 100
        ("days_in_ar", Decimal("90.0"), 1000, Decimal("11.11")),
        ("clean_claim_rate_pct", 100, 3, 3),
        ("first_pass_rate_pct", 50, 1, 2),
        # visits 90 to 180 days old: 50 + 400 + (200 - 50) + 1 expected, 150 + 1 paid
        ("net_collection_rate_pct", Decimal("25.1"), 151, 601),
        ("appeals_overturned_pct", None, 0, 0),
        ("denial_writeoff_pct", 0, 0, 1000),
    ],
)
def test_a_metric_is_its_numerator_over_its_denominator(practice, metric, value, num, den):
    reading = found(practice)[metric]
    assert (reading.value, reading.num, reading.den) == (value, num, den)


def test_what_stands_beside_a_metric_is_counted_too(practice):
    readings = found(practice)
    assert readings["unbilled_sessions"].beside == {
        "unbilled_amount": 150, "oldest_unbilled_on": ago(100)
    }  # fmt: skip
    assert readings["outstanding_claims_amount"].beside == {"payer_credits": 20}
    assert readings["avg_days_to_payment"].beside == {
        "median_days_to_payment": 25,
        "avg_days_service_to_payment": 33,
        "unknown_payment_days": 1,
        "paid_before_submission": 1,
    }
    assert readings["aging_over_90"].beside == {
        "over_90_amount": 400, "over_90_pct": 40, "over_90_unbilled": 1
    }  # fmt: skip
    assert readings["claims_per_staff_mean"].beside == {
        "claims_per_staff_max": 3, "claims_per_staff_min": 0, "claims_unassigned": 2
    }  # fmt: skip
    assert readings["collections_mtd"].beside["unapplied_amount"] == 1749


def test_each_figure_is_made_of_the_rows_listed_behind_it(practice):
    invented.insert(
        practice,
        "payments",
        {"payer_id": None, "method": "card", "received_on": TODAY, "amount": 9, "source": "manual",
         "by_user": "tests", "idempotency_key": "client"},
        "payment_id",
    )  # fmt: skip

    def rows(shape, column, number):
        with published(practice) as reader:
            listed = metric_rows(reader, shape, Order(column, is_descending=True))
            assert count_rows(reader, shape) == len(listed) == number
        return listed

    readings = found(practice)
    paid = rows(PaidSession, "days_to_payment", readings["avg_days_to_payment"].sample)
    assert [(row.days_to_payment, row.days_from_service) for row in paid] == [(30, 41), (20, 25)]
    assert mean(row.days_to_payment for row in paid) == readings["avg_days_to_payment"].value
    answers = rows(FirstAnswer, "is_denied", readings["denial_rate_pct"].sample)
    assert [row.first_outcome for row in answers] == ["denied", "paid"]
    received = rows(Collected, "received_on", 3)
    assert sum(row.amount for row in received) == readings["collections_mtd"].value == 759
    people = rows(Workload, "open_rows", readings["claims_per_staff_mean"].sample)
    assert [
        (row.display_code, row.open_rows, row.sent_rows, row.never_sent_rows, row.outstanding)
        for row in people
    ] == [("ann", 3, 2, 1, 1050), ("bob", 0, 0, 0, 0)]


def test_the_pace_of_the_budget_goes_by_business_days(practice):
    practice.execute(
        "update desk.practice_setting set value = '2000' where name = 'monthly_budget'"
    )
    # November 2026 has 21 weekdays, 15 of them up to the 20th; a holiday takes one of each
    reading = found(practice)["collections_mtd"]
    assert reading.den == round(Decimal(2000) * 15 / 21, 2)
    practice.execute("insert into desk.holiday values ('2026-11-11', 'Veterans Day')")
    reading = found(practice)["collections_mtd"]
    assert reading.den == 1400
    assert reading.judged == Decimal("53.6")
    assert read_metrics(practice).seven["collections_mtd"].color == "red"


def judged(metric: str, value: str | None, **beside) -> Reading:
    number = None if value is None else Decimal(value)
    return Reading(metric, number, number, None, number, None, beside)


@pytest.mark.parametrize(
    ("metric", "colors"),
    [
        ("unbilled_sessions", {"9": "green", "10": "amber", "14": "amber", "15": "red"}),
        ("outstanding_claims_amount", {"5000": "green", "5000.01": "amber", "6250": "red"}),
        ("avg_days_to_payment", {"44.99": "green", "45": "amber", "60": "red", None: None}),
        ("aging_over_90", {"0": "green", "1": "red"}),
        ("denial_rate_pct", {"4.9": "green", "5.0": "amber", "10.0": "red", None: None}),
        ("collections_mtd", {"100": "green", "99.9": "amber", "90": "amber", "89.9": "red"}),
        ("claims_per_staff_mean", {"1.5": "green", "1.6": "red"}),
        ("days_in_ar", {"30": "green", "39": "amber", "40": "red"}),
        ("clean_claim_rate_pct", {"95": "green", "94.9": "red"}),
        ("appeals_overturned_pct", {"50": None}),
    ],
)
def test_colors_follow_the_targets(db, metric, colors):
    rows = db.execute("select metric, green, red from desk.metric_targets").fetchall()
    target = {name: Target(green, red) for name, green, red in rows}.get(metric)
    assert {value: color(judged(metric, value), target) for value in colors} == colors


def test_claims_without_an_owner_are_never_green(db):
    target = Target(Decimal("1.5"), Decimal("1.5"))
    assert color(judged("claims_per_staff_mean", "1", claims_unassigned=0), target) == "green"
    assert color(judged("claims_per_staff_mean", "1", claims_unassigned=1), target) == "amber"


def test_a_month_may_have_its_own_target(practice):
    def target():
        return read_metrics(practice).seven["outstanding_claims_amount"].target.green

    practice.execute(
        "insert into desk.metric_targets (metric, month, green, red) values"
        " ('outstanding_claims_amount', '2026-11-01', 900, 950),"
        " ('outstanding_claims_amount', '2026-12-01', 1, 2)"
    )
    assert target() == 900
    practice.execute("select set_config('daysheet.as_of', '2026-10-31', false)")
    assert target() == 5000


def test_case_65_without_data_or_targets_there_is_no_color_and_no_error(db):
    db.execute("delete from desk.metric_targets")
    dashboard = read_metrics(db)
    shown = {**dashboard.seven, **dashboard.strip}
    assert len(shown) == 13
    assert {one.color for one in shown.values()} == {None}
    assert dashboard.seven["avg_days_to_payment"].reading.value is None
    assert dashboard.seven["denial_rate_pct"].is_small_sample
    assert take_snapshot(db) == 13


def test_a_snapshot_taken_again_changes_nothing(practice):
    assert take_snapshot(practice) == 13
    kept = snapshots(practice)
    assert take_snapshot(practice) == 0
    assert snapshots(practice) == kept
    invented.sessions(
        practice, [{"billing_code": "NEW", "billing_status": "documented", "ins_charge": 9}]
    )
    assert take_snapshot(practice) == 3  # unbilled sessions, and what is divided by charges


def snapshots(db):
    return db.execute("select * from desk.metric_snapshots order by metric").fetchall()


def test_the_trend_and_the_line_are_read_from_snapshots_of_past_days(practice):
    for days in (0, 30, 31, 7, 8, 90, 91):
        practice.execute("select set_config('daysheet.as_of', %s, false)", [str(ago(days))])
        take_snapshot(practice)
    practice.execute("select set_config('daysheet.as_of', %s, false)", [str(TODAY)])
    over_90 = read_metrics(practice).seven["aging_over_90"]
    assert over_90.change == 1  # 65 days old then
    # of each week the newest: 90 days ago is in the first of 13, 91 in none
    assert [value for value in over_90.line if value is not None] == [0, 0, 0, 1]
    assert [at for at, value in enumerate(over_90.line) if value is not None] == [0, 8, 11, 12]
    collections = read_metrics(practice).seven["collections_mtd"]
    assert collections.change == 750  # October 20, as much as on October 21
