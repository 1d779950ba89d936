"""Carriers, employers and insurance plans with their benefits."""

from dataclasses import dataclass
from datetime import timedelta

from daysheet.synthetic.amounts import DOLLAR
from daysheet.synthetic.clock import NEVER, stamp
from daysheet.synthetic.draws import Random, stream
from daysheet.synthetic.office import Office
from daysheet.synthetic.words import CARRIERS, CITIES, EMPLOYER_KINDS, FAMILY


@dataclass(frozen=True, slots=True)
class Plan:
    """An insurance plan as claims see it; money in ten-thousandths."""

    key: int
    carrier: int
    carrier_name: str
    kind: str  # '' percentage, p PPO, f flat copay, c capitation
    schedule: str  # fee schedule it contracts for; '' none
    group: str
    annual_max: int
    deductible: int
    blue_book: bool
    form: int


@dataclass(frozen=True, slots=True)
class Payers:
    """All plans, those of capitation apart, and who works where."""

    plans: list[Plan]
    capitation: list[Plan]
    employers: list[int]


def write_payers(office: Office, patients: int) -> Payers:
    """Write carriers, employers, plans, benefits and what hangs on them."""
    rng = stream(office.seed, "payers")
    carriers = [_carrier(office, rng, n) for n in range(len(CARRIERS))]
    employers = _employers(office, rng, patients)
    forms = [
        office.drop.add("claimform", Description=name, IsHidden=hidden, FontName="Plain")
        for name, hidden in (("Form of 2024", 0), ("Form of 2006", 1))
    ]
    filing = [
        office.drop.add(
            "insfilingcode",
            Descript=name,
            EclaimCode=code,
            ItemOrder=order,
            GroupType=office.defs[group],
        )
        for order, (name, code, group) in enumerate(
            (("Commercial", "CI", "filing.commercial"), ("Medicaid", "MC", "filing.public"))
        )
    ]
    plans = []
    kinds = ("p", "", "p", "f", "", "p")
    for n in range(14 + patients // 40):
        carrier = n % len(CARRIERS)
        kind = "c" if CARRIERS[carrier].endswith("HMO") else kinds[rng.randrange(len(kinds))]
        employer = employers[rng.randrange(len(employers))] if rng.random() < 0.8 else 0
        plan = _plan(
            office,
            rng,
            n,
            carrier=carriers[carrier],
            kind=kind,
            employer=employer,
            form=forms[n % 11 == 5],
            filing=filing,
        )
        plans.append(plan)
    ordinary = [plan for plan in plans if plan.kind != "c"]
    return Payers(ordinary, [plan for plan in plans if plan.kind == "c"], employers)


def _carrier(office: Office, rng: Random, n: int) -> tuple[int, str]:
    city, state, postcode = CITIES[n % len(CITIES)]
    entered = office.start - timedelta(days=rng.randrange(30, 300))
    key = office.drop.add(
        "carrier",
        CarrierName=CARRIERS[n],
        Address=f"PO Box {100 + n}",
        City=city,
        State=state,
        Zip=postcode,
        Phone=f"000555020{n}",
        ElectID=f"{n:05d}",
        NoSendElect=n % 3,
        IsHidden=int(n == 8),
        SecDateEntry=entered,
        SecDateTEdit=stamp(entered, rng),
        CarrierGroupName=office.defs["carrier.union" if n == 2 else "carrier.commercial"],
    )
    return key, CARRIERS[n]


def _employers(office: Office, rng: Random, patients: int) -> list[int]:
    keys = []
    for n in range(6 + patients // 60):
        city, state, _ = CITIES[n % len(CITIES)]
        family = FAMILY[n % len(FAMILY)]
        number = n // len(FAMILY)
        kind = EMPLOYER_KINDS[(n + number) % len(EMPLOYER_KINDS)]
        name = f"{family} {kind}" + (f" No. {number}" if number else "")
        # The same employer is often typed in twice.
        for spelling in (name, f" {name.upper()} ") if n % 9 == 2 else (name,):
            keys.append(office.drop.add("employer", EmpName=spelling, City=city, State=state))
    return keys


def _plan(
    office: Office,
    rng: Random,
    n: int,
    *,
    carrier: tuple[int, str],
    kind: str,
    employer: int,
    form: int,
    filing: list[int],
) -> Plan:
    drop, group = office.drop, f"G{1000 + n * 7}"
    schedule = {"p": ("ppo_a", "ppo_b")[n % 2], "c": "copay"}.get(kind, "")
    blue_book = kind == "" and n % 2 == 0
    entered = office.start - timedelta(days=rng.randrange(200))
    key = drop.add(
        "insplan",
        GroupName=f'Group "{n}", all staff',
        GroupNum=group,
        FeeSched=office.schedules[schedule] if kind == "p" else 0,
        PlanType=kind,
        ClaimFormNum=form,
        ClaimsUseUCR=int(kind == "p"),
        CopayFeeSched=office.schedules["copay"] if kind == "c" else 0,
        EmployerNum=employer,
        CarrierNum=carrier[0],
        AllowedFeeSched=office.schedules["out"] if kind == "" else 0,
        FilingCode=filing[n % 7 == 3],
        IsHidden=int(n % 23 == 22),
        MonthRenew=7 if n % 6 == 1 else 0,
        CobRule=n % 4,
        CodeSubstNone=int(n % 4 == 1),
        HideFromVerifyList=int(n % 13 == 6),
        SecUserNumEntry=office.users[n % 4],
        SecDateEntry=entered,
        SecDateTEdit=stamp(entered, rng),
        BillingType=office.defs["bill.standard"] if n % 5 == 0 else 0,
        IsBlueBookEnabled=int(blue_book),
    )
    annual_max = rng.choice((1000, 1250, 1500, 2000)) * DOLLAR
    deductible = rng.choice((0, 50, 50, 75)) * DOLLAR
    _benefits(office, rng, key, annual_max, deductible)
    verified = rng.random() < 0.7
    drop.add(
        "insverify",
        DateLastVerified=office.until - timedelta(days=rng.randrange(300)) if verified else NEVER,
        UserNum=office.users[2] if n % 3 else 0,
        VerifyType=1,
        FKey=key,
        DefNum=office.defs["verify.done"] if verified else 0,
        DateLastAssigned=NEVER,
        DateTimeEntry=stamp(entered, rng),
        SecDateTEdit=office.touched(office.until - timedelta(days=rng.randrange(300)), rng),
    )
    return Plan(key, *carrier, kind, schedule, group, annual_max, deductible, blue_book, form)


def _benefits(office: Office, rng: Random, plan: int, annual_max: int, deductible: int) -> None:
    entered = stamp(office.start - timedelta(days=5), rng)

    def rule(kind: int, **values: int) -> None:
        office.drop.add(
            "benefit",
            PlanNum=plan,
            BenefitType=kind,
            SecDateTEntry=entered,
            SecDateTEdit=entered,
            **({"TimePeriod": 2} | values),
        )

    rule(5, MonetaryAmt=annual_max, CoverageLevel=1)
    if deductible:
        rule(2, MonetaryAmt=deductible, CoverageLevel=1)
        rule(2, MonetaryAmt=3 * deductible, CoverageLevel=2)
    for name, percent in (
        ("Diagnostic", 100),
        ("Routine Preventive", 100),
        ("Restorative", 80),
        ("Endodontics", 80),
        ("Crowns", 50),
        ("Prosthodontics", 50),
    ):
        rule(1, CovCatNum=office.categories[name], Percent=percent)
    rule(5, CodeGroupNum=office.groups["Bitewings"], QuantityQualifier=1, Quantity=1)
    rule(5, CodeNum=office.codes["D1206"].key, QuantityQualifier=2, Quantity=18, TimePeriod=0)
    if rng.random() < 0.3:
        rule(6, CovCatNum=office.categories["Crowns"], QuantityQualifier=5, Quantity=12)
        rule(4, CodeNum=office.codes["D6010"].key, TimePeriod=0)
    if rng.random() < 0.2:
        orthodontics = office.categories["Orthodontics"]
        rule(5, CovCatNum=orthodontics, MonetaryAmt=1500 * DOLLAR, TimePeriod=3)
