"""Writes claims, their lines, and what the practice system keeps beside them."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from daysheet.synthetic.audit import log
from daysheet.synthetic.checks import Check
from daysheet.synthetic.clock import NEVER, stamp
from daysheet.synthetic.office import Office
from daysheet.synthetic.payers import Plan
from daysheet.synthetic.people import Coverage, Person, Procedure

_MONEY = (1, 4, 5, 7)
_PENDING, _PREAUTH = 0, 2


@dataclass(slots=True)
class Claim:
    """A claim in the making (kind '' for lines that are on no claim), summed as lines are added."""

    office: Office
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
    first_check: date | None = None
    estimates: dict[int, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind:
            self.key = self.office.drop.next_key("claim")

    @property
    def plan(self) -> Plan:
        """The plan billed."""
        return self.coverage.plan

    def estimate(self, procedure: Procedure, expected: int, writeoff: int) -> None:
        """What the estimate columns of this procedure's line hold."""
        self.estimates[procedure.key] = expected, writeoff


def write_line(
    claim: Claim,
    procedure: Procedure | None,
    status: int,
    paid: int = 0,
    writeoff: int = 0,
    estimate: int = 0,
    transfer: bool = False,
    overpay: bool = False,
) -> int:
    """Write a claim line and book it: on the account, the check, the procedure."""
    office, person, rng = claim.office, claim.person, claim.person.rng
    pays_plan = person.tracked_plan if status == 1 and paid else 0
    _book(claim, procedure, status, paid, writeoff, estimate, bool(pays_plan))
    first = status in (0, 1, 2) and procedure is not None and not overpay
    expected, expected_writeoff = claim.estimates.get(procedure.key if first else 0, (0, 0))
    typed_in = estimate if status in (0, 6) and not overpay and rng.random() < 0.03 else None
    money = status in _MONEY
    day = claim.paid_on if money and claim.paid_on else claim.day
    on_check = claim.check if money and claim.kind else None
    if on_check:
        on_check.total += paid
        claim.first_check = claim.first_check or on_check.day
    if procedure is not None and status != _PREAUTH:
        _credit(procedure, status, paid, writeoff, estimate, first and expected_writeoff)
    fee = procedure.gross if procedure is not None and first else 0
    claim.fee += fee
    claim.paid += paid
    claim.writeoff += writeoff
    claim.expected += estimate
    ppo = claim.plan.kind == "p" and first
    key = office.drop.add(
        "claimproc",
        ProcNum=procedure.key if procedure is not None else 0,
        ClaimNum=claim.key,
        PatNum=person.key,
        ProvNum=procedure.provider if procedure is not None else person.dentist,
        FeeBilled=fee,
        InsPayEst=estimate,
        DedApplied=claim.plan.deductible if first and money and rng.random() < 0.1 else 0,
        Status=status,
        InsPayAmt=paid,
        ClaimPaymentNum=on_check.key if on_check else 0,
        PlanNum=claim.plan.key,
        DateCP=day,
        WriteOff=writeoff,
        CodeSent=procedure.code.text if procedure is not None else "",
        AllowedOverride=fee - writeoff if ppo and rng.random() < 0.5 else "-1",
        Percentage=procedure.code.percent if first or status == 6 else -1,
        PercentOverride=-1,
        NoBillIns=int(status == 6 and rng.random() < 0.02),
        BaseEst=expected,
        ProcDate=procedure.day if procedure is not None else claim.day,
        DateEntry=min(day, office.until) if money else NEVER,
        LineNumber=1,
        InsEstTotal=estimate,
        InsEstTotalOverride=typed_in if typed_in is not None else "-1",
        EstimateNote="Limited to one per year" if rng.random() < 0.01 else "",
        WriteOffEst=expected_writeoff if ppo or (status == 0 and first) else "-1",
        ClinicNum=person.clinic,
        InsSubNum=claim.coverage.subscription,
        PayPlanNum=pays_plan,
        ClaimPaymentTracking=office.defs["reject.bundled"] if money and not paid and first else 0,
        SecUserNumEntry=rng.choice(office.users),
        SecDateEntry=min(claim.day, office.until),
        SecDateTEdit=office.touched(max(day, claim.day), rng),
        DateSuppReceived=day if status == 4 else NEVER,
        DateInsFinalized=claim.first_check or NEVER if money else NEVER,
        IsTransfer=int(transfer),
        ClaimAdjReasonCodes="45,PR1" if writeoff and rng.random() < 0.4 else "",
        IsOverpay=int(overpay),
    )
    if first and claim.kind in ("P", "S"):
        _keep_beside(claim, procedure, key, paid, estimate, writeoff)
    person.changed = max(person.changed, min(day, office.until))
    return key


def _book(
    claim: Claim,
    procedure: Procedure | None,
    status: int,
    paid: int,
    writeoff: int,
    estimate: int,
    pays_plan: bool,
) -> None:
    office, account = claim.office, claim.person.account
    if procedure is not None and procedure.status != 2:
        if status in _MONEY:
            office.extras["insurance on procedures not complete"] += paid + writeoff
        return
    if status in _MONEY:
        account.insure(claim.paid_on or claim.day, 0 if pays_plan else paid, writeoff)
        if pays_plan:
            office.extras["insurance paid to tracked plans"] += paid
    elif status == _PENDING:
        account.expect(estimate, writeoff)


def _credit(
    procedure: Procedure, status: int, paid: int, writeoff: int, estimate: int, expected: int
) -> None:
    """What this line takes off the procedure's value when it is linked to a payment plan."""
    if status in (1, 4, 7):
        procedure.insured += paid + writeoff
    else:
        procedure.insured += estimate + expected


def _keep_beside(
    claim: Claim, procedure: Procedure, line: int, paid: int, estimate: int, writeoff: int
) -> None:
    """The frozen estimate of the line, and the payment history of blue-book plans."""
    office, rng, drop = claim.office, claim.person.rng, claim.office.drop
    drop.add(
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
        drop.add(
            "claimsnapshot",
            ProcNum=procedure.key,
            ClaimType=claim.kind,
            Writeoff=writeoff,
            InsPayEst=estimate,
            Fee=procedure.gross,
            DateTEntry=office.touched(claim.received, rng),
            ClaimProcNum=line,
            SnapshotTrigger=2,
        )
    if not claim.plan.blue_book or not claim.received:
        return
    drop.add(
        "insbluebook",
        ProcCodeNum=procedure.code.key,
        CarrierNum=claim.plan.carrier,
        PlanNum=claim.plan.key,
        GroupNum=claim.plan.group,
        InsPayAmt=paid,
        DateTEntry=office.touched(claim.received, rng),
        ProcNum=procedure.key,
        ProcDate=procedure.day,
        ClaimType=claim.kind,
        ClaimNum=claim.key,
    )
    for _ in range((0, 1, 2, 3)[rng.randrange(4)]):
        drop.add(
            "insbluebooklog",
            ClaimProcNum=line,
            AllowedFee=procedure.gross,
            DateTEntry=office.touched(claim.day, rng),
            Description="Average of payments of the same group",
        )


def write_claim(claim: Claim) -> None:
    """Write the claim row with the sums of its lines, and its tracking history."""
    office, person, rng = claim.office, claim.person, claim.person.rng
    sent = claim.letter in ("P", "S", "R")
    events = [claim.day, claim.sent, claim.resent, claim.received, claim.paid_on]
    changed = max(day for day in events if day is not None and day <= office.until)
    status = _track(claim)
    secondary = person.coverages[1] if len(person.coverages) > 1 else None
    office.drop.add(
        "claim",
        ClaimNum=claim.key,
        PatNum=person.key,
        DateService=claim.day,
        DateSent=(claim.resent or claim.sent) if sent else claim.day,
        ClaimStatus=claim.letter,
        DateReceived=claim.received or NEVER,
        PlanNum=claim.plan.key,
        ProvTreat=person.dentist,
        ClaimFee=claim.fee,
        InsPayEst=claim.expected,
        InsPayAmt=claim.paid,
        ClaimType=claim.kind,
        ProvBill=office.entity if person.key % 3 else office.dentists[0],
        ReferringProv=office.referrals[0] if rng.random() < 0.02 else 0,
        PatRelat=claim.coverage.relationship,
        PlanNum2=secondary.plan.key if secondary else 0,
        InsSubNum2=secondary.subscription if secondary else 0,
        WriteOff=claim.writeoff,
        ClinicNum=person.clinic,
        InsSubNum=claim.coverage.subscription,
        MedType=0,
        CustomTracking=status,
        DateResent=claim.resent or NEVER,
        CorrectionType=int(claim.resent is not None and rng.random() < 0.3),
        ClaimIdentifier=f"{person.key}/{claim.key}",
        SecUserNumEntry=rng.choice(office.users),
        SecDateEntry=min(claim.day, office.until),
        SecDateTEdit=stamp(changed, rng),
        DateSentOrig=claim.sent if sent else NEVER,
    )
    if sent:
        log(office, rng, "claim sent", claim.sent, person.key, claim.key)


def _track(claim: Claim) -> int:
    """Follow-up on a claim that waits or was resent; the status it ends in, 0 for none."""
    office, rng, defs = claim.office, claim.person.rng, claim.office.defs
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
            TrackingErrorDefNum=defs["error.missing"] if step == "track.resent" else 0,
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
