"""The generator's own aging, on cases small enough to do by hand."""

import datetime

import pytest

from daysheet.synthetic.ledger import Account, age

TODAY = datetime.date(2026, 11, 20)


def ago(days: int) -> datetime.date:
    return TODAY - datetime.timedelta(days=days)


def account() -> Account:
    return Account(TODAY)


@pytest.mark.parametrize(
    ("days", "bucket"),
    [(0, 0), (30, 0), (31, 1), (60, 1), (61, 2), (90, 2), (91, 3), (9999, 3)],
)
def test_both_ends_of_a_bucket_belong_to_it(days: int, bucket: int):
    one = account()
    one.charge(ago(days), 70_000)
    assert age([one], TODAY) == [70_000 * (n == bucket) for n in range(4)]


def test_credit_pays_the_oldest_of_the_whole_family_first():
    parent, child = account(), account()
    child.charge(ago(100), 500_000)
    parent.charge(ago(70), 400_000)
    parent.charge(ago(3), 300_000)
    parent.pay(ago(1), 600_000)
    assert age([parent, child], TODAY) == [300_000, 0, 300_000, 0]


def test_an_attached_discount_lowers_the_bucket_of_its_procedure_first():
    one = account()
    one.charge(ago(100), 500_000)
    one.charge(ago(40), 200_000)
    one.adjust(ago(2), -300_000, procedure=9, on=ago(40))
    # 100 of the discount is left after the procedure's own bucket, and goes to the oldest.
    assert age([one], TODAY) == [0, 0, 0, 400_000]


def test_a_future_row_counts_in_the_balance_and_not_in_a_bucket():
    one = account()
    one.charge(ago(-5), 100_000)
    one.adjust(ago(-5), -20_000, procedure=9, on=ago(10))
    one.charge(ago(10), 100_000)
    assert one.balance == 180_000
    assert age([one], TODAY) == [80_000, 0, 0, 0], "an attached discount is moved to its procedure"


def test_a_plan_charge_counts_when_its_day_has_come():
    one = account()
    one.plan_debit(ago(0), 50_000, closed=False)
    one.plan_debit(ago(-10), 60_000, closed=False)
    one.plan_debit(ago(-11), 70_000, closed=False)
    assert one.balance == 50_000
    assert one.plan_due == 110_000
