"""What else is kept about a patient: notes, recalls, problems, files, links, referrals."""

from datetime import date, timedelta
from itertools import pairwise

from daysheet.synthetic.adjustments import write_adjustment
from daysheet.synthetic.amounts import CENT, DOLLAR
from daysheet.synthetic.audit import log
from daysheet.synthetic.clock import NEVER, ZERO, interval, stamp
from daysheet.synthetic.people import Circle, Person
from daysheet.synthetic.words import GIVEN

_MERGE, _CLONE = 1, 2


def join_club(person: Person) -> None:
    """Some of the uninsured hold the practice's own discount plan."""
    office, rng = person.office, person.rng
    if person.coverages or rng.random() > 0.12:
        return
    person.discount_plan = office.discount_plans[rng.randrange(2)]
    began = max(person.joined, office.start)
    office.drop.add(
        "discountplansub",
        DiscountPlanNum=person.discount_plan,
        PatNum=person.key,
        DateEffective=began,
        DateTerm=office.until - timedelta(days=10) if rng.random() < 0.2 else NEVER,
    )


def keep_records(circle: Circle) -> None:
    """Write the circle's records that hold no money."""
    for person in circle.people:
        log(person.office, person.rng, "patient created", person.joined, patient=person.key)
        _note(person)
        _recalls(person, ZERO if circle.oddity == "zero dates" else NEVER)
        _problems_and_files(person)
        if person.rng.random() < 0.3:
            _came_from(circle, person)
    if circle.oddity == "merged":
        _merge(circle)
    elif circle.oddity == "clone" and len(circle.people) > 1:
        _link(circle.people[0], circle.people[-1], _CLONE)


def _seen(person: Person) -> date:
    return max(person.joined, person.office.start)


def _note(person: Person) -> None:
    if person.key % 10 == 0:  # the row may be missing
        return
    office, entered = person.office, _seen(person)
    office.drop.add(
        "patientnote",
        PatNum=person.key,
        ICEName=f"{GIVEN[person.key % len(GIVEN)]} {person.surname}" if person.key % 2 else "",
        ICEPhone=f"(000) 555-{(person.key * 7) % 10000:04d}" if person.key % 2 else "",
        SecDateTEntry=stamp(entered, person.rng),
        SecDateTEdit=office.touched(entered + timedelta(days=30), person.rng),
        Consent=person.key % 2,
        Pronoun=person.key % 4,
    )


def _recalls(person: Person, nothing: str) -> None:
    if person.first_visit is None:
        return
    office, rng, gums = person.office, person.rng, person.key % 9 == 0
    last = max(p.day for p in person.procedures) if person.procedures else person.first_visit
    for name in ("Gum maintenance" if gums else "Cleaning", "All x-rays"):
        if name == "All x-rays" and rng.random() < 0.5:
            continue
        months = {"Gum maintenance": 3, "Cleaning": 6, "All x-rays": 60}[name]
        due = last + timedelta(days=months * 30) if last > date.min else office.until
        office.drop.add(
            "recall",
            PatNum=person.key,
            DateDueCalc=due,
            DateDue=due if rng.random() < 0.95 else nothing,
            DatePrevious=last if rng.random() < 0.97 else NEVER,
            RecallInterval=interval(months, 1),
            RecallStatus=office.defs["recall.called"] if rng.random() < 0.2 else 0,
            IsDisabled=int(person.status != 0),
            DateTStamp=office.touched(max(last, office.start), rng),
            RecallTypeNum=office.recall_types[name],
            DisableUntilBalance=100 * DOLLAR if rng.random() < 0.01 else 0,
            DateScheduled=person.next_visit or NEVER,
            DisableUntilDate=due if rng.random() < 0.01 else NEVER,
            Priority=int(rng.random() < 0.02),
        )


def _problems_and_files(person: Person) -> None:
    office, rng, day = person.office, person.rng, _seen(person)
    for _ in range((0, 0, 0, 0, 1, 1, 2)[rng.randrange(7)]):
        state = (0, 0, 1, 2)[rng.randrange(4)]
        office.drop.add(
            "disease",
            PatNum=person.key,
            DiseaseDefNum=1 + rng.randrange(30),
            DateTStamp=stamp(day, rng),
            ProbStatus=state,
            DateStart=day - timedelta(days=rng.randrange(3000)) if rng.random() < 0.5 else NEVER,
            DateStop=day if state == 1 else NEVER,
        )
    for _ in range((0, 1, 2)[rng.randrange(3)]):
        image = rng.random() < 0.7
        office.drop.add(
            "document",
            DateCreated=stamp(day, rng),
            DocCategory=office.defs["image.xray" if image else "image.card"],
            PatNum=person.key,
            FileName=f"file{person.key}.jpg",
            ImgType=1 if image else 0,
            DateTStamp=stamp(day, rng),
            ProvNum=person.dentist if image else 0,
        )


def _came_from(circle: Circle, person: Person) -> None:
    """How a patient found the practice; some were sent by another patient."""
    office, rng, day = person.office, person.rng, _seen(person)
    source = rng.choice(office.referrals)
    if rng.random() < 0.1:
        friend = circle.head
        source = office.drop.add(
            "referral",
            LName=friend.surname,
            FName=friend.given,
            PatNum=friend.key,
            DateTStamp=stamp(day, rng),
        )
    for order in range(1 + int(rng.random() < 0.1)):
        office.drop.add(
            "refattach",
            ReferralNum=source if order == 0 else office.referrals[3],
            PatNum=person.key,
            ItemOrder=order,
            RefDate=day,
            RefType=1,
            DateTStamp=stamp(day, rng),
        )


def _merge(circle: Circle) -> None:
    """The last two people were entered twice: last into last but one, that one into the head."""
    chain = [*reversed(circle.people[-2:]), circle.head]
    for away, survivor in pairwise(chain):
        if away is survivor:
            break
        _link(away, survivor, _MERGE)
        amount = 7 * DOLLAR + 77 * CENT  # left behind by the merge
        write_adjustment(away, "adj.billing", amount, _seen(away))


def _link(source: Person, target: Person, kind: int) -> None:
    day = max(_seen(source), _seen(target))
    source.office.drop.add(
        "patientlink",
        PatNumFrom=source.key,
        PatNumTo=target.key,
        LinkType=kind,
        DateTimeLink=stamp(day, source.rng),
    )
