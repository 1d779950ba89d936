"""A claim in the making, and what the practice system keeps beside claims and their lines."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from daysheet.synthetic.checks import Check
from daysheet.synthetic.payers import Plan
from daysheet.synthetic.people import Coverage, Person, Procedure

_ERRORS = ("error.missing", "error.eligibility")


@dataclass(frozen=True, slots=True)
class Amounts:
    """What a line says was paid, written off and expected."""

    paid: int
    writeoff: int
    estimate: int


@dataclass(slots=True)
class Claim:
    """A claim in the making (kind '' for lines that are on no claim), summed as lines are added."""

    person: Person
    coverage: Coverage
    kind: str  # P, S, PreAuth, Cap
    day: date
    letter: str
    key: int = 0
    sent: date | None = None
    resent: date | None = None
    received: date | None = None
    paid_on: date | None = None
    check: Check | None = None
    fee: int = 0
    expected: int = 0
    paid: int = 0
    writeoff: int = 0
    deductible: int = 0
    is_ortho: bool = False
    first_check: date | None = None
    estimates: dict[int, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind:
            self.key = self.person.office.drop.next_key("claim")

    @property
    def plan(self) -> Plan:
        """The plan billed."""
        return self.coverage.plan

    def estimate(self, procedure: Procedure, expected: int, writeoff: int) -> None:
        """What the estimate columns of this procedure's line hold."""
        self.estimates[procedure.key] = expected, writeoff


def keep_beside(claim: Claim, procedure: Procedure, line: int, amounts: Amounts) -> None:
    """The frozen estimate of the line, and the payment history of blue-book plans."""
    office, rng = claim.person.office, claim.person.rng
    office.drop.add(
        "claimsnapshot",
        ProcNum=procedure.key,
        ClaimType=claim.kind,
        Writeoff=claim.estimates[procedure.key][1] if claim.plan.kind == "p" else "-1",
        InsPayEst=claim.estimates[procedure.key][0],
        Fee=procedure.gross,
        DateTEntry=office.touched(claim.day, rng),
        ClaimProcNum=line,
        SnapshotTrigger=0,
    )
    if claim.received and rng.random() < 0.05:
        office.drop.add(
            "claimsnapshot",
            ProcNum=procedure.key,
            ClaimType=claim.kind,
            Writeoff=amounts.writeoff,
            InsPayEst=amounts.estimate,
            Fee=procedure.gross,
            DateTEntry=office.touched(claim.received, rng),
            ClaimProcNum=line,
            SnapshotTrigger=2,
        )
    if not claim.plan.blue_book or not claim.received:
        return
    office.drop.add(
        "insbluebook",
        ProcCodeNum=procedure.code.key,
        CarrierNum=claim.plan.carrier,
        PlanNum=claim.plan.key,
        GroupNum=claim.plan.group,
        InsPayAmt=amounts.paid,
        AllowedOverride=procedure.gross if rng.random() < 0.3 else "-1",
        DateTEntry=office.touched(claim.received, rng),
        ProcNum=procedure.key,
        ProcDate=procedure.day,
        ClaimType=claim.kind,
        ClaimNum=claim.key,
    )
    for _ in range((0, 1, 2, 3)[rng.randrange(4)]):
        office.drop.add(
            "insbluebooklog",
            ClaimProcNum=line,
            AllowedFee=procedure.gross,
            DateTEntry=office.touched(claim.day, rng),
            Description=("Average of the same group", "Manual schedule", "")[rng.randrange(3)],
        )


def track(claim: Claim) -> int:
    """Follow-up on a claim that waits or was resent; the status it ends in, 0 for none."""
    office, rng, defs = claim.person.office, claim.person.rng, claim.person.office.defs
    waited = claim.letter == "S" and claim.day < office.until - timedelta(days=30)
    steps = ["track.called", "track.appeal", "track.review"][: 1 + rng.randrange(3)]
    if not waited:
        steps = ["track.resent"] if claim.resent else []
    last = 0
    for n, step in enumerate(steps):
        last = defs[step]
        day = (claim.sent or claim.day) + timedelta(days=21 + 9 * n)
        office.drop.add(
            "claimtracking",
            ClaimNum=claim.key,
            TrackingType="StatusHistory",
            UserNum=rng.choice(office.users),
            DateTimeEntry=office.touched(day, rng),
            TrackingDefNum=last,
            TrackingErrorDefNum=defs[rng.choice(_ERRORS)] if step == "track.resent" else 0,
        )
    if steps and rng.random() < 0.3:
        office.drop.add(
            "claimtracking",
            ClaimNum=claim.key,
            TrackingType=("ClaimUser", "ClaimProcReceived")[rng.randrange(2)],
            UserNum=rng.choice(office.users),
            DateTimeEntry=office.touched(claim.day, rng),
        )
    return last
