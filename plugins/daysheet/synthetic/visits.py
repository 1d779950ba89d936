"""Each person's years at the practice: check-ups, treatment, missed and coming appointments."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from daysheet.synthetic.chairside import (
    BROKEN,
    COMPLETE,
    NOTE,
    PLANNED,
    SCHEDULED,
    UNSCHEDULED,
    book,
    chart,
    fee_on,
    odd_fee,
)
from daysheet.synthetic.clock import NEVER, office_day
from daysheet.synthetic.codes import Code
from daysheet.synthetic.people import Circle, Person, Procedure

_NEEDS = (
    (("D2391",), 22),
    (("D2392",), 18),
    (("D2330",), 14),
    (("D2740", "D2950"), 10),
    (("D3330", "D2950"), 4),
    (("D3310",), 4),
    (("D4341", "D4341"), 7),
    (("D7140",), 7),
    (("D7210", "D9222"), 4),
    (("D6010",), 2),
    (("D6240", "D6240"), 2),
    (("D5110",), 1),
    (("D9944",), 3),
    (("N4104",), 2),
)
_CHILD_WORK = (*[("D1351", "D2391")] * 9, ("D8080",))
_WORK = [codes for codes, weight in _NEEDS for _ in range(weight)]


@dataclass(slots=True)
class Visit:
    """What was done on one day, or a fee for not coming."""

    person: Person
    day: date
    done: list[Procedure]
    broken: bool = False


def visits(circle: Circle, person: Person) -> Iterator[Visit]:
    """Chart a person's life in order of check-ups; yields what can be billed."""
    office = person.office
    if not person.has_visits:
        if person.status == 6:  # a prospect has only a coming appointment
            _coming(person, office.until + timedelta(days=9))
        return
    rng = person.rng
    day = office_day(max(person.joined, office.start) + timedelta(days=rng.randrange(45)))
    _existing_work(person, min(day, office.until))
    while day <= person.last_day:
        if rng.random() < 0.07:
            yield _missed(person, day)
        else:
            yield from _check_up(circle, person, day)
        day = office_day(day + timedelta(days=_months_to_next(person) + rng.randrange(-9, 60)))
    if person.status == 0:
        if rng.random() < 0.6:
            _coming(person, max(day, office.until + timedelta(days=1)))
        elif rng.random() < 0.4:
            last = office.until - timedelta(days=rng.randrange(1, 60))
            book(person, last, UNSCHEDULED, last - timedelta(days=30), hygiene=True)


def _months_to_next(person: Person) -> int:
    roll = person.rng.random()
    return 182 if roll < 0.8 else 365 if roll < 0.95 else 730


def _check_up(circle: Circle, person: Person, day: date) -> Iterator[Visit]:
    rng = person.rng
    made = day - timedelta(days=rng.randrange(1, 180))
    appointment = book(person, day, COMPLETE, made, hygiene=True)
    if person.first_visit is None:
        person.first_visit = day
        texts = ["D0150", "D0210"]
    else:
        texts = ["D0120"] + (["D0274"] if rng.random() < 0.45 else [])
    adult = person.is_adult(day)
    texts.append("D4910" if adult and person.key % 9 == 0 else "D1110" if adult else "D1120")
    if not adult or rng.random() < 0.1:
        texts.append("D1206")
    done = [_do(circle, person, text, day, appointment) for text in texts]
    yield Visit(person, day, done)
    if rng.random() < (0.42 if adult else 0.2):
        yield from _treat(circle, person, day)
    if rng.random() < 0.05:
        yield _emergency(circle, person, day + timedelta(days=rng.randrange(20, 150)))


def _do(
    circle: Circle, person: Person, text: str, day: date, appointment: int, **planning: Any
) -> Procedure:
    office, code = person.office, person.office.codes[text]
    fee = fee_on(office, code, day)
    if circle.oddity == "fraction of a cent" or person.rng.random() < 0.002:
        fee = odd_fee(fee)
    return chart(person, code, day, COMPLETE, appointment, fee=fee, **planning)


def _treat(circle: Circle, person: Person, seen: date) -> Iterator[Visit]:
    """Work found at a check-up: done later, still planned, referred out or struck off."""
    rng = person.rng
    texts = rng.choice(_WORK if person.is_adult(seen) else _CHILD_WORK)
    day = office_day(seen + timedelta(days=rng.randrange(6, 80)))
    codes = [person.office.codes[text] for text in texts]
    roll = rng.random()
    if roll < 0.66 and day <= person.last_day:
        planned = book(person, day, PLANNED, seen) if rng.random() < 0.15 else 0
        appointment = book(person, day, COMPLETE, seen, planned=planned)
        planning = {"planned": seen, "planned_appointment": planned}
        done = [_do(circle, person, text, day, appointment, **planning) for text in texts]
        yield Visit(person, day, done)
    elif roll < 0.72:
        _leave(person, codes, seen, 6)
    elif roll < 0.75:
        _refer_out(person, seen, _leave(person, codes, seen, 5))
    elif roll < 0.80:
        _leave(person, codes, seen, 8)
    else:
        _leave(person, codes, seen, 1)


def _leave(person: Person, codes: list[Code], day: date, status: int) -> Procedure:
    """Chart work that is not done; the last of it."""
    for code in codes:
        procedure = chart(person, code, day, status, planned=day)
        if status == 1 and person.coverages:
            person.procedures.append(procedure)
    return procedure


def _emergency(circle: Circle, person: Person, day: date) -> Visit:
    day = office_day(day)
    if day > person.last_day:
        return Visit(person, day, [])
    appointment = book(person, day, COMPLETE, day)
    texts = ("D0140", "D0220", "D7140") if person.rng.random() < 0.4 else ("D0140", "D0220")
    return Visit(person, day, [_do(circle, person, t, day, appointment) for t in texts])


def _missed(person: Person, day: date) -> Visit:
    """A broken appointment: charted as missed or cancelled, or not charted at all."""
    made = day - timedelta(days=40)
    appointment = book(person, day, BROKEN, made, hygiene=True)
    roll = person.rng.random()
    if roll < 0.15:
        return Visit(person, day, [], broken=True)
    code = person.office.codes["D9986" if roll < 0.7 else "D9987"]
    person.appointments[-1].broken_by = code.text
    return Visit(person, day, [chart(person, code, day, COMPLETE, appointment)], broken=True)


def _coming(person: Person, day: date) -> None:
    office, day = person.office, office_day(day)
    made = office.until - timedelta(days=person.rng.randrange(1, 100))
    person.next_visit = day
    appointment = book(person, day, SCHEDULED, made, hygiene=True)
    for text in ("D0120", "D1110"):
        chart(person, office.codes[text], made, 1, appointment)
    if person.rng.random() < 0.05:
        book(person, day, NOTE, made)


def _existing_work(person: Person, day: date) -> None:
    """Work done elsewhere and conditions seen: charted, never charged."""
    rng, codes = person.rng, person.office.codes
    if rng.random() < 0.25:
        chart(person, codes["D2392"], day, 4, fee=0)
    if rng.random() < 0.08:
        chart(person, codes["D2740"], day, 3)
    if rng.random() < 0.06:
        chart(person, codes["D7140"], day, 7, fee=0)


def _refer_out(person: Person, day: date, procedure: Procedure) -> None:
    progress = person.rng.randrange(6)
    office = person.office
    office.drop.add(
        "refattach",
        ReferralNum=person.rng.choice(office.referrals[:2]),
        PatNum=person.key,
        ItemOrder=2,
        RefDate=day,
        RefType=0,
        RefToStatus=progress,
        ProcNum=procedure.key,
        DateProcComplete=day if progress == 5 else NEVER,
        ProvNum=person.dentist,
        DateTStamp=office.touched(day, person.rng),
    )
