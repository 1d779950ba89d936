"""Who the story is about: persons, their families, and circles of families."""

from dataclasses import dataclass, field
from datetime import date

from daysheet.synthetic.codes import Code
from daysheet.synthetic.draws import Random
from daysheet.synthetic.ledger import Account
from daysheet.synthetic.office import Office
from daysheet.synthetic.payers import Plan

# Every circle whose number fits carries one of these; the others have ordinary lives.
ODDITIES = (
    "merged",
    "deleted",
    "deceased",
    "guarantor elsewhere",
    "odd names",
    "static plan",
    "closed plan",
    "dynamic plan",
    "insurance plan",
    "plan guarantor elsewhere",
    "capitation",
    "by total",
    "supplemental",
    "claim transfer",
    "overpayment",
    "resent",
    "preauthorization",
    "secondary",
    "hidden prepayment",
    "prepayment",
    "refund",
    "split elsewhere",
    "transfer elsewhere",
    "future rows",
    "sentinel days",
    "fraction of a cent",
    "negative fee",
    "paid on deleted",
    "taken back",
    "forgotten claim",
    "sign mismatch",
    "clone",
    "zero dates",
    "insurance history",
)
ROTATION = 48
NEEDS_TWO_FAMILIES = {
    "guarantor elsewhere",
    "plan guarantor elsewhere",
    "split elsewhere",
    "transfer elsewhere",
}
NEEDS_INSURANCE = {
    "insurance plan",
    "by total",
    "supplemental",
    "claim transfer",
    "overpayment",
    "resent",
    "preauthorization",
    "secondary",
    "paid on deleted",
    "taken back",
    "forgotten claim",
    "insurance history",
}


@dataclass(slots=True)
class Coverage:
    """One plan a person is covered by."""

    plan: Plan
    subscription: int
    ordinal: int
    relationship: int
    used: dict[int, int] = field(default_factory=dict)  # benefit paid by calendar year


@dataclass(slots=True)
class Procedure:
    """A charted procedure and what has been credited to it."""

    key: int
    person: "Person"
    day: date
    code: Code
    fee: int
    units: int
    provider: int
    clinic: int
    status: int
    adjusted: int = 0  # adjustments of the same patient, provider and clinic
    insured: int = 0  # paid or estimated, with write-offs
    split: int = 0  # paid by splits outside a payment plan
    financed: bool = False  # on a payment plan

    @property
    def gross(self) -> int:
        """Fee times units."""
        return self.fee * self.units

    @property
    def open(self) -> int:
        """What nobody has paid yet."""
        return self.gross + self.adjusted - self.insured - self.split


@dataclass(slots=True)
class Adjustment:
    """An adjustment and what splits have paid on it."""

    key: int
    person: "Person"
    day: date
    amount: int
    split: int = 0


@dataclass(slots=True)
class Person:
    """A patient row in the making."""

    key: int
    office: Office
    rng: Random
    given: str
    surname: str
    birth: date | None
    gender: int
    position: int
    status: int
    joined: date
    left: date
    clinic: int
    dentist: int
    hygienist: int
    account: Account
    guarantor: "Person | None" = None
    employer: int = 0
    coverages: list[Coverage] = field(default_factory=list)
    procedures: list[Procedure] = field(default_factory=list)
    fees: list[Adjustment] = field(default_factory=list)  # charged by adjustment, to be paid
    first_visit: date | None = None
    next_visit: date | None = None
    changed: date = date.min
    discount_plan: int = 0
    tracked_plan: int = 0  # a payment plan that insurance pays
    has_visits: bool = True

    @property
    def last_day(self) -> date:
        """Last day they can have come."""
        return min(self.left, self.office.until)

    def is_adult(self, day: date) -> bool:
        """Eighteen or older, or of unknown age."""
        return self.birth is None or (day - self.birth).days >= 18 * 365


@dataclass(slots=True)
class Family:
    """Persons who live together; the first is its head."""

    members: list[Person]
    surname: str
    habit: str  # prompt, slow or poor payer

    @property
    def head(self) -> Person:
        """Who owes."""
        return self.members[0]


@dataclass(slots=True)
class Circle:
    """Families whose money may cross; written as a whole, so memory holds one at a time."""

    number: int
    rng: Random
    oddity: str
    families: list[Family]

    @property
    def head(self) -> Person:
        """Whom the circle's oddity befalls."""
        return self.families[0].head

    @property
    def people(self) -> list[Person]:
        """Everyone in it."""
        return [person for family in self.families for person in family.members]
