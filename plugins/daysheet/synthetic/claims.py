"""Claims of a visit: what was billed, what the insurer answered, and when."""

from dataclasses import dataclass
from datetime import date, timedelta

from daysheet.synthetic.amounts import DOLLAR, share
from daysheet.synthetic.audit import log
from daysheet.synthetic.chairside import chart
from daysheet.synthetic.checks import Desk
from daysheet.synthetic.claim_lines import Claim, write_claim, write_line
from daysheet.synthetic.draws import Random
from daysheet.synthetic.office import Office
from daysheet.synthetic.people import Circle, Coverage, Person, Procedure
from daysheet.synthetic.visits import Visit

_NOT_BILLED = ("D9986", "D9987", "N4104")


@dataclass(slots=True)
class _Answer:
    """When a claim went out and came back."""

    letter: str
    sent: date
    resent: date | None
    received: date | None
    denied: bool


def bill(office: Office, desk: Desk, circle: Circle, visit: Visit) -> None:
    """Bill a visit to whoever covers the patient, secondary after primary."""
    person = visit.person
    billed = [p for p in visit.done if p.code.text not in _NOT_BILLED]
    if not billed or not person.coverages:
        return
    first = person.coverages[0]
    if first.plan.kind == "c":
        _capitation(office, desk, person, first, visit.day, billed)
        return
    answer = _answer(office, circle, person.rng, visit.day)
    _file(office, desk, circle, first, "P", billed, visit.day, answer)
    for coverage in person.coverages[1:2]:
        held = answer.received is None
        later = _answer(office, circle, person.rng, answer.received or visit.day)
        if held:
            later = _Answer("H", visit.day, None, None, False)
        _file(office, desk, circle, coverage, "S", billed, visit.day, later)


def _answer(office: Office, circle: Circle, rng: Random, day: date) -> _Answer:
    sent = day + timedelta(days=int(rng.random() * 4))
    received = sent + timedelta(days=9 + int(rng.random() * 52))
    resent = None
    if circle.oddity == "resent" or rng.random() < 0.03:
        resent = sent + timedelta(days=21)
        received += timedelta(days=21)
    denied = rng.random() < 0.04
    if circle.oddity == "forgotten claim" or rng.random() < 0.01:
        stuck = "U" if rng.random() < 0.2 else "S"
        return _Answer(stuck, sent, None, None, False)
    if sent > office.until:
        return _Answer("W" if rng.random() < 0.7 else "U", sent, None, None, False)
    if received > office.until:
        if resent and resent > office.until:
            resent = None
        return _Answer("P" if rng.random() < 0.02 else "S", sent, resent, None, False)
    return _Answer("R", sent, resent, received, denied)


def _file(
    office: Office,
    desk: Desk,
    circle: Circle,
    coverage: Coverage,
    kind: str,
    billed: list[Procedure],
    day: date,
    answer: _Answer,
) -> None:
    person = billed[0].person
    claim = Claim(office, person, coverage, kind, day, answer.letter)
    claim.sent, claim.resent, claim.received = answer.sent, answer.resent, answer.received
    check = None
    if answer.received:
        payday = desk.payday(answer.received)
        claim.paid_on = answer.received
        if payday <= office.until and person.rng.random() < 0.985:
            check = desk.check(coverage.plan, person.clinic, payday)
            claim.paid_on, claim.check = payday, check
    total = 0
    by_total = circle.oddity == "by total"
    for procedure in billed:
        estimate, writeoff = _expected(office, coverage, kind, procedure)
        claim.estimate(procedure, estimate, writeoff)
        if not answer.received:
            write_line(claim, procedure, 0, estimate=estimate, writeoff=writeoff)
            continue
        paid = _paid(person.rng, estimate, answer.denied)
        coverage.used[day.year] = coverage.used.get(day.year, 0) + paid
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
        _afterwards(office, desk, circle, claim, billed)
        log(office, person.rng, "insurance payment created", claim.paid_on, person.key, claim.key)
    if check:
        desk.settle(coverage.plan, check)
    write_claim(claim)


def _expected(
    office: Office, coverage: Coverage, kind: str, procedure: Procedure
) -> tuple[int, int]:
    """Expected payment and write-off of one line."""
    plan, gross = coverage.plan, procedure.gross
    used = coverage.used.get(procedure.day.year, 0)
    if kind == "S":
        return max(share(procedure.open, 60), 0), 0
    contracted = office.amounts.get((plan.schedule, procedure.code.text))
    allowed = gross
    if plan.kind == "p" and contracted is not None:
        allowed = min(gross, contracted * procedure.units)
    if plan.kind == "f":
        expected = max(gross - 25 * DOLLAR, 0)
    else:
        deductible = plan.deductible if not used and procedure.code.percent < 100 else 0
        expected = share(max(allowed - deductible, 0), procedure.code.percent)
    return max(min(expected, plan.annual_max - used), 0), gross - allowed


def _paid(rng: Random, estimate: int, denied: bool) -> int:
    if denied:
        return 0
    roll = rng.random()
    return estimate if roll < 0.82 else share(estimate, 60 + int(rng.random() * 39))


def _afterwards(
    office: Office, desk: Desk, circle: Circle, claim: Claim, billed: list[Procedure]
) -> None:
    """What comes after the first answer: more money, less money, money moved."""
    rng, oddity = claim.person.rng, circle.oddity
    amount = share(billed[0].gross, 10)
    if oddity == "claim transfer" and len(billed) > 1:
        write_line(claim, billed[0], 4, paid=-amount, transfer=True)
        write_line(claim, billed[1], 4, paid=amount, transfer=True)
    if oddity == "overpayment":
        write_line(claim, billed[0], 0, estimate=-amount, overpay=True)
    if oddity == "paid on deleted":
        struck = chart(office, claim.person, office.codes["D0220"], claim.day, 6)
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
    office: Office,
    desk: Desk,
    person: Person,
    coverage: Coverage,
    day: date,
    billed: list[Procedure],
) -> None:
    """A capitation plan owes nothing per visit: what is above the copay is written off."""
    unclaimed = Claim(office, person, coverage, "", day, "")
    unclaimed.paid_on = day
    for procedure in billed:
        copay = office.amounts.get(("copay", procedure.code.text), 0) * procedure.units
        write_line(unclaimed, procedure, 7, writeoff=max(procedure.gross - copay, 0))
    if person.rng.random() < 0.3:
        payday = desk.payday(day + timedelta(days=14))
        if payday <= office.until:
            claim = Claim(office, person, coverage, "Cap", day, "R")
            claim.sent, claim.received, claim.paid_on = day, payday, payday
            claim.check = desk.check(coverage.plan, person.clinic, payday)
            write_line(claim, billed[0], 5, paid=12 * DOLLAR)
            desk.settle(coverage.plan, claim.check)
            write_claim(claim)


def estimate_plans(office: Office, circle: Circle, person: Person) -> None:
    """Estimates on planned work not on a claim, and pre-authorizations asked for."""
    planned = [p for p in person.procedures if p.status == 1]
    if not planned or not person.coverages:
        return
    coverage = person.coverages[0]
    status = 8 if coverage.plan.kind == "c" else 6
    for procedure in planned:
        unclaimed = Claim(office, person, coverage, "", procedure.day, "")
        estimate, writeoff = _expected(office, coverage, "P", procedure)
        unclaimed.estimate(procedure, estimate, writeoff)
        write_line(unclaimed, procedure, status, estimate=estimate)
    if circle.oddity == "preauthorization" or person.rng.random() < 0.15:
        last = planned[-1]
        back = last.day + timedelta(days=20)
        answered = back <= office.until and person.rng.random() < 0.7
        claim = Claim(office, person, coverage, "PreAuth", last.day, "R" if answered else "S")
        claim.sent, claim.received = last.day, back if answered else None
        claim.estimate(last, share(last.gross, 50), 0)
        write_line(claim, last, 2, estimate=share(last.gross, 50))
        write_claim(claim)
