"""A family's receivable by age, as the vendor computes it: on the day itself or looking back."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from daysheet.synthetic.amounts import CENT, to_cent
from daysheet.synthetic.ledger import Account

RUNNING, HISTORIC = "running", "historic"
_MILL = CENT // 10


@dataclass(frozen=True, slots=True)
class Aged:
    """What a family owes, rounded as it is shown; ``plan_due`` means nothing looking back."""

    buckets: tuple[int, int, int, int]  # 0-30, 31-60, 61-90 and over 90 days
    total: int
    insurance_estimate: int
    plan_due: int


def age(
    accounts: Iterable[Account], as_of: date, *, mode: str = RUNNING, offsetting: bool = True
) -> Aged:
    """Age a family, oldest money paid first; ``offsetting`` is preference AgingProcLifo."""
    accounts = list(accounts)
    buckets, pool, total = [0, 0, 0, 0], 0, 0
    for account in accounts:
        for day, amount in account.entries if offsetting else account.booked():
            if day > as_of:
                continue
            total += amount
            if amount > 0:
                buckets[_bucket(day, as_of)] += amount
            else:
                pool -= amount
        for day, net in _offset(account) if offsetting else ():
            if day <= as_of:
                buckets[_bucket(day, as_of)] += net
                total += net
    if mode == RUNNING:  # its total has future rows as well
        total = sum(account.balance for account in accounts)
        expected = sum(a.sums["insurance_pending"] + a.sums["writeoff_pending"] for a in accounts)
    else:
        waits = [wait for account in accounts for wait in account.waits]
        expected = sum(amount for on, paid_on, amount in waits if on <= as_of < paid_on)
    pool -= sum(min(bucket, 0) for bucket in buckets)
    return Aged(
        buckets=_pay_oldest([max(bucket, 0) for bucket in buckets], pool),
        total=_shown(total),
        insurance_estimate=_shown(expected),
        plan_due=_shown(sum(account.plan_due for account in accounts)),
    )


def _offset(account: Account) -> Iterator[tuple[date, int]]:
    """Entries of a procedure netted by day; a net credit ages by the procedure's own day."""
    nets: dict[tuple[int, date], list] = {}
    for procedure, day, on, amount in account.offsets:
        nets.setdefault((procedure, day), [0, on])[0] += amount
    for (_, day), (net, on) in nets.items():
        yield (day if net >= 0 else on), net


def _pay_oldest(buckets: list[int], pool: int) -> tuple[int, int, int, int]:
    for oldest in (3, 2, 1, 0):
        used = min(pool, buckets[oldest])
        buckets[oldest] -= used
        pool -= used
    first, second, third, last = map(_shown, buckets)
    return first, second, third, last


def _shown(amount: int) -> int:
    """To mills, then to cents, each half away from zero."""
    mills = (abs(amount) + _MILL // 2) // _MILL * _MILL
    return to_cent(mills if amount >= 0 else -mills)


def _bucket(day: date, as_of: date) -> int:
    days = (as_of - day).days
    return 0 if days <= 30 else 1 if days <= 60 else 2 if days <= 90 else 3
