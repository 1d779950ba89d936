"""Each person's years at the practice: check-ups, treatment, missed and coming appointments."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

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
from daysheet.synthetic.office import Office
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
_WORK = [codes for codes, weight in _NEEDS for _ in range(weight)]


@dataclass(slots=True)
class Visit:
    """What was done on one day, or a fee for not coming."""

    person: Person
    day: date
    done: list[Procedure]
    broken: bool = False


def visits(office: Office, circle: Circle, person: Person) -> Iterator[Visit]:
    """Chart a person's life in order of check-ups; yields what can be billed."""
    if not person.has_visits:
        if person.status == 6:  # a prospect has only a coming appointment
            _coming(office, person, office.until + timedelta(days=9))
        return
    rng = person.rng
    day = office_day(max(person.joined, office.start) + timedelta(days=rng.randrange(45)))
    _existing_work(office, person, day)
    while day <= min(person.left, office.until):
        if rng.random() < 0.07:
            yield _missed(office, person, day)
        else:
            yield from _check_up(office, circle, person, day)
        day = office_day(day + timedelta(days=_months_to_next(person) + rng.randrange(-9, 60)))
    if person.status == 0:
        if rng.random() < 0.6:
            _coming(office, person, max(day, office.until + timedelta(days=1)))
        elif rng.random() < 0.4:
            last = office.until - timedelta(days=rng.randrange(1, 60))
            book(office, person, last, UNSCHEDULED, last - timedelta(days=30), hygiene=True)


def _months_to_next(person: Person) -> int:
    roll = person.rng.random()
    return 182 if roll < 0.8 else 365 if roll < 0.95 else 730


def _check_up(office: Office, circle: Circle, person: Person, day: date) -> Iterator[Visit]:
    rng = person.rng
    made = day - timedelta(days=rng.randrange(1, 180))
    appointment = book(office, person, day, COMPLETE, made, hygiene=True)
    if person.first_visit is None:
        person.first_visit = day
        texts = ["D0150", "D0210"]
    else:
        texts = ["D0120"] + (["D0274"] if rng.random() < 0.45 else [])
    adult = person.is_adult(day)
    texts.append("D4910" if adult and person.key % 9 == 0 else "D1110" if adult else "D1120")
    if not adult or rng.random() < 0.1:
        texts.append("D1206")
    done = [_do(office, circle, person, text, day, appointment) for text in texts]
    yield Visit(person, day, done)
    if rng.random() < (0.42 if adult else 0.2):
        yield from _treat(office, circle, person, day)
    if rng.random() < 0.05:
        yield _emergency(office, circle, person, day + timedelta(days=rng.randrange(20, 150)))


def _do(
    office: Office,
    circle: Circle,
    person: Person,
    text: str,
    day: date,
    appointment: int,
    planned: date | None = None,
    planned_appointment: int = 0,
) -> Procedure:
    code = office.codes[text]
    fee = fee_on(office, code, day)
    if circle.oddity == "fraction of a cent" or person.rng.random() < 0.002:
        fee = odd_fee(fee)
    return chart(
        office, person, code, day, COMPLETE, appointment, planned, fee, planned_appointment
    )


def _treat(office: Office, circle: Circle, person: Person, seen: date) -> Iterator[Visit]:
    """Work found at a check-up: done later, still planned, referred out or struck off."""
    rng = person.rng
    texts = _WORK[int(rng.random() * len(_WORK))] if person.is_adult(seen) else ("D1351", "D2391")
    day = office_day(seen + timedelta(days=rng.randrange(6, 80)))
    codes = [office.codes[text] for text in texts]
    roll = rng.random()
    if roll < 0.66 and day <= min(person.left, office.until):
        made = seen
        planned = book(office, person, day, PLANNED, made) if rng.random() < 0.15 else 0
        appointment = book(office, person, day, COMPLETE, made, planned=planned)
        yield Visit(
            person,
            day,
            [_do(office, circle, person, t, day, appointment, seen, planned) for t in texts],
        )
    elif roll < 0.72:
        _leave(office, person, codes, seen, 6)
    elif roll < 0.75:
        _leave(office, person, codes, seen, 5)
        _refer_out(office, person, seen)
    elif roll < 0.80:
        _leave(office, person, codes, seen, 8)
    else:
        _leave(office, person, codes, seen, 1)


def _leave(office: Office, person: Person, codes: list[Code], day: date, status: int) -> None:
    for code in codes:
        procedure = chart(office, person, code, day, status, planned=day)
        if status == 1 and person.coverages:
            person.procedures.append(procedure)


def _emergency(office: Office, circle: Circle, person: Person, day: date) -> Visit:
    day = office_day(day)
    if day > min(person.left, office.until):
        return Visit(person, day, [])
    appointment = book(office, person, day, COMPLETE, day)
    texts = ("D0140", "D0220", "D7140") if person.rng.random() < 0.4 else ("D0140", "D0220")
    return Visit(person, day, [_do(office, circle, person, t, day, appointment) for t in texts])


def _missed(office: Office, person: Person, day: date) -> Visit:
    """A broken appointment: charted as missed or cancelled, or not charted at all."""
    made = day - timedelta(days=40)
    appointment = book(office, person, day, BROKEN, made, hygiene=True)
    roll = person.rng.random()
    if roll < 0.15:
        return Visit(person, day, [], broken=True)
    code = office.codes["D9986" if roll < 0.7 else "D9987"]
    return Visit(person, day, [chart(office, person, code, day, COMPLETE, appointment)], True)


def _coming(office: Office, person: Person, day: date) -> None:
    made = office.until - timedelta(days=person.rng.randrange(1, 100))
    day = office_day(day)
    appointment = book(office, person, day, SCHEDULED, made, hygiene=True)
    for text in ("D0120", "D1110"):
        chart(office, person, office.codes[text], made, 1, appointment)
    if person.rng.random() < 0.05:
        book(office, person, day, NOTE, made)


def _existing_work(office: Office, person: Person, day: date) -> None:
    """Work done elsewhere and conditions seen: charted, never charged."""
    rng = person.rng
    if rng.random() < 0.25:
        chart(office, person, office.codes["D2392"], day, 4, fee=0)
    if rng.random() < 0.08:
        chart(office, person, office.codes["D2740"], day, 3)
    if rng.random() < 0.06:
        chart(office, person, office.codes["D7140"], day, 7, fee=0)


def _refer_out(office: Office, person: Person, day: date) -> None:
    office.drop.add(
        "refattach",
        ReferralNum=person.rng.choice(office.referrals[:2]),
        PatNum=person.key,
        ItemOrder=2,
        RefDate=day,
        RefType=0,
        RefToStatus=person.rng.randrange(6),
        DateProcComplete=NEVER,
        ProvNum=person.dentist,
        DateTStamp=office.touched(day, person.rng),
    )
