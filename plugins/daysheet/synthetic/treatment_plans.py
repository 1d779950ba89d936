"""Treatment plans: the live ones with their procedures, and saved ones with frozen estimates."""

from datetime import date, timedelta

from daysheet.synthetic.amounts import DOLLAR, share
from daysheet.synthetic.clock import NEVER, moment
from daysheet.synthetic.people import Circle, Person, Procedure

SAVED, ACTIVE, INACTIVE = range(3)
_ANOTHER = 3  # a second inactive plan
_HEADINGS = {SAVED: "Proposed treatment", ACTIVE: "Active treatment plan", INACTIVE: "Option B"}
_PRIORITIES = ("tx.first", "tx.second", "tx.wait")


def keep_plans(circle: Circle) -> None:
    """Write the circle's treatment plans and put the planned work on them."""
    for person in circle.people:
        for procedure in person.proposed:
            if procedure.status in (1, 8):
                _attach(procedure)
        if person.proposed and person.desk.random() < 0.45:
            _save(person)
        for kind, key in person.plans.items():
            days = [procedure.proposed_on for procedure in person.proposed]
            _write(person, min([*days, person.office.until]), min(kind, INACTIVE), key)


def _attach(procedure: Procedure) -> None:
    """Put planned work on one plan, often on several."""
    person, desk = procedure.person, procedure.person.desk
    if procedure.status == 1:
        plans = [ACTIVE] + [INACTIVE] * (desk.random() < 0.12)
    else:
        plans = [INACTIVE] + [_ANOTHER] * (desk.random() < 0.3)
    for plan in plans:
        slug = _PRIORITIES[int(desk.random() * 3)]
        person.office.drop.add(
            "treatplanattach",
            TreatPlanNum=person.plan(plan),
            ProcNum=procedure.key,
            Priority=person.office.defs[slug] if desk.random() < 0.4 else 0,
        )


def _write(person: Person, day: date, kind: int, key: int) -> None:
    office, desk = person.office, person.desk
    entered = min(max(day, office.start), office.until)
    signed = moment(entered, desk) if kind == SAVED and desk.random() < 0.5 else None
    presenter = office.users[6 + person.key % 3] if kind == SAVED else 0
    office.drop.add(
        "treatplan",
        TreatPlanNum=key,
        PatNum=person.key,
        DateTP=entered if kind == SAVED else NEVER,
        Heading=_HEADINGS[kind],
        TPStatus=kind,
        SecUserNumEntry=office.users[int(desk.random() * 9)],
        SecDateEntry=entered,
        SecDateTEdit=office.touched(entered + timedelta(days=int(desk.random() * 40)), desk),
        UserNumPresenter=presenter,
        TPType=int(person.discount_plan > 0),
        **({"DateTSigned": signed} if signed else {}),
    )
    office.count("treatment plans by status", kind)


def _save(person: Person) -> None:
    """Freeze what was proposed on one day, with the estimates of that day."""
    office, desk = person.office, person.desk
    day = person.proposed[int(desk.random() * len(person.proposed))].proposed_on
    chosen = [p for p in person.proposed if abs((p.proposed_on - day).days) < 45][:8]
    saved = min(day, office.until)
    key = office.drop.next_key("treatplan")
    for order, procedure in enumerate(chosen):
        _freeze(procedure, key, order, saved)
    _write(person, saved, SAVED, key)


def _freeze(procedure: Procedure, plan: int, order: int, saved: date) -> None:
    person = procedure.person
    office, gross = person.office, procedure.gross
    covered = person.coverages
    first = share(gross, procedure.code.percent) if covered else 0
    second = share(gross - first, 60) if len(covered) > 1 else 0
    discount = share(gross, 20) if person.discount_plan else 5 * DOLLAR * (order == 2)
    entered = min(max(saved, office.start), office.until)
    office.drop.add(
        "proctp",
        TreatPlanNum=plan,
        PatNum=person.key,
        ProcNumOrig=procedure.key,
        ItemOrder=order,
        Priority=office.defs[_PRIORITIES[order % 3]],
        ProcCode=procedure.code.text,
        Descript="As discussed",
        FeeAmt=gross,
        PriInsAmt=first,
        SecInsAmt=second,
        PatAmt=gross - first - second - discount,
        Discount=discount,
        SecDateEntry=entered,
        SecDateTEdit=office.touched(entered, person.desk),
        FeeAllowed=gross,
        ProvNum=procedure.provider,
        DateTP=procedure.proposed_on,
        ClinicNum=procedure.clinic,
    )
