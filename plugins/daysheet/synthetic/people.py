"""Who the story is about: persons, their families, and circles of families."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

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
    "stale cache",
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
    planned: date | None = None  # when it was proposed

    @property
    def proposed_on(self) -> date:
        """The day it was planned, else its own."""
        return self.planned or self.day

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
    kind: str = ""
    split: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money of a patient that came in, by split."""

    key: int
    day: date
    amount: int


@dataclass(slots=True)
class Appointment:
    """An appointment as its row says, and what its history and its messages must agree with."""

    key: int
    person: "Person"
    day: date
    start: int  # minutes after midnight
    status: int
    made: date
    confirmed: str  # slug of its confirmation status
    row: dict[str, Any]
    broken_by: str = ""  # D9986 missed, D9987 cancelled, '' not charted
    moves: int = 0  # to another day


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
    desk: Random  # draws for what is about no money, so that it moves none
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
    billing: str = "bill.standard"
    invoice: int = 0  # a statement that charges were put on; written later
    plans: dict[int, int] = field(default_factory=dict)  # treatment plan by TPStatus
    proposed: list[Procedure] = field(default_factory=list)  # work that was planned first
    appointments: list[Appointment] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    plan_charges: list[tuple[date, int]] = field(default_factory=list)  # of payment plans
    silent_since: date = date.max  # wants no more texts

    @property
    def last_day(self) -> date:
        """Last day they can have come."""
        return min(self.left, self.office.until)

    @property
    def has_phone(self) -> bool:
        """There is a mobile number."""
        return self.key % 6 != 0

    @property
    def has_email(self) -> bool:
        """There is an address."""
        return self.key % 3 != 0

    def takes_texts(self, day: date) -> bool:
        """They can be sent texts: a mobile number, TxtMsgOk is not no, no opt-out yet."""
        return self.has_phone and self.key % 3 != 2 and day < self.silent_since

    def invoiced(self, share: float) -> int:
        """For ``share`` of the charges the invoice they are on, else 0."""
        if self.rng.random() >= share:
            return 0
        self.invoice = self.invoice or self.office.drop.next_key("statement")
        return self.invoice

    def plan(self, status: int) -> int:
        """The person's active (1) or inactive (2) treatment plan."""
        if status not in self.plans:
            self.plans[status] = self.office.drop.next_key("treatplan")
        return self.plans[status]

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
