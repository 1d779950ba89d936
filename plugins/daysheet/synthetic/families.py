"""Makes the circles of families, and writes their patient rows once all is known."""

from collections.abc import Iterator
from datetime import timedelta

from daysheet.synthetic.aging import Aged
from daysheet.synthetic.amounts import to_cent
from daysheet.synthetic.clock import CONVERTED, NEVER, ZERO, stamp
from daysheet.synthetic.draws import Random, stream
from daysheet.synthetic.ledger import Account
from daysheet.synthetic.office import Office
from daysheet.synthetic.payers import Payers
from daysheet.synthetic.people import (
    NEEDS_TWO_FAMILIES,
    ODDITIES,
    ROTATION,
    Circle,
    Family,
    Person,
)
from daysheet.synthetic.words import CITIES, FAMILY, GIVEN, ODD_FAMILY, ODD_GIVEN

_SIZES = (1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5)
_HABITS = ("prompt",) * 15 + ("slow",) * 4 + ("poor",)
_SENT_HOME, _GONE = (1, 6), {2: 6, 3: 3, 4: 1, 5: 2}


def circles(office: Office, payers: Payers, patients: int) -> Iterator[Circle]:
    """Circles until there are exactly ``patients`` persons."""
    number = made = 0
    while made < patients:
        rng = stream(office.seed, "circle", number)
        slot = number % ROTATION
        oddity = ODDITIES[slot] if slot < len(ODDITIES) else ""
        count = 2 if oddity in NEEDS_TWO_FAMILIES or rng.random() < 0.1 else 1
        families = []
        for _ in range(count):
            size = min(rng.choice(_SIZES) + 2 * (oddity == "merged"), patients - made)
            if size:
                families.append(_family(office, payers, rng, size))
                made += size
        circle = Circle(number, rng, oddity, families)
        _estrange(circle)
        yield circle
        number += 1


def _family(office: Office, payers: Payers, rng: Random, size: int) -> Family:
    surname = rng.choice(FAMILY)
    members = [_person(office, payers, surname, place) for place in range(size)]
    for person in members:
        person.guarantor = members[0]
    return Family(members, surname, rng.choice(_HABITS))


def _person(office: Office, payers: Payers, surname: str, place: int) -> Person:
    """A person; ``place`` 0 and 1 in the family are adults."""
    key = office.drop.next_key("patient")
    rng = stream(office.seed, "patient", key)
    days = (office.until - office.start).days
    old = rng.random() < 0.6
    joined = office.start + timedelta(days=-rng.randrange(900) if old else rng.randrange(days))
    left = office.until
    status = 0
    if rng.random() < 0.22 and joined < office.until:
        first = max(joined, office.start)
        left = first + timedelta(days=rng.randrange((office.until - first).days + 1))
        status = rng.choices(list(_GONE), list(_GONE.values()))[0]
    elif rng.random() < 0.04:
        status = rng.choice(_SENT_HOME)
    years = rng.randrange(22, 84) if place < 2 else rng.randrange(1, 20)
    birth = joined - timedelta(days=years * 365 + rng.randrange(365))
    dentist = rng.randrange(len(office.dentists))
    return Person(
        key=key,
        office=office,
        rng=rng,
        given=rng.choice(GIVEN),
        surname=surname,
        birth=None if rng.random() < 0.02 else birth,
        gender=rng.choices((0, 1, 2, 3), (48, 48, 3, 1))[0],
        position=(0, 1, 1, 3, 4)[rng.randrange(5)] if place < 2 else 2,
        status=status,
        joined=joined,
        left=left,
        clinic=0 if rng.random() < 0.03 else office.clinics[dentist % 2],
        dentist=office.dentists[dentist],
        hygienist=rng.choice(office.hygienists),
        account=Account(office.until, office.payplans_version),
        desk=stream(office.seed, "desk", key),
        employer=rng.choice(payers.employers) if place < 2 and rng.random() < 0.6 else 0,
        has_visits=status not in _SENT_HOME,
    )


def _estrange(circle: Circle) -> None:
    """Give a circle's people the names, fates and guarantors its oddity asks for."""
    head, people, k = circle.families[0].head, circle.people, circle.number // ROTATION
    match circle.oddity:
        case "deleted":
            people[-1].status = 4
        case "deceased":
            head.status = 5
        case "odd names":
            for n, person in enumerate(people, start=k):
                person.given = ODD_GIVEN[n % len(ODD_GIVEN)]
                person.surname = ODD_FAMILY[n % len(ODD_FAMILY)]
        case "guarantor elsewhere" if len(circle.families) > 1:
            # The first family's last member is paid for by the second family's head, who in
            # every other such circle is paid for by the first family's head in turn.
            other = circle.families[1].head
            people[len(circle.families[0].members) - 1].guarantor = other
            if len(circle.families[0].members) > 1 and k % 2 == 0:
                other.guarantor = head
        case "merged":
            for person in people[-2:]:
                if person is not head:
                    person.status, person.has_visits = 3, False


def accounts_by_guarantor(circle: Circle) -> dict[int, list[Account]]:
    """The accounts each guarantor of the circle answers for."""
    heads: dict[int, list[Account]] = {}
    for person in circle.people:
        heads.setdefault(person.guarantor.key, []).append(person.account)
    return heads


def write_patients(circle: Circle, aged: dict[int, Aged]) -> None:
    """Write the circle's patient rows, guarantors with their family's cached balances."""
    super_family = circle.families[0].head.key if len(circle.families) > 1 else 0
    for family in circle.families:
        city = circle.rng.choice(CITIES)
        for person in family.members:
            cached = _cached(aged[person.key]) if person.key in aged else {}
            _write_patient(circle, person, city, super_family, cached)


def _cached(family: Aged) -> dict[str, int]:
    """The family's balances as the practice system keeps them on the guarantor."""
    names = ("Bal_0_30", "Bal_31_60", "Bal_61_90", "BalOver90")
    return dict(zip(names, family.buckets, strict=True)) | {
        "BalTotal": family.total,
        "InsEst": family.insurance_estimate,
        "PayPlanDue": family.plan_due,
    }


def _write_patient(
    circle: Circle,
    person: Person,
    city: tuple[str, str, str],
    super_family: int,
    cached: dict[str, int],
) -> None:
    office, rng, defs = person.office, person.rng, person.office.defs
    billing = person.billing
    if billing == "bill.standard":
        billing = person.guarantor.billing
    if billing == "bill.standard" and rng.random() < 0.2:
        billing = "bill.email"
    changed = max(person.joined, min(person.changed, office.until))
    deceased = f"{NEVER} 00:00:00"
    if person.status == 5:
        deceased = f"{person.left} 00:00:00"
    elif circle.oddity == "zero dates":
        deceased = f"{ZERO} 00:00:00"
    office.drop.add(
        "patient",
        PatNum=person.key,
        LName=person.surname,
        FName=person.given,
        MiddleI=person.given[-1].upper() if person.key % 4 == 0 else "",
        Preferred="Bean" if person.key % 31 == 0 else "",
        PatStatus=person.status,
        Gender=person.gender,
        Position=person.position,
        Birthdate=person.birth or (CONVERTED if person.key % 2 else NEVER),
        Address=f"{person.key % 90 + 1} Invented Lane",
        City=city[0],
        State=city[1],
        Zip=city[2],
        WirelessPhone=f"(000) 555-{person.key % 10000:04d}" if person.has_phone else "",
        Guarantor=person.guarantor.key,
        Email=f"person{person.key}@mail.example" if person.has_email else "",
        EstBalance=to_cent(person.account.balance),
        PriProv=person.dentist,
        SecProv=person.hygienist if person.key % 5 else 0,
        FeeSched=office.schedules["member"] if person.discount_plan else 0,
        BillingType=defs[billing],
        StudentStatus="F" if not person.is_adult(office.until) else "",
        EmployerNum=person.employer,
        DateFirstVisit=person.first_visit or NEVER,
        ClinicNum=person.clinic,
        HasIns="I" if person.coverages else "",
        PlannedIsDone=int(person.key % 37 == 0),
        PreferConfirmMethod=person.key % 9,
        PreferContactMethod=person.key % 5,
        PreferRecallMethod=person.key % 7,
        Language=("", "", "", "es", "Elvish")[person.key % 5],
        DateTStamp=stamp(changed, rng),
        SuperFamily=super_family,
        TxtMsgOk=person.key % 3,
        DateTimeDeceased=deceased,
        BillingCycleDay=person.key % 28 + 1,
        SecUserNumEntry=rng.choice(office.users),
        SecDateEntry=person.joined,
        **cached,
    )
