"""The practice itself: clinics, providers, logins, referrals, recall types, discount plans."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

from daysheet.synthetic.clock import NEVER, interval, stamp
from daysheet.synthetic.codes import Code, FeeBook, write_codes, write_coverage, write_schedules
from daysheet.synthetic.definitions import write_definitions, write_preferences
from daysheet.synthetic.draws import Random, stream
from daysheet.synthetic.files import Drop
from daysheet.synthetic.premises import Premises, write_premises
from daysheet.synthetic.staff import write_user_settings, write_users
from daysheet.synthetic.templates import write_templates
from daysheet.synthetic.words import CITIES, FAMILY, GIVEN, REFERRERS


@dataclass(slots=True)
class Office:
    """What every patient's story refers to, and the days it plays between."""

    drop: Drop
    seed: int
    start: date
    until: date
    payplans_version: int
    offsetting: bool
    defs: dict[str, int]
    codes: dict[str, Code]
    categories: dict[str, int]
    groups: dict[str, int]
    schedules: dict[str, int]
    amounts: dict[tuple[str, str], int]
    clinics: list[int]
    dentists: list[int]
    hygienists: list[int]
    entity: int
    users: list[int]
    referrals: list[int]
    recall_types: dict[str, int]
    discount_plans: list[int]
    premises: Premises
    rules: dict[tuple[str, int], int]  # of automated messages, by what for and clinic
    extras: Counter[str] = field(default_factory=Counter)  # known money outside balances
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)  # known numbers by area

    @property
    def messages_since(self) -> date:
        """First day of automated messages."""
        return self.start + (self.until - self.start) / 5

    def count(self, area: str, label: object, number: int = 1) -> None:
        """Add to a known number, such as "texts by status", 2."""
        self.counts[area, str(label)] += number

    def touched(self, day: date, rng: Random) -> str:
        """A change time on ``day``, never after the export."""
        return stamp(min(day, self.until), rng)


def open_office(
    drop: Drop,
    *,
    seed: int,
    start: date,
    until: date,
    patients: int,
    payplans_version: int,
    offsetting: bool,
) -> Office:
    """Write the tables that are about the practice, not about patients."""
    rng = stream(seed, "office")
    defs = write_definitions(drop, seed)
    clinics = [_clinic(drop, defs, n) for n in range(2)]
    codes = write_codes(drop, defs, start)
    categories, groups = write_coverage(drop)
    schedules = write_schedules(drop, seed, start)
    dentists, hygienists, entity = _providers(
        drop, rng, defs=defs, schedules=schedules, start=start, until=until, patients=patients
    )
    book = FeeBook(drop, stream(seed, "fees"), start, until)
    amounts = book.write(schedules, codes, clinics[-1], dentists[-1])
    aging = {"PayPlansVersion": payplans_version, "AgingProcLifo": 1 if offsetting else 2}
    write_preferences(drop, defs, dentists[0], until, aging)
    in_use = {"dentist": dentists, "hygienist": hygienists}
    premises = write_premises(drop, stream(seed, "premises"), clinics, in_use, start)
    users = write_users(drop, clinics, dentists, premises, until)
    write_user_settings(drop, stream(seed, "user settings"), users, clinics, premises)
    rules = write_templates(drop, defs, clinics)
    return Office(
        drop=drop,
        seed=seed,
        start=start,
        until=until,
        payplans_version=payplans_version,
        offsetting=offsetting,
        defs=defs,
        codes=codes,
        categories=categories,
        groups=groups,
        schedules=schedules,
        amounts=amounts,
        clinics=clinics,
        dentists=dentists,
        hygienists=hygienists,
        entity=entity,
        users=users,
        referrals=_referrals(drop, rng, defs, start),
        recall_types=_recall_types(drop),
        discount_plans=_discount_plans(drop, defs, schedules),
        premises=premises,
        rules=rules,
    )


def _clinic(drop: Drop, defs: dict[str, int], n: int) -> int:
    city, state, postcode = CITIES[n]
    return drop.add(
        "clinic",
        Description=f"{city} Teeth",
        Address=f"{n + 1} Invented Lane",
        City=city,
        State=state,
        Zip=postcode,
        Phone=f"000555010{n}",
        Region=defs["region.river"] if n == 0 else 0,
        ItemOrder=n,
        Abbr=city[:4].upper(),
        IsConfirmEnabled=1 - n,
        IsHidden=0,
        TimeZone="America/Chicago",
        SmsContractDate="0001-01-01 00:00:00",
    )


def _providers(
    drop: Drop,
    rng: Random,
    *,
    defs: dict[str, int],
    schedules: dict[str, int],
    start: date,
    until: date,
    patients: int,
) -> tuple[list[int], list[int], int]:
    """Dentists and hygienists in use, and the billing entity; one more has left, one is deleted."""
    kinds = ["dentist"] * (3 + patients // 2500) + ["hygienist"] * (3 + patients // 2000)
    kinds += ["entity", "left", "deleted"]
    found: dict[str, list[int]] = {kind: [] for kind in kinds}
    for order, kind in enumerate(kinds):
        hygienist = kind == "hygienist"
        specialist = kind == "dentist" and order == 2
        specialty = "spec.hygiene" if hygienist else "spec.endo" if specialist else "spec.general"
        given, family = rng.choice(GIVEN), FAMILY[order % len(FAMILY)]
        person = kind != "entity"
        key = drop.add(
            "provider",
            Abbr=f"{kind[0].upper()}{order}" if kind != "left" else "",
            ItemOrder=order,
            LName=family if person else "Larchport Teeth Group",
            FName=given if person else "",
            Suffix={"hygienist": "RDH", "entity": ""}.get(kind, "DMD"),
            FeeSched=schedules["specialist" if specialist else "ucr"],
            Specialty=defs[specialty] if person else 0,
            IsSecondary=int(hygienist),
            IsHidden=int(kind in ("left", "deleted")),
            NationalProvID=f"00000{order:05d}" if person else "",
            DateTStamp=stamp(start + (until - start) / 2, rng),
            IsNotPerson=int(not person),
            ProvNumBillingOverride=found["entity"][0] if kind == "left" else 0,
            ProvStatus=int(kind == "deleted"),
            IsHiddenReport=int(kind == "deleted"),
            HourlyProdGoalAmt=0 if not person else (120 if hygienist else 450) * 10_000,
            DateTerm=start + (until - start) / 3 if kind == "left" else NEVER,
            PreferredName=f"Dr. {family}" if kind == "dentist" else "",
            CustomID=f"X-{order}" if order % 2 else "",
        )
        found[kind].append(key)
    return found["dentist"], found["hygienist"], found["entity"][0]


def _referrals(drop: Drop, rng: Random, defs: dict[str, int], start: date) -> list[int]:
    return [
        drop.add(
            "referral",
            LName=name,
            Specialty=defs["spec.surgery"] if doctor else 0,
            IsHidden=int(name.startswith("Road")),
            NotPerson=1,
            IsDoctor=doctor,
            DateTStamp=stamp(start - timedelta(days=20), rng),
            IsPreferred=doctor,
            BusinessName=name if not doctor else "",
        )
        for name, doctor in REFERRERS
    ]


def _recall_types(drop: Drop) -> dict[str, int]:
    kinds = (
        ("Cleaning", interval(6, 1), "D0120,D1110"),
        ("Gum maintenance", interval(3, 1), "D4910"),
        ("All x-rays", interval(60), "D0210"),
    )
    return {
        name: drop.add(
            "recalltype",
            Description=name,
            DefaultInterval=every,
            TimePattern="/XXXX/",
            Procedures=codes,
        )
        for name, every, codes in kinds
    }


def _discount_plans(drop: Drop, defs: dict[str, int], schedules: dict[str, int]) -> list[int]:
    return [
        drop.add(
            "discountplan",
            Description=name,
            FeeSchedNum=schedules["member"],
            DefNum=defs["adj.membership"],
            AnnualMax=maximum,
        )
        for name, maximum in (("Fennel Club", "-1"), ("Fennel Club Plus", 15_000_000))
    ]
