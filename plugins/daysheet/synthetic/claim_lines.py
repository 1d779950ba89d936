"""Writes claims and their lines, and books each line: on account, check and procedure."""

from datetime import date

from daysheet.synthetic.amounts import DOLLAR
from daysheet.synthetic.audit import log
from daysheet.synthetic.claim_records import Amounts, Claim, keep_beside, track
from daysheet.synthetic.clock import NEVER, stamp
from daysheet.synthetic.people import Procedure

_MONEY = (1, 4, 5, 7)
_PENDING, _RECEIVED, _PREAUTH = 0, 1, 2


def write_line(
    claim: Claim,
    procedure: Procedure | None,
    status: int,
    *,
    paid: int = 0,
    writeoff: int = 0,
    estimate: int = 0,
    transfer: bool = False,
    overpay: bool = False,
) -> int:
    """Write a claim line and book it: on the account, the check, the procedure."""
    person = claim.person
    office, rng = person.office, person.rng
    pays_plan = person.tracked_plan if status == 1 and paid else 0
    amounts = Amounts(paid, writeoff, estimate)
    _book(claim, procedure, status, amounts, bool(pays_plan))
    first = status in (0, 1, 2) and procedure is not None and not overpay
    _, expected_writeoff = claim.estimates.get(procedure.key if first else 0, (0, 0))
    money = status in _MONEY
    day = claim.paid_on if money and claim.paid_on else claim.day
    on_check = claim.check if money and claim.kind else None
    if on_check:
        on_check.total += paid
        claim.first_check = claim.first_check or on_check.day
    if procedure is not None and status != _PREAUTH:
        _credit(procedure, status, amounts, first and expected_writeoff)
    fee = procedure.gross if procedure is not None and first else 0
    claim.fee += fee
    claim.paid += paid
    claim.writeoff += writeoff
    claim.expected += estimate
    deductible = claim.plan.deductible if first and rng.random() < 0.1 else 0
    claim.deductible += deductible if money else 0
    key = office.drop.add(
        "claimproc",
        ProcNum=procedure.key if procedure is not None else 0,
        ClaimNum=claim.key,
        PatNum=person.key,
        ProvNum=procedure.provider if procedure is not None else person.dentist,
        FeeBilled=fee,
        InsPayEst=estimate,
        DedApplied=deductible if money else 0,
        Status=status,
        InsPayAmt=paid,
        ClaimPaymentNum=on_check.key if on_check else 0,
        PlanNum=claim.plan.key,
        DateCP=day,
        WriteOff=writeoff,
        CodeSent=procedure.code.text if procedure is not None else "",
        NoBillIns=int(status == 6 and rng.random() < 0.02),
        ProcDate=procedure.day if procedure is not None else claim.day,
        DateEntry=min(day, office.until) if money else NEVER,
        LineNumber=1,
        DedEst=deductible if not money and first else "-1",
        EstimateNote="Limited to one per year" if rng.random() < 0.01 else "",
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
        **(_estimated(claim, procedure, status, amounts) if first or status in (6, 8) else {}),
    )
    if first and claim.kind in ("P", "S"):
        keep_beside(claim, procedure, key, amounts)
    person.changed = max(person.changed, min(day, office.until))
    return key


def _estimated(
    claim: Claim, procedure: Procedure, status: int, amounts: Amounts
) -> dict[str, int | str]:
    """How the expected payment came about; blank (-1) is what nobody computed or typed in."""
    rng, kind = claim.person.rng, claim.plan.kind
    expected, writeoff = claim.estimates[procedure.key]
    columns: dict[str, int | str] = {
        "Percentage": procedure.code.percent,
        "BaseEst": expected,
        "InsEstTotal": amounts.estimate,
    }
    if kind == "f":
        columns["CopayAmt"] = 25 * DOLLAR
    if claim.kind == "S":
        columns["PaidOtherIns"] = procedure.insured
    if status in (0, 6) and rng.random() < 0.03:
        columns["InsEstTotalOverride"] = amounts.estimate
    if rng.random() < 0.01:
        columns["PercentOverride"] = procedure.code.percent
        columns["CopayOverride"] = 10 * DOLLAR
    if kind == "p" and status in (0, 1, 2):
        columns["WriteOffEst"] = writeoff
        if rng.random() < 0.5:
            columns["AllowedOverride"] = procedure.gross - writeoff
        if rng.random() < 0.02:
            columns["WriteOffEstOverride"] = writeoff
    return columns


def _book(
    claim: Claim, procedure: Procedure | None, status: int, amounts: Amounts, pays_plan: bool
) -> None:
    extras, account = claim.person.office.extras, claim.person.account
    if procedure is not None and procedure.status != 2:
        if status in _MONEY:
            extras["insurance on procedures not complete"] += amounts.paid + amounts.writeoff
        return
    on = procedure.day if procedure is not None else claim.day
    if status in _MONEY:
        day = claim.paid_on or claim.day
        account.insure(day, 0 if pays_plan else amounts.paid, amounts.writeoff)
        if status == _RECEIVED:
            account.wait(on, day, amounts.estimate + amounts.writeoff)
        if pays_plan:
            extras["insurance paid to tracked plans"] += amounts.paid
    elif status == _PENDING:
        account.expect(amounts.estimate, amounts.writeoff)
        account.wait(on, date.max, amounts.estimate + amounts.writeoff)


def _credit(procedure: Procedure, status: int, amounts: Amounts, expected: int) -> None:
    """What this line takes off the procedure's value when it is linked to a payment plan."""
    if status in (1, 4, 7):
        procedure.insured += amounts.paid + amounts.writeoff
    else:
        procedure.insured += amounts.estimate + expected


def write_claim(claim: Claim) -> None:
    """Write the claim row with the sums of its lines, and its tracking history."""
    person = claim.person
    office, rng = person.office, person.rng
    sent = claim.letter in ("P", "S", "R")
    events = [claim.day, claim.sent, claim.resent, claim.received, claim.paid_on]
    changed = max(day for day in events if day is not None and day <= office.until)
    status = track(claim)
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
        DedApplied=claim.deductible,
        ProvBill=office.entity if person.key % 3 else office.dentists[0],
        ReferringProv=office.referrals[0] if rng.random() < 0.02 else 0,
        PatRelat=claim.coverage.relationship,
        PlanNum2=secondary.plan.key if secondary else 0,
        InsSubNum2=secondary.subscription if secondary else 0,
        WriteOff=claim.writeoff,
        ClinicNum=person.clinic,
        InsSubNum=claim.coverage.subscription,
        ClaimForm=claim.plan.form if rng.random() < 0.05 else 0,
        IsOrtho=int(claim.is_ortho),
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
        log(office, rng, "claim sent", claim.sent, patient=person.key, key=claim.key)
