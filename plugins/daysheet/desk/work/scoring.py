"""How urgent a work item is: a score of 0 to 100 whose parts can be shown, and its queue."""

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Queue = Literal["now", "this_week", "on_track"]

_FULL_AMOUNT = 2000  # dollars from which the amount counts in full
_FULL_AGE = 120  # days from which the age does
_DEADLINES = ((7, 1.0), (14, 0.8), (30, 0.5), (60, 0.2))  # days left -> share of the part


@dataclass(frozen=True)
class Situation:
    """What the score of an item goes by; days are whole calendar days.

    ``status`` is the billing status of its session, None for an item about something else;
    ``days_left`` counts to its nearest deadline, below 0 when that has passed.
    """

    kind: str
    amount: Decimal
    age_days: int
    days_left: int | None = None
    status: str | None = None
    days_in_status: int = 0
    is_underpaid: bool = False


@dataclass(frozen=True)
class Score:
    """``total`` is the rounded sum of the four parts: 35, 30, 25 and 10 points at most."""

    total: int
    amount: float
    age: float
    deadline: float
    state: float
    deadline_passed: bool

    def parts(self) -> dict[str, float | bool]:
        """What to show beside the total, in points."""
        return {
            "amount": round(self.amount, 2),
            "age": round(self.age, 2),
            "deadline": round(self.deadline, 2),
            "state": round(self.state, 2),
            "deadline_passed": self.deadline_passed,
        }


def score(item: Situation) -> Score:
    """The same situation always has the same score.

    35 points by the logarithm of the amount, 30 by age, 25 by the days left, 10 by the state.
    """
    owed = max(float(item.amount), 0.0)
    amount = 35 * min(1.0, math.log1p(owed) / math.log1p(_FULL_AMOUNT))
    age = 30 * min(max(item.age_days, 0), _FULL_AGE) / _FULL_AGE
    deadline = 25 * _by_days_left(item.days_left)
    state = 10 * _by_state(item)
    return Score(
        total=math.floor(amount + age + deadline + state + 0.5),
        amount=amount,
        age=age,
        deadline=deadline,
        state=state,
        deadline_passed=item.days_left is not None and item.days_left < 0,
    )


def queue(item: Situation, total: int) -> Queue:
    """Where the item is listed: what cannot wait, what is for this week, and the rest."""
    status, days = item.status, item.days_in_status
    cannot_wait = (
        total >= 70
        or item.age_days > 90
        or (item.days_left is not None and item.days_left <= 14)
        or item.kind == "more_info"
        or status == "denied"
        or (status == "ready_to_bill" and days > 7)
        or (status in ("submitted", "pending") and days > 30)
        or (status == "approved" and days > 45)
    )
    if cannot_wait:
        return "now"
    if status == "ready_to_bill" or (status == "submitted" and days >= 14):
        return "this_week"
    return "on_track"


def _by_days_left(days_left: int | None) -> float:
    if days_left is None:
        return 0.0
    return next((share for days, share in _DEADLINES if days_left <= days), 0.0)


def _by_state(item: Situation) -> float:
    status, days = item.status, item.days_in_status
    if status == "denied" or item.kind in ("rejection", "more_info"):
        return 1.0
    if item.is_underpaid:
        return 0.8
    if (status == "approved" and days > 45) or (status == "ready_to_bill" and days > 7):
        return 0.7
    if status == "appealing":
        return 0.6
    if status == "submitted" and days > 30:
        return 0.5
    return 0.2
