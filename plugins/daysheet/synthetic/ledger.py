"""The known answer: what each patient's account adds up to, kept while the rows are written."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

PARTS = (
    "production",
    "adjustments",
    "insurance_payments",
    "writeoffs",
    "patient_payments",
    "payplan",
)
PENDING = ("insurance_pending", "writeoff_pending")
BILL_IN_ADVANCE = timedelta(days=10)


@dataclass(slots=True)
class Account:
    """One patient's ledger; amounts add to what is owed.

    ``version`` is the practice's PayPlansVersion (1 to 4): which plan entries touch the account.
    """

    until: date
    version: int = 2
    sums: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    plan_due: int = 0
    entries: list[tuple[date, int]] = field(default_factory=list)
    # (procedure, day, procedure's day, amount): netted within the procedure when aged
    offsets: list[tuple[int, date, date, int]] = field(default_factory=list)
    # (procedure's day, paid on, amount): what insurance was expected to take
    waits: list[tuple[date, date, int]] = field(default_factory=list)

    @property
    def balance(self) -> int:
        """What is owed; the parts add up to it."""
        return sum(self.sums[part] for part in PARTS)

    def booked(self) -> list[tuple[date, int]]:
        """Every entry by its own day."""
        return self.entries + [(day, amount) for _, day, _, amount in self.offsets]

    def charge(self, day: date, amount: int) -> None:
        """A completed procedure: fee times units."""
        self._post("production", day, amount)

    def wait(self, on: date, paid_on: date, amount: int) -> None:
        """Insurance was expected to take ``amount`` of work done ``on`` a day until it paid."""
        if amount:
            self.waits.append((on, paid_on, amount))

    def insure(self, day: date, paid: int, writeoff: int) -> None:
        """A paid claim line (paid is 0 when it pays a tracked plan)."""
        self.sums["insurance_payments"] -= paid
        self.sums["writeoffs"] -= writeoff
        self.rows += 1
        self.entries.append((day, -paid - writeoff))

    def expect(self, estimate: int, writeoff: int) -> None:
        """A claim line not received yet; outside the balance."""
        self.sums["insurance_pending"] += estimate
        self.sums["writeoff_pending"] += writeoff
        self.rows += 1

    def adjust(self, day: date, amount: int, procedure: int = 0, on: date = date.min) -> None:
        """An adjustment, of ``procedure`` done ``on`` a day where it has one."""
        self._post("adjustments", day, amount, procedure, on)

    def pay(self, day: date, amount: int) -> None:
        """A payment split that shows on the account; negative is a refund."""
        self._post("patient_payments", day, -amount)

    def pay_plan(self, day: date, amount: int, closed: bool) -> None:
        """A payment split to a plan."""
        if self.version in (2, 4):
            self.pay(day, amount)
        if self._is_due(closed):
            self.plan_due -= amount

    def plan_open(self, day: date, completed: int, tracked: bool = False) -> None:
        """A plan, the completed amount it takes over, and whether it tracks insurance."""
        if self.version == 1 or (self.version == 4 and tracked):
            self._post("payplan", day, -completed)

    def plan_debit(self, day: date, amount: int, closed: bool) -> None:
        """A plan charge; it counts once its day has come."""
        if self.version == 2 and day <= self.until:
            self._post("payplan", day, amount)
        if self._is_due(closed) and day <= self.until + BILL_IN_ADVANCE:
            self.plan_due += amount

    def plan_credit(self, day: date, amount: int, procedure: int = 0, on: date = date.min) -> None:
        """Production that moved to a plan; it counts once its day has come."""
        if self.version in (2, 3) and day <= self.until:
            self._post("payplan", day, -amount, procedure, on)

    def plan_link(self, day: date, amount: int, procedure: int = 0) -> None:
        """Production linked to a dynamic plan, whatever its day."""
        if self.version in (2, 3):
            self._post("payplan", day, -amount, procedure, day)

    def _is_due(self, closed: bool) -> bool:
        return not (closed and self.version == 2)

    def _post(
        self, part: str, day: date, amount: int, procedure: int = 0, on: date = date.min
    ) -> None:
        self.sums[part] += amount
        self.rows += 1
        if procedure:
            self.offsets.append((procedure, day, on, amount))
        else:
            self.entries.append((day, amount))
