"""Who the counseling practice deals with: insurers, clinicians and clients, all invented."""

from dataclasses import dataclass
from itertools import product

from daysheet.synthetic.draws import stream
from daysheet.synthetic.words import FAMILY, GIVEN

_CLIENTS_PER_CLINICIAN = 20
_ODD = ("Moss, Jr.", "O'Quill", "Straße-Çelik")


@dataclass(frozen=True)
class Insurer:
    """A payer as exports name it. ``covered`` is the percentage of a charge it pays."""

    name: str
    external_id: str | None
    covered: int
    plan_class: str = "commercial"
    route: str = "simplepractice"
    filing_days: int = 90
    appeal_days: int = 60
    other_spelling: str = ""

    def shown(self, *, spelled_otherwise: bool = False) -> str:
        """As a cell has it, with the id in parentheses."""
        name = self.other_spelling if spelled_otherwise and self.other_spelling else self.name
        return f"{name} ({self.external_id})" if self.external_id else name


# Names with parentheses, commas and spaces too many; ids with letters and leading zeros.
INSURERS = (
    Insurer("Ninefold Health", "NF021", 62, other_spelling="Ninefold Health of Larchport"),
    Insurer("Saltmarsh Behavioral", "00731", 70, route="portal", filing_days=120),
    Insurer("Fernbridge  Medicaid (Riverbend Plan)", "60417", 56, "medicaid", filing_days=180),
    Insurer("Copperline Mutual", "41188", 75, other_spelling="COPPERLINE  MUTUAL"),
    Insurer("Elder Orchard Advantage", "70852", 80, "medicare", filing_days=365, appeal_days=120),
    Insurer("Quietwater Federal Plan", "TRI03", 66, "tricare", filing_days=365, appeal_days=90),
    Insurer("Stonecrop Employers, Inc.", "52290", 58, filing_days=60),
    Insurer("Tallow & Reed Benefit Trust", None, 72, route="paper"),
)


@dataclass(frozen=True)
class Client:
    """Someone in treatment: every week or every other, at their own hour with one clinician."""

    n: int
    name: str
    clinician: str
    insurer: Insurer | None
    secondary: Insurer | None
    copay: int  # dollars a visit
    weekday: int
    hour: int
    every_weeks: int


def clients_of(seed: int, patients: int) -> list[Client]:
    """The clients of a practice beside that many dental patients; no two have one name."""
    rng = stream(seed, "counseling", "clients")
    number = max(6, patients // 13)
    pool = [f"{given} {family}" for given, family in product(GIVEN, FAMILY)]
    if number > len(pool):
        pool += [f"{name}-{family}" for name, family in product(pool, FAMILY)]
    names = rng.sample(pool, number)
    clinicians = clinicians_of(number)
    clients = []
    for n, family in enumerate(_ODD):
        if 9 * n + 3 < number:
            names[9 * n + 3] = f"{names[9 * n + 3].split()[0]} {family}"
    for n, name in enumerate(names):
        insurer = rng.choices([*INSURERS, None], [18, 14, 14, 12, 8, 6, 9, 5, 9])[0]
        other = rng.choice(INSURERS)
        with_clinician = n // len(clinicians)
        clients.append(
            Client(
                n,
                name,
                clinicians[n % len(clinicians)],
                insurer,
                other if insurer and other is not insurer and n % 11 == 4 else None,
                copay=rng.choice([0, 15, 20, 25, 30]) if insurer else 0,
                weekday=with_clinician % 5,
                hour=9 + with_clinician // 5 % 9,
                every_weeks=rng.choices([1, 2], [6, 4])[0],
            )
        )
    return clients


def clinicians_of(clients: int) -> list[str]:
    """Names of the clinicians that many clients need."""
    number = 2 + clients // _CLIENTS_PER_CLINICIAN
    names = [f"{GIVEN[-1 - n % 40]} {FAMILY[(7 * n + n // 40) % 40]}" for n in range(number)]
    return [f"Dr {name}" if n % 4 == 1 else name for n, name in enumerate(names)]
