"""The generator's own aging, on cases small enough to do by hand."""

import datetime

import pytest

from daysheet.synthetic.aging import HISTORIC, age
from daysheet.synthetic.ledger import Account

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
    assert age([one], TODAY).buckets == tuple(70_000 * (n == bucket) for n in range(4))


def test_credit_pays_the_oldest_of_the_whole_family_first():
    parent, child = account(), account()
    child.charge(ago(100), 500_000)
    parent.charge(ago(70), 400_000)
    parent.charge(ago(3), 300_000)
    parent.pay(ago(1), 600_000)
    assert age([parent, child], TODAY).buckets == (300_000, 0, 300_000, 0)


def test_an_attached_discount_lowers_the_bucket_of_its_procedure_first():
    one = account()
    one.charge(ago(100), 500_000)
    one.charge(ago(40), 200_000)
    one.adjust(ago(2), -300_000, procedure=9, on=ago(40))
    # 100 of the discount is left after the procedure's own bucket, and goes to the oldest.
    assert age([one], TODAY).buckets == (0, 0, 0, 400_000)


def test_a_future_row_counts_in_the_balance_and_not_in_a_bucket():
    one = account()
    one.charge(ago(-5), 100_000)
    one.adjust(ago(-5), -20_000, procedure=9, on=ago(10))
    one.charge(ago(10), 100_000)
    assert one.balance == 180_000
    assert age([one], TODAY).buckets == (80_000, 0, 0, 0), (
        "an attached discount is moved to its procedure"
    )


def test_a_plan_charge_counts_when_its_day_has_come():
    one = account()
    one.plan_debit(ago(0), 50_000, closed=False)
    one.plan_debit(ago(-10), 60_000, closed=False)
    one.plan_debit(ago(-11), 70_000, closed=False)
    assert one.balance == 50_000
    assert one.plan_due == 110_000


def test_without_offsetting_a_discount_pays_the_oldest():
    one = account()
    one.charge(ago(100), 500_000)
    one.charge(ago(40), 200_000)
    one.adjust(ago(2), -300_000, procedure=9, on=ago(40))
    assert age([one], TODAY, offsetting=False).buckets == (0, 200_000, 0, 200_000)


def test_looking_back_leaves_out_what_came_later_but_a_discount_on_old_work():
    one = account()
    one.charge(ago(100), 500_000)
    one.charge(ago(1), 900_000)
    one.pay(ago(1), 50_000)
    one.adjust(ago(1), -20_000, procedure=9, on=ago(100))
    one.wait(ago(100), ago(1), 70_000)
    then = age([one], ago(20), mode=HISTORIC)
    assert (then.buckets, then.total) == ((0, 0, 480_000, 0), 480_000)
    assert then.insurance_estimate == 70_000
    assert age([one], TODAY).insurance_estimate == 0


def test_figures_are_rounded_to_mills_and_then_to_cents():
    one = account()
    one.charge(ago(1), 45)  # 0.0045 is 0.005, and that is a cent
    assert age([one], TODAY).total == 100
