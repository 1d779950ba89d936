"""Insurance checks, their scanned remittances, and the deposit slips that gather receipts."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from daysheet.synthetic.amounts import CENT, DOLLAR
from daysheet.synthetic.clock import next_weekday, stamp
from daysheet.synthetic.draws import Random, stream
from daysheet.synthetic.office import Office
from daysheet.synthetic.payers import Plan

_WEDNESDAY, _FRIDAY = 2, 4


@dataclass(slots=True)
class Check:
    """A check that may still take claims."""

    key: int
    carrier: str
    clinic: int
    day: date
    room: int  # claims it still takes
    total: int = 0


class Desk:
    """Hands out checks by carrier and day; writes each once full, so few are open at a time."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._open: dict[tuple[int, date], Check] = {}
        self._deposits: dict[date, int] = {}
        self._amounts: Counter[int] = Counter()

    def payday(self, received: date) -> date:
        """Carriers pay on Wednesdays."""
        return next_weekday(received, _WEDNESDAY)

    def check(self, plan: Plan, clinic: int, day: date) -> Check:
        """The carrier's check of ``day``; to be handed back with :meth:`settle`."""
        found = self._open.get((plan.carrier, day))
        if found is None:
            key = self._office.drop.next_key("claimpayment")
            room = 2 + key * 7919 % 37
            found = Check(key, plan.carrier_name, clinic, day, room)
            self._open[plan.carrier, day] = found
        return found

    def settle(self, plan: Plan, check: Check) -> None:
        """One claim more is on the check; written when it is full."""
        check.room -= 1
        if check.room == 0:
            self._write(self._open.pop((plan.carrier, check.day)))

    def deposit(self, day: date, amount: int) -> int:
        """Put a receipt on the week's deposit slip; 0 when it is not deposited yet."""
        friday = next_weekday(day, _FRIDAY)
        if friday > self._office.until:
            return 0
        if friday not in self._deposits:
            self._deposits[friday] = self._office.drop.next_key("deposit")
        self._amounts[self._deposits[friday]] += amount
        return self._deposits[friday]

    def close(self) -> None:
        """Write what is still open, and the deposit slips."""
        for check in self._open.values():
            self._write(check)
        for day, key in self._deposits.items():
            self._office.drop.add(
                "deposit",
                DepositNum=key,
                DateDeposit=day,
                Amount=self._amounts[key],
                Batch=f"B{key}" if key % 3 else "",
                DepositAccountNum=self._office.defs["deposit.auto"] if key % 2 else 0,
            )

    def _write(self, check: Check) -> None:
        office, rng = self._office, stream(self._office.seed, "check", check.key)
        partial = rng.random() < 0.02
        amount = check.total
        if partial:  # more money came than is itemized yet
            amount += rng.randrange(50, 400) * DOLLAR
        elif rng.random() < 0.005:  # a slip of the keyboard
            amount += 9 * CENT
        kind = ("inspay.check", "inspay.eft", "inspay.eft", "inspay.card")[rng.randrange(4)]
        office.drop.add(
            "claimpayment",
            ClaimPaymentNum=check.key,
            CheckDate=check.day,
            CheckAmt=amount,
            CheckNum=f"{700000 + check.key}" if kind != "inspay.card" else "",
            BankBranch="Bank of Nowhere" if kind == "inspay.check" else "",
            ClinicNum=check.clinic,
            DepositNum=self.deposit(check.day, amount) if rng.random() < 0.9 else 0,
            CarrierName=check.carrier,
            DateIssued=check.day - timedelta(days=rng.randrange(6)),
            IsPartial=int(partial),
            PayType=office.defs[kind],
            SecUserNumEntry=rng.choice(office.users),
            SecDateEntry=check.day,
            SecDateTEdit=office.touched(check.day + timedelta(days=rng.randrange(9)), rng),
            PayGroup=office.defs["group.main" if rng.random() < 0.9 else "group.other"],
        )
        for _ in range((0, 1, 1, 1, 1, 2, 3)[rng.randrange(7)]):
            self._scan(check, rng)

    def _scan(self, check: Check, rng: Random) -> None:
        extension = ("pdf", "pdf", "jpg", "tif", "PDF")[rng.randrange(5)]
        self._office.drop.add(
            "eobattach",
            ClaimPaymentNum=check.key,
            DateTCreated=stamp(
                min(check.day + timedelta(days=rng.randrange(8)), self._office.until), rng
            ),
            FileName=f"EOB_{check.key}_{rng.randrange(1000)}.{extension}",
            RawBase64="aW52ZW50ZWQgc2Nhbg==" if rng.random() < 0.2 else "",
        )
