"""Procedure codes, coverage categories and fee schedules of the invented practice."""

from dataclasses import dataclass
from datetime import date, timedelta

from daysheet.synthetic.amounts import CENT, DOLLAR, share
from daysheet.synthetic.clock import stamp
from daysheet.synthetic.draws import Random, stream
from daysheet.synthetic.files import Drop


@dataclass(frozen=True, slots=True)
class Code:
    """A procedure code: its key, usual fee and how insurers see it."""

    key: int
    text: str
    fee: int
    percent: int  # what a usual plan pays
    area: int  # TreatmentArea
    units: int = 1
    base_units: int = 0


# code: (short description, category, dollars, percent a plan pays, treatment area, flags)
# Flags: h hygiene, r radiograph, p prosthetic, t taxed, n not billed to insurance, u by the unit.
_CODES = {
    "D0120": ("Check-up exam", "diagnostic", 58, 100, 3, "h"),
    "D0140": ("Exam of one problem", "diagnostic", 84, 100, 3, ""),
    "D0150": ("First full exam", "diagnostic", 98, 100, 3, ""),
    "D0210": ("All x-rays", "diagnostic", 152, 100, 3, "r"),
    "D0220": ("First single x-ray", "diagnostic", 34, 100, 2, "r"),
    "D0274": ("Four bitewings", "diagnostic", 72, 100, 3, "rh"),
    "D0330": ("Panoramic x-ray", "diagnostic", 126, 100, 3, "r"),
    "D1110": ("Cleaning, adult", "preventive", 104, 100, 3, "h"),
    "D1120": ("Cleaning, child", "preventive", 78, 100, 3, "h"),
    "D1206": ("Fluoride varnish", "preventive", 42, 100, 3, "h"),
    "D1351": ("Sealant", "preventive", 61, 80, 2, "h"),
    "D2330": ("Front filling, 1 side", "restorative", 178, 80, 1, ""),
    "D2391": ("Back filling, 1 side", "restorative", 196, 80, 1, ""),
    "D2392": ("Back filling, 2 sides", "restorative", 248, 80, 1, ""),
    "D2740": ("Ceramic crown", "restorative", 1285, 50, 2, "p"),
    "D2950": ("Build-up for a crown", "restorative", 305, 50, 2, ""),
    "D3310": ("Root canal, front", "endo", 870, 80, 2, ""),
    "D3330": ("Root canal, molar", "endo", 1240, 80, 2, ""),
    "D4341": ("Deep cleaning, quarter", "perio", 274, 80, 4, "h"),
    "D4910": ("Gum maintenance", "perio", 156, 80, 3, "h"),
    "D5110": ("Full upper denture", "prosth", 1920, 50, 6, "p"),
    "D6010": ("Implant post", "surgery", 2150, 0, 2, "p"),
    "D6240": ("Bridge tooth", "prosth", 1310, 50, 2, "p"),
    "D7140": ("Simple extraction", "surgery", 212, 80, 2, ""),
    "D7210": ("Surgical extraction", "surgery", 334, 80, 2, ""),
    "D8080": ("Braces, teenager", "ortho", 5400, 50, 3, ""),
    "D9222": ("Deep sedation, per quarter hour", "other", 148, 50, 0, "u"),
    "D9944": ("Night guard", "other", 540, 50, 6, ""),
    "D9986": ("Missed appointment", "other", 0, 0, 0, "n"),
    "D9987": ("Cancelled appointment", "other", 0, 0, 0, "n"),
    "N4104": ("Whitening kit, take home", "other", 189, 0, 0, "nt"),
}
_COVERAGE = (  # name, usual percent, standard category, first and last code
    ("General", -1, 1, "D0000", "D9999"),
    ("Diagnostic", 100, 2, "D0000", "D0999"),
    ("X-Ray", 100, 13, "D0200", "D0399"),
    ("Routine Preventive", 100, 12, "D1000", "D1999"),
    ("Restorative", 80, 4, "D2000", "D2699"),
    ("Crowns", 50, 7, "D2700", "D2999"),
    ("Endodontics", 80, 5, "D3000", "D3999"),
    ("Periodontics", 80, 3, "D4000", "D4999"),
    ("Prosthodontics", 50, 10, "D5000", "D6999"),
    ("Oral Surgery", 80, 11, "D7000", "D7999"),
    ("Orthodontics", 50, 9, "D8000", "D8999"),
    ("Adjunctive", 50, 14, "D9000", "D9999"),
)
_GROUPS = (  # name, codes, fixed meaning
    ("Bitewings", "D0274", 1),
    ("Panoramic or full set", "D0210,D0330", 2),
    ("Exams", "D0120,D0140,D0150", 3),
    ("Cleanings", "D1110,D1120", 5),
    ("Fluoride", "D1206", 8),
)
# name: (FeeSchedType, percent of the usual fee)
_SCHEDULES = {
    "ucr": ("Office usual fees", 0, 100),
    "specialist": ("Specialist usual fees", 0, 125),
    "ppo_a": ("PPO contract A", 0, 72),
    "ppo_b": ("PPO contract B", 0, 64),
    "member": ("Membership fees", 0, 80),
    "copay": ("Capitation copays", 1, 15),
    "out": ("Out of network allowed", 2, 85),
    "retired": ("Fees of ten years ago", 0, 55),
}


def write_codes(drop: Drop, defs: dict[str, int], start: date) -> dict[str, Code]:
    """Write ``procedurecode``; codes by text."""
    codes = {}
    for text, (name, category, dollars, percent, area, flags) in _CODES.items():
        base_units = 1 if "u" in flags else 0
        key = drop.add(
            "procedurecode",
            ProcCode=text,
            Descript=name,
            AbbrDesc=name[:10],
            ProcTime="/XX/" if "h" in flags else "/XXXX/",
            ProcCat=defs[f"cat.{category}"],
            TreatArea=area,
            NoBillIns=int("n" in flags),
            IsProsth=int("p" in flags),
            IsHygiene=int("h" in flags),
            IsTaxed=int("t" in flags),
            LaymanTerm=name,
            BaseUnits=base_units,
            IsRadiology=int("r" in flags),
            DateTStamp=f"{start - timedelta(days=40)} 12:00:00",
        )
        units = 2 if "u" in flags else 1
        codes[text] = Code(key, text, dollars * DOLLAR, percent, area, units, base_units)
    return codes


def write_coverage(drop: Drop) -> tuple[dict[str, int], dict[str, int]]:
    """Write coverage categories, their code spans and code groups; keys by name."""
    categories = {}
    for order, (name, percent, standard, first, last) in enumerate(_COVERAGE):
        categories[name] = drop.add(
            "covcat",
            Description=name,
            DefaultPercent=percent,
            CovOrder=order,
            IsHidden=0,
            EbenefitCat=standard,
        )
        drop.add("covspan", CovCatNum=categories[name], FromCode=first, ToCode=last)
    groups = {}
    for name, codes, fixed in _GROUPS:
        groups[name] = drop.add("codegroup", GroupName=name, ProcCodes=codes, CodeGroupFixed=fixed)
    return categories, groups


def write_schedules(drop: Drop, seed: int, start: date) -> dict[str, int]:
    """Write ``feesched``; keys by slug."""
    rng = stream(seed, "schedules")
    schedules = {}
    for order, (slug, (name, kind, _)) in enumerate(_SCHEDULES.items()):
        entered = start - timedelta(days=300 + order)
        schedules[slug] = drop.add(
            "feesched",
            Description=name,
            FeeSchedType=kind,
            ItemOrder=order,
            IsHidden=int(slug == "retired"),
            IsGlobal=int(slug == "copay"),
            SecDateEntry=entered,
            SecDateTEdit=stamp(entered, rng),
        )
    return schedules


@dataclass(frozen=True, slots=True)
class FeeBook:
    """Writes ``fee``: one row per schedule and code, and what a clinic or provider overrides."""

    drop: Drop
    rng: Random
    start: date
    until: date

    def write(
        self, schedules: dict[str, int], codes: dict[str, Code], clinic: int, provider: int
    ) -> dict[tuple[str, str], int]:
        """The amounts by (schedule, code); not every schedule has every code."""
        amounts = {}
        for slug, key in schedules.items():
            for code in codes.values():
                if code.fee == 0 or self.rng.random() < 0.05:
                    continue
                amount = share(code.fee, _SCHEDULES[slug][2])
                amounts[slug, code.text] = amount
                self._add(Amount=amount, FeeSched=key, CodeNum=code.key)
                if slug == "ucr" and self.rng.random() < 0.4:
                    blanked = self.rng.random() < 0.3  # -1: no fee there
                    other = "-1" if blanked else amount + 5 * DOLLAR + 25 * CENT
                    place = {"ClinicNum": clinic}
                    if self.rng.random() < 0.3:
                        place = {"ProvNum": provider}
                    self._add(Amount=other, FeeSched=key, CodeNum=code.key, **place)
        return amounts

    def _add(self, **values: int | str) -> None:
        entered = self.start - timedelta(days=self.rng.randrange(1, 400))
        days = self.rng.randrange((self.until - entered).days + 1)
        changed = stamp(entered + timedelta(days=days), self.rng)
        self.drop.add("fee", SecDateEntry=entered, SecDateTEdit=changed, **values)
