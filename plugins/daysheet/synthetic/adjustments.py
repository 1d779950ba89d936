"""Discounts, fees, taxes and corrections posted to patients' accounts."""

from datetime import date, timedelta

from daysheet.synthetic.amounts import CENT, DOLLAR, share
from daysheet.synthetic.audit import log
from daysheet.synthetic.people import Adjustment, Circle, Person, Procedure
from daysheet.synthetic.visits import Visit


def write_adjustment(
    person: Person,
    kind: str,
    amount: int,
    day: date,
    procedure: Procedure | None = None,
    *,
    provider: int = 0,
    day_text: str = "",
) -> Adjustment:
    """Write an adjustment of type ``kind`` and book it; ``day_text`` writes the day otherwise."""
    office, rng = person.office, person.rng
    on = procedure.day if procedure else day
    credited = provider or (procedure.provider if procedure else person.dentist)
    entered = min(max(day, office.start), office.until)
    key = office.drop.add(
        "adjustment",
        AdjDate=day_text or day,
        AdjAmt=amount,
        PatNum=person.key,
        AdjType=office.defs[kind],
        ProvNum=credited,
        ProcDate=day_text or on,
        ProcNum=procedure.key if procedure else 0,
        DateEntry=entered,
        ClinicNum=person.clinic,
        StatementNum=person.invoiced(0.2),
        SecUserNumEntry=rng.choice(office.users),
        SecDateTEdit=office.touched(entered + timedelta(days=int(rng.random() * 3)), rng),
    )
    person.account.adjust(day, amount, procedure.key if procedure else 0, on)
    if procedure and procedure.person is person and procedure.provider == credited:
        procedure.adjusted += amount
    log(office, rng, "adjustment created", entered, patient=person.key, key=key)
    person.changed = max(person.changed, entered)
    return Adjustment(key, person, day, amount, kind)


def adjust_visit(circle: Circle, visit: Visit) -> None:
    """Post what a visit brings: fees for not coming, discounts, tax."""
    person, rng = visit.person, visit.person.rng
    if visit.broken:
        if rng.random() < 0.35:
            charted = visit.done[0] if visit.done else None
            fee = (25, 40, 50)[rng.randrange(3)] * DOLLAR
            charge = write_adjustment(person, "adj.broken", fee, visit.day, charted)
            person.fees.append(charge)
        return
    for procedure in visit.done:
        if procedure.code.text == "N4104":
            tax = share(procedure.gross, 7.25)
            write_adjustment(person, "adj.tax", tax, visit.day, procedure)
        if person.discount_plan:
            off = -share(procedure.gross, 20)
            write_adjustment(person, "adj.membership", off, visit.day, procedure)
        elif rng.random() < 0.04:
            _discount(procedure)
    if circle.oddity == "sign mismatch" and person is circle.head and visit.done:
        wrong = 12 * DOLLAR + 50 * CENT
        write_adjustment(person, "adj.courtesy", wrong, visit.day, visit.done[0])
    if rng.random() < 0.02:
        _charge_late(person, visit.day)


def _discount(procedure: Procedure) -> None:
    """A discount on the day or weeks later; some are tied to no procedure or another provider."""
    person, rng = procedure.person, procedure.person.rng
    kind = ("adj.courtesy", "adj.senior", "adj.treatplan", "adj.retired")[rng.randrange(4)]
    day = procedure.day + timedelta(days=(0, 0, 0, 12, 40)[rng.randrange(5)])
    if day > person.office.until:
        return
    amount = -share(procedure.gross, (5, 10, 15)[rng.randrange(3)])
    roll = rng.random()
    if roll < 0.2:
        write_adjustment(person, kind, amount, day)
    elif roll < 0.25:
        write_adjustment(person, kind, amount, day, procedure, provider=person.office.entity)
    else:
        write_adjustment(person, kind, amount, day, procedure)


def _charge_late(person: Person, day: date) -> None:
    rng = person.rng
    kind = ("adj.finance", "adj.late", "adj.billing", "adj.baddebt")[rng.randrange(4)]
    later = day + timedelta(days=75)
    if later > person.office.until:
        return
    amount = (2 + rng.randrange(20)) * DOLLAR + 33 * CENT
    if kind == "adj.baddebt":
        write_adjustment(person, kind, -amount, later)
    else:
        person.fees.append(write_adjustment(person, kind, amount, later))
