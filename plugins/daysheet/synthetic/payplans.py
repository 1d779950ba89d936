"""Payment plans of each kind: static, closed, dynamic, and those that track insurance."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from daysheet.synthetic.adjustments import write_adjustment
from daysheet.synthetic.amounts import CENT, DOLLAR, share
from daysheet.synthetic.chairside import COMPLETE, book, chart
from daysheet.synthetic.checks import Desk
from daysheet.synthetic.clock import NEVER, months_later, office_day, stamp
from daysheet.synthetic.people import Adjustment, Circle, Person, Procedure
from daysheet.synthetic.receipts import Split, write_payment

Later = Callable[[], None]
_KINDS = ("static plan", "closed plan", "dynamic plan")


@dataclass(slots=True)
class _Terms:
    """A plan and who pays it."""

    key: int
    patient: Person
    payer: Person
    begins: date
    closed: bool
    dynamic: bool


def track_insurance(person: Person) -> None:
    """Open a plan that insurance pays; its charges never touch the account."""
    office, day = person.office, max(person.joined, person.office.start)
    coverage = person.coverages[0]
    person.tracked_plan = office.drop.add(
        "payplan",
        PatNum=person.key,
        Guarantor=0,
        PayPlanDate=day,
        PlanNum=coverage.plan.key,
        CompletedAmt=450 * DOLLAR,
        InsSubNum=coverage.subscription,
        NumberOfPayments=3,
        PayAmt=150 * DOLLAR,
        PlanCategory=office.defs["plancat.ortho"],
        DatePayPlanStart=day,
    )
    person.account.plan_open(day, 450 * DOLLAR, tracked=True)
    terms = _Terms(person.tracked_plan, person, person, day, False, False)
    for month in range(3):
        _charge(terms, 0, months_later(day, month), 150 * DOLLAR, guarantor=0)


def finance(desk: Desk, circle: Circle) -> list[Later]:
    """Put a large treatment on a plan; what can only be booked once all is paid comes back."""
    kind, payer = circle.oddity, circle.head
    if kind == "plan guarantor elsewhere" and len(circle.families) > 1:
        payer = circle.families[1].head
    elif kind not in _KINDS and circle.rng.random() > 0.015:
        return []
    treatment = _treatment(circle.head)
    treatment.financed = True
    if kind == "dynamic plan":
        return _dynamic(desk, treatment, payer)
    _static(desk, treatment, payer, closed=kind == "closed plan")
    return []


def _treatment(person: Person) -> Procedure:
    office = person.office
    begin = max(person.joined, office.start)
    days = max((office.until - begin).days - 130, 1)
    day = office_day(begin + timedelta(days=person.rng.randrange(days)))
    appointment = book(person, day, COMPLETE, day - timedelta(days=30))
    text = ("D6010", "D2740", "D8080")[person.rng.randrange(3)]
    person.first_visit = min(person.first_visit or day, day)
    return chart(person, office.codes[text], day, COMPLETE, appointment)


def _open(treatment: Procedure, payer: Person, months: int, kind: str) -> _Terms:
    office, patient = payer.office, treatment.person
    day, amount = treatment.day, treatment.gross
    dynamic, closed = kind == "dynamic", kind == "closed"
    key = office.drop.add(
        "payplan",
        PatNum=patient.key,
        Guarantor=payer.key,
        PayPlanDate=day,
        APR="9.9" if not dynamic else "0",
        CompletedAmt=amount,
        PaySchedule=patient.key % 3,
        NumberOfPayments=months,
        PayAmt=share(amount // months, 100),
        DownPayment=50 * DOLLAR if closed else 0,
        IsClosed=int(closed),
        PlanCategory=office.defs["plancat.standard"],
        IsDynamic=int(dynamic),
        ChargeFrequency=3,
        DatePayPlanStart=day,
        DateInterestStart=NEVER if dynamic else day,
        IsLocked=int(dynamic),
        DynamicPayPlanTPOption=1 if dynamic else 0,
    )
    patient.account.plan_open(day, amount)
    return _Terms(key, patient, payer, day, closed, dynamic)


def _charge(
    terms: _Terms,
    kind: int,
    day: date,
    principal: int,
    interest: int = 0,
    *,
    procedure: Procedure | None = None,
    guarantor: int | None = None,
    offset: bool = False,
) -> int:
    """Write a debit (0) or credit (1) of a plan."""
    office, rng = terms.patient.office, terms.patient.rng
    linked = terms.dynamic and procedure is not None
    key = office.drop.add(
        "payplancharge",
        PayPlanNum=terms.key,
        Guarantor=terms.payer.key if guarantor is None else guarantor,
        PatNum=terms.patient.key,
        ChargeDate=day,
        Principal=principal,
        Interest=interest,
        ProvNum=terms.patient.dentist,
        ClinicNum=terms.patient.clinic,
        ChargeType=kind,
        ProcNum=procedure.key if procedure is not None and kind == 1 else 0,
        SecDateTEntry=stamp(min(terms.begins, office.until), rng),
        SecDateTEdit=office.touched(terms.begins, rng),
        StatementNum=terms.patient.invoiced(0.2),
        FKey=procedure.key if linked else 0,
        LinkType=2 if linked else 0,
        IsOffset=int(offset),
    )
    if kind == 0:
        terms.payer.plan_charges.append((day, key))
    return key


def _static(desk: Desk, treatment: Procedure, payer: Person, closed: bool) -> None:
    patient, amount, months = treatment.person, treatment.gross, 9
    kind = "closed" if closed else "static"
    terms = _open(treatment, payer, months, kind)
    # Most of the treatment is credited by procedure, the rest by an old-style free credit.
    free = 100 * DOLLAR
    for credit, tied in ((amount - free, treatment), (free, None)):
        _charge(terms, 1, treatment.day, credit, procedure=tied)
        key = tied.key if tied else 0
        patient.account.plan_credit(treatment.day, credit, key, treatment.day)
    monthly, left = share(amount // months, 100), amount
    for month in range(1, months + 1):
        day = months_later(treatment.day, month)
        last = month == months or (closed and month == 4)
        principal = left if last else monthly
        left -= principal
        interest = share(left, 0.825)
        charge = _charge(terms, 0, day, principal, interest)
        payer.account.plan_debit(day, principal + interest, closed)
        if day <= payer.office.until and patient.rng.random() < 0.85:
            split = Split(
                payer, principal + interest, plan=terms.key, plan_closed=closed, charge=charge
            )
            write_payment(desk, payer, day, "pay.card", [split])
        if last:
            break


def _dynamic(desk: Desk, treatment: Procedure, payer: Person) -> list[Later]:
    patient = treatment.person
    terms = _open(treatment, payer, 6, "dynamic")
    extra = _treatment(patient)
    extra.financed = True
    fee = write_adjustment(patient, "adj.billing", 75 * DOLLAR, treatment.day)
    links = [
        _link(terms, treatment, 0),
        _link(terms, extra, 300 * DOLLAR + 25 * CENT),
        _link(terms, fee, 0),
    ]
    monthly = share(treatment.gross // 6, 100)
    for month in range(1, 7):
        day = months_later(treatment.day, month)
        if day > payer.office.until:
            break
        charge = _charge(terms, 0, day, monthly, procedure=treatment)
        payer.account.plan_debit(day, monthly, closed=False)
        if patient.rng.random() < 0.8:
            split = Split(payer, monthly, treatment, plan=terms.key, charge=charge)
            write_payment(desk, payer, day, "pay.ach", [split])
    if treatment.day + timedelta(days=70) <= payer.office.until:  # one month was charged too much
        back = treatment.day + timedelta(days=70)
        _charge(terms, 0, back, -5 * DOLLAR, procedure=treatment, offset=True)
        payer.account.plan_debit(back, -5 * DOLLAR, closed=False)
    down = Split(patient, 40 * DOLLAR, treatment)  # paid on the procedure, beside the plan
    write_payment(desk, payer, treatment.day, "pay.cash", [down])
    return links


def _link(terms: _Terms, item: Procedure | Adjustment, override: int) -> Later:
    office, procedure = terms.patient.office, isinstance(item, Procedure)
    office.drop.add(
        "payplanlink",
        PayPlanNum=terms.key,
        LinkType=2 if procedure else 1,
        FKey=item.key,
        AmountOverride=override,
        SecDateTEntry=office.touched(terms.begins, terms.patient.rng),
    )

    def settle() -> None:
        value = override or (item.open if procedure else item.amount - item.split)
        item.person.account.plan_link(item.day, value, item.key if procedure else 0)

    return settle
