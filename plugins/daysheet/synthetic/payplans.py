"""Payment plans of each kind: static, closed, dynamic, and those that track insurance."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from daysheet.synthetic.adjustments import write_adjustment
from daysheet.synthetic.amounts import CENT, DOLLAR, share
from daysheet.synthetic.chairside import COMPLETE, book, chart
from daysheet.synthetic.checks import Desk
from daysheet.synthetic.clock import months_later, office_day, stamp
from daysheet.synthetic.office import Office
from daysheet.synthetic.people import Adjustment, Circle, Person, Procedure
from daysheet.synthetic.receipts import Split, write_payment

Later = Callable[[], None]


@dataclass(slots=True)
class _Terms:
    """A plan and who pays it."""

    key: int
    patient: Person
    payer: Person
    begins: date
    closed: bool
    dynamic: bool


def track_insurance(office: Office, person: Person) -> None:
    """Open a plan that insurance pays; its charges never touch the account."""
    day = max(person.joined, office.start)
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
    terms = _Terms(person.tracked_plan, person, person, day, False, False)
    for month in range(3):
        _charge(office, terms, 0, months_later(day, month), 150 * DOLLAR, guarantor=0)


def finance(office: Office, desk: Desk, circle: Circle) -> list[Later]:
    """Put a large treatment on a plan; what can only be booked once all is paid comes back."""
    kind, head = circle.oddity, circle.head
    payer = head
    if kind == "plan guarantor elsewhere" and len(circle.families) > 1:
        payer = circle.families[1].head
    elif kind not in ("static plan", "closed plan", "dynamic plan"):
        kind = "static plan" if circle.rng.random() < 0.015 else ""
    if not kind:
        return []
    treatment = _treatment(office, head)
    treatment.financed = True
    if kind == "dynamic plan":
        return _dynamic(office, desk, treatment, payer)
    _static(office, desk, treatment, payer, closed=kind == "closed plan")
    return []


def _treatment(office: Office, person: Person) -> Procedure:
    begin = max(person.joined, office.start)
    days = max((office.until - begin).days - 130, 1)
    day = office_day(begin + timedelta(days=person.rng.randrange(days)))
    appointment = book(office, person, day, COMPLETE, day - timedelta(days=30))
    text = ("D6010", "D2740", "D8080")[person.rng.randrange(3)]
    person.first_visit = min(person.first_visit or day, day)
    return chart(office, person, office.codes[text], day, COMPLETE, appointment)


def _open(
    office: Office, patient: Person, payer: Person, day: date, amount: int, months: int, kind: str
) -> _Terms:
    dynamic, closed = kind == "dynamic", kind == "closed"
    key = office.drop.add(
        "payplan",
        PatNum=patient.key,
        Guarantor=payer.key,
        PayPlanDate=day,
        APR="9.9" if not dynamic else "0",
        CompletedAmt=amount,
        PaySchedule=0,
        NumberOfPayments=months,
        PayAmt=share(amount // months, 100),
        DownPayment=50 * DOLLAR if closed else 0,
        IsClosed=int(closed),
        PlanCategory=office.defs["plancat.standard"],
        IsDynamic=int(dynamic),
        ChargeFrequency=3,
        DatePayPlanStart=day,
        IsLocked=int(dynamic),
        DynamicPayPlanTPOption=1 if dynamic else 0,
    )
    return _Terms(key, patient, payer, day, closed, dynamic)


def _charge(
    office: Office,
    terms: _Terms,
    kind: int,
    day: date,
    principal: int,
    interest: int = 0,
    procedure: Procedure | None = None,
    guarantor: int | None = None,
) -> int:
    """Write a debit (0) or credit (1) of a plan."""
    rng = terms.patient.rng
    linked = terms.dynamic and procedure is not None
    return office.drop.add(
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
        FKey=procedure.key if linked else 0,
        LinkType=2 if linked else 0,
    )


def _static(office: Office, desk: Desk, treatment: Procedure, payer: Person, closed: bool) -> None:
    patient, amount, months = treatment.person, treatment.gross, 9
    kind = "closed" if closed else "static"
    terms = _open(office, patient, payer, treatment.day, amount, months, kind)
    # Most of the treatment is credited by procedure, the rest by an old-style free credit.
    free = 100 * DOLLAR
    for credit, tied in ((amount - free, treatment), (free, None)):
        _charge(office, terms, 1, treatment.day, credit, procedure=tied)
        key = tied.key if tied else 0
        patient.account.plan_credit(treatment.day, credit, key, treatment.day)
    monthly, left = share(amount // months, 100), amount
    for month in range(1, months + 1):
        day = months_later(treatment.day, month)
        last = month == months or (closed and month == 4)
        principal = left if last else monthly
        left -= principal
        interest = share(left, 0.825)
        charge = _charge(office, terms, 0, day, principal, interest)
        payer.account.plan_debit(day, principal + interest, closed)
        if day <= office.until and patient.rng.random() < 0.85:
            split = Split(payer, principal + interest, None, None, terms.key, closed, charge)
            write_payment(office, desk, payer, day, "pay.card", [split])
        if last:
            break


def _dynamic(office: Office, desk: Desk, treatment: Procedure, payer: Person) -> list[Later]:
    patient = treatment.person
    terms = _open(office, patient, payer, treatment.day, treatment.gross, 6, "dynamic")
    extra = _treatment(office, patient)
    extra.financed = True
    fee = write_adjustment(office, patient, "adj.billing", 75 * DOLLAR, treatment.day)
    links = [
        _link(office, terms, treatment, 0),
        _link(office, terms, extra, 300 * DOLLAR + 25 * CENT),
        _link(office, terms, fee, 0),
    ]
    monthly = share(treatment.gross // 6, 100)
    for month in range(1, 7):
        day = months_later(treatment.day, month)
        if day > office.until:
            break
        charge = _charge(office, terms, 0, day, monthly, procedure=treatment)
        payer.account.plan_debit(day, monthly, closed=False)
        if patient.rng.random() < 0.8:
            split = Split(payer, monthly, treatment, None, terms.key, False, charge)
            write_payment(office, desk, payer, day, "pay.ach", [split])
    down = Split(patient, 40 * DOLLAR, treatment)  # paid on the procedure, beside the plan
    write_payment(office, desk, payer, treatment.day, "pay.cash", [down])
    return links


def _link(office: Office, terms: _Terms, item: Procedure | Adjustment, override: int) -> Later:
    procedure = isinstance(item, Procedure)
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
