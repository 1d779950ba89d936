"""Claims of a visit: what was billed, what the insurer answered, and when."""

from dataclasses import dataclass
from datetime import date, timedelta

from daysheet.synthetic.amounts import DOLLAR, share
from daysheet.synthetic.audit import log
from daysheet.synthetic.chairside import chart
from daysheet.synthetic.checks import Desk
from daysheet.synthetic.claim_lines import Claim, write_claim, write_line
from daysheet.synthetic.draws import Random
from daysheet.synthetic.people import Circle, Coverage, Person, Procedure
from daysheet.synthetic.visits import Visit

NOT_BILLED = ("D9986", "D9987", "N4104")
_STUCK = ("S",) * 7 + ("U", "U", "W")  # letters of claims nobody followed up


@dataclass(slots=True)
class _Answer:
    """When a claim went out and came back."""

    letter: str
    sent: date
    resent: date | None
    received: date | None
    denied: bool


def bill(desk: Desk, circle: Circle, visit: Visit) -> None:
    """Bill a visit to whoever covers the patient, secondary after primary."""
    person = visit.person
    billed = [p for p in visit.done if p.code.text not in NOT_BILLED]
    if not billed or not person.coverages:
        return
    first = person.coverages[0]
    if first.plan.kind == "c":
        _capitation(desk, person, first, visit.day, billed)
        return
    answer = _answer(circle, person, visit.day)
    _file(desk, circle, Claim(person, first, "P", visit.day, answer.letter), billed, answer)
    for coverage in person.coverages[1:2]:
        later = _Answer("H", visit.day, None, None, False)
        if answer.received:
            later = _answer(circle, person, answer.received)
        second = Claim(person, coverage, "S", visit.day, later.letter)
        _file(desk, circle, second, billed, later)


def _answer(circle: Circle, person: Person, day: date) -> _Answer:
    rng, until = person.rng, person.office.until
    sent = day + timedelta(days=int(rng.random() * 4))
    received = sent + timedelta(days=9 + int(rng.random() * 52))
    resent = None
    if circle.oddity == "resent" or rng.random() < 0.03:
        resent = sent + timedelta(days=21)
        received += timedelta(days=21)
    denied = rng.random() < 0.04
    if sent > until:
        return _Answer("W" if rng.random() < 0.7 else "U", sent, None, None, False)
    if circle.oddity == "forgotten claim" or rng.random() < 0.006:
        return _Answer(rng.choice(_STUCK), sent, None, None, False)
    if received > until:
        if resent and resent > until:
            resent = None
        return _Answer("P" if rng.random() < 0.06 else "S", sent, resent, None, False)
    return _Answer("R", sent, resent, received, denied)


def _file(
    desk: Desk, circle: Circle, claim: Claim, billed: list[Procedure], answer: _Answer
) -> None:
    person, coverage = claim.person, claim.coverage
    claim.sent, claim.resent, claim.received = answer.sent, answer.resent, answer.received
    check = None
    if answer.received:
        payday = desk.payday(answer.received)
        claim.paid_on = answer.received
        if payday <= person.office.until and person.rng.random() < 0.985:
            check = desk.check(coverage.plan, person.clinic, payday)
            claim.paid_on, claim.check = payday, check
    claim.is_ortho = any(p.code.text.startswith("D8") for p in billed)
    total = 0
    by_total = circle.oddity == "by total"
    for procedure in billed:
        estimate, writeoff = expected(coverage, claim.kind, procedure)
        claim.estimate(procedure, estimate, writeoff)
        if not answer.received:
            write_line(claim, procedure, 0, estimate=estimate, writeoff=writeoff)
            continue
        paid = _paid(person.rng, estimate, answer.denied)
        year = claim.day.year
        coverage.used[year] = coverage.used.get(year, 0) + paid
        total += paid
        write_line(
            claim,
            procedure,
            1,
            paid=0 if by_total else paid,
            writeoff=0 if answer.denied else writeoff,
            estimate=estimate,
        )
    if answer.received:
        if by_total and total:
            write_line(claim, None, 1, paid=total)
        _afterwards(desk, circle, claim, billed)
        log(
            person.office,
            person.rng,
            "insurance payment created",
            claim.paid_on,
            patient=person.key,
            key=claim.key,
        )
    if check:
        desk.settle(coverage.plan, check)
    write_claim(claim)


def expected(coverage: Coverage, kind: str, procedure: Procedure) -> tuple[int, int]:
    """Expected payment and write-off of one line."""
    plan, gross = coverage.plan, procedure.gross
    used = coverage.used.get(procedure.day.year, 0)
    if kind == "S":
        return max(share(procedure.open, 60), 0), 0
    contracted = procedure.person.office.amounts.get((plan.schedule, procedure.code.text))
    allowed = gross
    if plan.kind == "p" and contracted is not None:
        allowed = min(gross, contracted * procedure.units)
    if plan.kind == "f":
        amount = max(gross - 25 * DOLLAR, 0)
    else:
        deductible = plan.deductible if not used and procedure.code.percent < 100 else 0
        amount = share(max(allowed - deductible, 0), procedure.code.percent)
    return max(min(amount, plan.annual_max - used), 0), gross - allowed


def _paid(rng: Random, estimate: int, denied: bool) -> int:
    if denied:
        return 0
    roll = rng.random()
    return estimate if roll < 0.82 else share(estimate, 60 + int(rng.random() * 39))


def _afterwards(desk: Desk, circle: Circle, claim: Claim, billed: list[Procedure]) -> None:
    """What comes after the first answer: more money, less money, money moved."""
    office, rng, oddity = claim.person.office, claim.person.rng, circle.oddity
    amount = share(billed[0].gross, 10)
    if oddity == "claim transfer" and len(billed) > 1:
        write_line(claim, billed[0], 4, paid=-amount, transfer=True)
        write_line(claim, billed[1], 4, paid=amount, transfer=True)
    if oddity == "overpayment":
        write_line(claim, billed[0], 0, estimate=-amount, overpay=True)
    if oddity == "paid on deleted":
        struck = chart(claim.person, office.codes["D0220"], claim.day, 6)
        claim.estimate(struck, amount, 0)
        write_line(claim, struck, 1, paid=amount, estimate=amount)
    more = oddity == "supplemental" or rng.random() < 0.03
    back = oddity == "taken back" or rng.random() < 0.006
    if not (more or back):
        return
    payday = desk.payday(claim.received + timedelta(days=20 + rng.randrange(50)))
    if payday <= office.until:
        first, claim.check = claim.check, desk.check(claim.plan, claim.person.clinic, payday)
        claim.paid_on = payday
        write_line(claim, billed[0], 4, paid=amount if more else -amount)
        desk.settle(claim.plan, claim.check)
        claim.check = first


def _capitation(
    desk: Desk, person: Person, coverage: Coverage, day: date, billed: list[Procedure]
) -> None:
    """A capitation plan owes nothing per visit: what is above the copay is written off."""
    office = person.office
    unclaimed = Claim(person, coverage, "", day, "")
    unclaimed.paid_on = day
    for procedure in billed:
        copay = office.amounts.get(("copay", procedure.code.text), 0) * procedure.units
        write_line(unclaimed, procedure, 7, writeoff=max(procedure.gross - copay, 0))
    if person.rng.random() < 0.3:
        payday = desk.payday(day + timedelta(days=14))
        if payday <= office.until:
            claim = Claim(person, coverage, "Cap", day, "R")
            claim.sent, claim.received, claim.paid_on = day, payday, payday
            claim.check = desk.check(coverage.plan, person.clinic, payday)
            write_line(claim, billed[0], 5, paid=12 * DOLLAR)
            desk.settle(coverage.plan, claim.check)
            write_claim(claim)


def estimate_plans(circle: Circle, person: Person) -> None:
    """Estimates on planned work not on a claim, and pre-authorizations asked for."""
    planned = [p for p in person.procedures if p.status == 1]
    if not planned or not person.coverages:
        return
    coverage = person.coverages[0]
    status = 8 if coverage.plan.kind == "c" else 6
    for procedure in planned:
        unclaimed = Claim(person, coverage, "", procedure.day, "")
        estimate, writeoff = expected(coverage, "P", procedure)
        unclaimed.estimate(procedure, estimate, writeoff)
        write_line(unclaimed, procedure, status, estimate=estimate)
    if circle.oddity == "preauthorization" or person.rng.random() < 0.15:
        last = planned[-1]
        back = last.day + timedelta(days=20)
        answered = back <= person.office.until and person.rng.random() < 0.7
        claim = Claim(person, coverage, "PreAuth", last.day, "R" if answered else "S")
        claim.sent, claim.received = last.day, back if answered else None
        claim.estimate(last, share(last.gross, 50), 0)
        write_line(claim, last, 2, estimate=share(last.gross, 50))
        write_claim(claim)
