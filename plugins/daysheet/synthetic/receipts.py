"""Payments from patients and their splits: who pays, when, and for whom."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from daysheet.synthetic.amounts import DOLLAR, share
from daysheet.synthetic.audit import log
from daysheet.synthetic.checks import Desk
from daysheet.synthetic.clock import NEVER, next_weekday
from daysheet.synthetic.draws import Random
from daysheet.synthetic.people import Adjustment, Family, Person, Procedure, Receipt

TRANSFER = ""
_KINDS = ("pay.card",) * 9 + ("pay.check",) * 4 + ("pay.cash",) * 3 + ("pay.ach", "pay.financing")
_HIDDEN = "unearned.treatplan"


@dataclass(slots=True)
class Split:
    """A part of a payment; ``charge`` is the plan charge it pays."""

    person: Person
    amount: int
    procedure: Procedure | None = None
    adjustment: Adjustment | None = None
    plan: int = 0
    plan_closed: bool = False
    charge: int = 0
    unearned: str = ""
    provider: int = 0


def write_payment(desk: Desk, header: Person, day: date, kind: str, splits: list[Split]) -> int:
    """Write a payment of ``kind`` (TRANSFER moves money only) with its splits, and book them."""
    office, rng = header.office, header.rng
    key = office.drop.next_key("payment")
    total = sum(split.amount for split in splits)
    entered = min(day, office.until)
    deposited = kind in ("pay.cash", "pay.check") and day <= office.until
    card = kind == "pay.card"
    recurring = card and rng.random() < 0.03
    office.drop.add(
        "payment",
        PayNum=key,
        PayType=office.defs[kind] if kind != TRANSFER else 0,
        PayDate=day,
        PayAmt=total,
        CheckNum=f"{1000 + key % 9000}" if kind == "pay.check" else "",
        BankBranch="Bank of Nowhere" if kind == "pay.check" and key % 4 == 0 else "",
        PatNum=header.key,
        ClinicNum=header.clinic,
        DateEntry=entered,
        DepositNum=desk.deposit(day, total) if deposited else 0,
        IsRecurringCC=int(recurring),
        SecUserNumEntry=rng.choice(office.users),
        SecDateTEdit=office.touched(entered, rng),
        PaymentSource=(0, 3, 11, 13)[rng.randrange(4)] if card else 0,
        ProcessStatus=int(card and rng.random() < 0.2),
        RecurringChargeDate=day if recurring else NEVER,
        PaymentStatus=2 if kind == "pay.ach" else 0,
        IsCcCompleted=int(card and rng.random() < 0.5),
        MerchantFee=share(total, 2) if card and rng.random() < 0.02 else 0,
    )
    for split in splits:
        split_key = _write_split(key, day, split)
        if kind != TRANSFER:
            split.person.receipts.append(Receipt(split_key, day, split.amount))
    log(office, rng, "payment created", entered, patient=header.key, key=key)
    return key


def _write_split(payment: int, day: date, split: Split) -> int:
    person, procedure, adjustment = split.person, split.procedure, split.adjustment
    office = person.office
    provider = split.provider or (procedure.provider if procedure else person.dentist)
    entered = min(day, office.until)
    key = office.drop.add(
        "paysplit",
        SplitAmt=split.amount,
        PatNum=person.key,
        PayNum=payment,
        ProvNum=0 if split.unearned and split.amount > 0 else provider,
        PayPlanNum=split.plan,
        DatePay=day,
        ProcNum=procedure.key if procedure else 0,
        DateEntry=entered,
        UnearnedType=office.defs[split.unearned] if split.unearned else 0,
        ClinicNum=procedure.clinic if procedure else person.clinic,
        SecUserNumEntry=person.rng.choice(office.users),
        SecDateTEdit=office.touched(entered, person.rng),
        AdjNum=adjustment.key if adjustment else 0,
        PayPlanChargeNum=split.charge,
        PayPlanDebitType=int(split.charge > 0),
    )
    person.changed = max(person.changed, entered)
    if split.unearned == _HIDDEN:
        office.extras["splits hidden on the account"] += split.amount
    elif split.plan:
        person.account.pay_plan(day, split.amount, split.plan_closed)
    else:
        person.account.pay(day, split.amount)
    if not split.plan and procedure:
        procedure.split += split.amount
    if not split.plan and adjustment:
        adjustment.split += split.amount
    return key


def receive(desk: Desk, family: Family, rng: Random) -> None:
    """Write what a family pays for its visits; what falls due on one day is one payment."""
    until = family.head.office.until
    due: dict[date, list[Split]] = defaultdict(list)
    for person in family.members:
        for procedure in person.procedures:
            if procedure.status == 2 and procedure.open > 0 and not procedure.financed:
                for day, amount in _instalments(family.habit, rng, procedure):
                    if day <= until:
                        tied = None if rng.random() < 0.06 else procedure
                        due[day].append(Split(person, amount, tied))
        for fee in person.fees:
            day = fee.day + timedelta(days=30)
            if rng.random() < 0.5 and day <= until:
                due[day].append(Split(person, fee.amount, adjustment=fee))
    for day in sorted(due):
        first = due[day][0].person
        header = family.head if rng.random() < 0.8 else first
        write_payment(desk, header, day, rng.choice(_KINDS), due[day])


def _instalments(habit: str, rng: Random, procedure: Procedure) -> list[tuple[date, int]]:
    """When and how much of the open amount is paid."""
    day, amount, roll = procedure.day, procedure.open, rng.random()
    if habit == "prompt" and roll < 0.95:
        return [(day if roll < 0.6 else _statement_day(day, 40), amount)]
    if habit == "slow" and roll > 0.1:
        half = share(amount, 50)
        later = _statement_day(day, 60 + int(rng.random() * 90))
        if amount > 200 * DOLLAR and roll < 0.7:
            return [(later, half), (_statement_day(later, 30), amount - half)]
        return [(later, amount)]
    if habit == "poor" and roll < 0.35:
        return [(_statement_day(day, 90), share(amount, 50))]
    return []


def _statement_day(day: date, days: int) -> date:
    """Statements are paid on Mondays, so that several visits meet in one payment."""
    return next_weekday(day + timedelta(days=days), 0)
