"""The score of a work item, point by point, and the queue it is listed in."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daysheet.desk.work.scoring import Situation, queue, score

PLAIN = Situation("follow_up", Decimal(0), 0)
KINDS = ["bill_it", "follow_up", "denial", "rejection", "more_info", "credit"]
STATUSES = [None, "documented", "ready_to_bill", "submitted", "pending", "approved", "denied"]

situations = st.builds(
    Situation,
    kind=st.sampled_from(KINDS),
    amount=st.decimals(min_value=0, max_value=99999, places=2),
    age_days=st.integers(-30, 2000),
    days_left=st.none() | st.integers(-400, 400),
    status=st.sampled_from([*STATUSES, "appealing"]),
    days_in_status=st.integers(0, 400),
    is_underpaid=st.booleans(),
)


# Worked by hand: 35 * ln(1 + amount) / ln(2001) + 30 * age / 120 + 25 * deadline + 10 * state.
@pytest.mark.parametrize(
    ("given", "total"),
    [
        ({}, 2),
        ({"age_days": 2}, 3),  # 0.5 + 2 rounds up
        ({"age_days": 60}, 17),
        ({"age_days": 120}, 32),
        ({"age_days": 500}, 32),
        ({"amount": Decimal(2000)}, 37),
        ({"amount": Decimal(99999)}, 37),
        ({"amount": Decimal("130.00")}, 24),  # 35 * 4.8752 / 7.6014 = 22.45, and 2
        ({"days_left": 61}, 2),
        ({"days_left": 60}, 7),
        ({"days_left": 30}, 15),  # 12.5 + 2 = 14.5 rounds up
        ({"days_left": 14}, 22),
        ({"days_left": 7}, 27),
        ({"days_left": -1}, 27),
        ({"status": "denied"}, 10),
        ({"kind": "rejection", "status": "ready_to_bill"}, 10),
        ({"kind": "more_info", "status": "pending"}, 10),
        ({"status": "pending", "is_underpaid": True}, 8),
        ({"status": "approved", "days_in_status": 45}, 2),
        ({"status": "approved", "days_in_status": 46}, 7),
        ({"status": "ready_to_bill", "days_in_status": 7}, 2),
        ({"status": "ready_to_bill", "days_in_status": 8}, 7),
        ({"status": "appealing"}, 6),
        ({"status": "submitted", "days_in_status": 30}, 2),
        ({"status": "submitted", "days_in_status": 31}, 5),
        (
            {
                "kind": "denial",
                "amount": Decimal(2000),
                "age_days": 120,
                "days_left": 0,
                "status": "denied",
            },
            100,
        ),
    ],
)
def test_a_score_is_the_sum_of_its_parts(given, total):
    assert score(replace(PLAIN, **given)).total == total


@pytest.mark.parametrize(
    ("given", "listed"),
    [
        ({}, "on_track"),
        ({"age_days": 90}, "on_track"),
        ({"age_days": 91}, "now"),
        ({"days_left": 15}, "on_track"),
        ({"days_left": 14}, "now"),
        ({"days_left": -3}, "now"),
        ({"status": "denied"}, "now"),
        ({"kind": "more_info", "status": "pending"}, "now"),
        ({"status": "ready_to_bill", "days_in_status": 7}, "this_week"),
        ({"status": "ready_to_bill", "days_in_status": 8}, "now"),
        ({"status": "submitted", "days_in_status": 13}, "on_track"),
        ({"status": "submitted", "days_in_status": 14}, "this_week"),
        ({"status": "submitted", "days_in_status": 30}, "this_week"),
        ({"status": "submitted", "days_in_status": 31}, "now"),
        ({"status": "pending", "days_in_status": 30}, "on_track"),
        ({"status": "pending", "days_in_status": 31}, "now"),
        ({"status": "approved", "days_in_status": 45}, "on_track"),
        ({"status": "approved", "days_in_status": 46}, "now"),
    ],
)
def test_an_item_is_listed_by_what_cannot_wait(given, listed):
    item = replace(PLAIN, **given)
    assert queue(item, score(item).total) == listed


def test_a_score_of_seventy_cannot_wait():
    assert queue(PLAIN, 69) == "on_track"
    assert queue(PLAIN, 70) == "now"


@given(situations)
def test_a_score_is_between_0_and_100_its_parts_add_up_and_it_never_changes(item):
    first = score(item)
    assert first == score(replace(item))
    assert 0 <= first.total <= 100
    points = [value for name, value in first.parts().items() if name != "deadline_passed"]
    assert abs(sum(points) - first.total) <= 0.52
    assert all(0 <= got <= most for got, most in zip(points, (35, 30, 25, 10), strict=True))
    assert first.deadline_passed == (item.days_left is not None and item.days_left < 0)


@given(situations, st.decimals(min_value=0, max_value=5000, places=2), st.integers(0, 500))
def test_more_owed_or_older_never_scores_less(item, more, older):
    total = score(item).total
    assert score(replace(item, amount=item.amount + more)).total >= total
    assert score(replace(item, age_days=item.age_days + older)).total >= total


@given(situations, st.integers(-400, 400), st.integers(0, 400))
def test_a_nearer_deadline_never_scores_less(item, left, sooner):
    later = score(replace(item, days_left=left)).total
    assert score(replace(item, days_left=left - sooner)).total >= later
