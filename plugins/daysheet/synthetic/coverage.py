"""Who is insured by what: enrolments, coverage, verifications, benefit adjustments."""

from datetime import timedelta

from daysheet.synthetic.clock import NEVER, stamp
from daysheet.synthetic.draws import Random
from daysheet.synthetic.payers import Payers, Plan
from daysheet.synthetic.people import NEEDS_INSURANCE, Circle, Coverage, Family, Person


def insure(payers: Payers, circle: Circle) -> None:
    """Write each family's coverage; the head subscribes, sometimes a second adult too."""
    for family in circle.families:
        first = family is circle.families[0]
        forced = first and (circle.oddity in NEEDS_INSURANCE or circle.oddity == "capitation")
        if not forced and circle.rng.random() > 0.62:
            continue
        capitation = payers.capitation and (
            circle.oddity == "capitation" or circle.rng.random() < 0.04
        )
        plans = payers.capitation if capitation else payers.plans
        _enrol(circle.rng, family, circle.rng.choice(plans), family.head)
        doubled = circle.oddity == "secondary" if first else circle.rng.random() < 0.06
        if doubled:
            other = family.members[min(1, len(family.members) - 1)]
            _enrol(circle.rng, family, circle.rng.choice(payers.plans), other)
        if circle.oddity == "insurance history" and first:
            _history(family.head)


def _enrol(rng: Random, family: Family, plan: Plan, subscriber: Person) -> None:
    office = subscriber.office
    joined = max(subscriber.joined, office.start - timedelta(days=60))
    ended = rng.random() < 0.08
    subscription = office.drop.add(
        "inssub",
        PlanNum=plan.key,
        Subscriber=subscriber.key,
        DateEffective=joined.replace(day=1) if rng.random() < 0.8 else NEVER,
        DateTerm=office.until - timedelta(days=rng.randrange(200)) if ended else NEVER,
        AssignBen=int(rng.random() < 0.95),
        SubscriberID=f"M{subscriber.key:07d}",
        SecUserNumEntry=rng.choice(office.users),
        SecDateEntry=joined,
        SecDateTEdit=office.touched(joined + timedelta(days=rng.randrange(400)), rng),
    )
    for person in family.members:
        if rng.random() < 0.07 and person is not subscriber:
            continue
        relationship = 0 if person is subscriber else 2 if person.position == 2 else 1
        entered = max(person.joined, joined)
        patplan = office.drop.add(
            "patplan",
            PatNum=person.key,
            Ordinal=len(person.coverages) + 1,
            IsPending=int(rng.random() < 0.02),
            Relationship=relationship,
            InsSubNum=subscription,
            SecDateTEntry=stamp(entered, rng),
            SecDateTEdit=office.touched(entered + timedelta(days=rng.randrange(300)), rng),
        )
        person.coverages.append(
            Coverage(plan, subscription, len(person.coverages) + 1, relationship)
        )
        _verify(rng, patplan, person)
        if rng.random() < 0.02:
            office.drop.add(
                "benefit",
                PatPlanNum=patplan,
                BenefitType=1,
                CovCatNum=office.categories["Crowns"],
                Percent=60,
                TimePeriod=2,
                SecDateTEntry=stamp(entered, rng),
                SecDateTEdit=office.touched(entered, rng),
            )


def _verify(rng: Random, patplan: int, person: Person) -> None:
    office = person.office
    entered = max(person.joined, office.start - timedelta(days=60))
    verified = rng.random() < 0.6
    last = entered + timedelta(days=rng.randrange((office.until - entered).days + 1))
    status = "verify.done" if verified else "verify.waiting"
    current = {
        "DateLastVerified": last if verified else NEVER,
        "UserNum": rng.choice(office.users) if rng.random() < 0.5 else 0,
        "VerifyType": 2,
        "FKey": patplan,
        "DefNum": office.defs[status],
        "DateLastAssigned": entered,
        "DateTimeEntry": stamp(entered, rng),
    }
    key = office.drop.add("insverify", **current, SecDateTEdit=stamp(last, rng))
    if verified and rng.random() < 0.4:
        earlier = entered + (last - entered) / 2
        office.drop.add(
            "insverifyhist",
            **current | {"DateLastVerified": earlier, "DefNum": office.defs["verify.waiting"]},
            VerifyUserNum=rng.choice(office.users),
            InsVerifyNum=key,
            SecDateTEdit=stamp(earlier, rng),
        )


def _history(person: Person) -> None:
    """Benefits used elsewhere, and old work entered for frequency limits: never money."""
    office, coverage = person.office, person.coverages[0]
    day = max(person.joined, office.start)
    for status, amount in ((3, 2_400_000), (9, 0)):
        office.drop.add(
            "claimproc",
            PatNum=person.key,
            ProvNum=person.dentist,
            Status=status,
            InsPayAmt=amount,
            PlanNum=coverage.plan.key,
            InsSubNum=coverage.subscription,
            DateCP=day,
            ProcDate=day,
            DateEntry=day,
            SecDateEntry=day,
            SecDateTEdit=office.touched(day, person.rng),
            ClinicNum=person.clinic,
        )
