"""Rows that point at nothing: what deletes and old bugs leave in a practice's database."""

from collections.abc import Iterator
from datetime import date, timedelta

from daysheet.synthetic.amounts import DOLLAR
from daysheet.synthetic.audit import log
from daysheet.synthetic.clock import stamp
from daysheet.synthetic.draws import stream
from daysheet.synthetic.files import NOBODY
from daysheet.synthetic.ledger import Account
from daysheet.synthetic.loose_ends import leave_loose_ends
from daysheet.synthetic.office import Office


def write_strays(office: Office, patients: int) -> Iterator[tuple[int, Account]]:
    """Write the strays; yields the accounts of patients who do not exist, by their key."""
    rng = stream(office.seed, "strays")
    for n in range(3 + patients // 1000):
        day = office.start + timedelta(days=rng.randrange((office.until - office.start).days))
        at = stamp(day, rng)
        missing, account = NOBODY + n, Account(office.until, office.payplans_version)
        _write_money(office, account, missing, day, at)
        _write_money_of_nothing(office, missing, day, at)
        drop = office.drop
        drop.add("treatplanattach", TreatPlanNum=NOBODY, ProcNum=missing)
        drop.add("procnote", PatNum=missing, ProcNum=missing, EntryDateTime=at)
        drop.add("patplan", PatNum=missing, Ordinal=1, InsSubNum=NOBODY, SecDateTEdit=at)
        log(office, rng, "logged on", day, patient=missing)
        leave_loose_ends(office, rng, day, missing)
        yield missing, account


def _write_money(office: Office, account: Account, missing: int, day: date, at: str) -> None:
    """What counts on the account of a patient who does not exist."""
    drop, fee, discount, paid = office.drop, 58 * DOLLAR, -5 * DOLLAR, 20 * DOLLAR
    drop.add(
        "procedurelog",
        PatNum=missing,
        ProcDate=day,
        ProcFee=fee,
        ProcStatus=2,
        ProvNum=office.dentists[0],
        CodeNum=office.codes["D0120"].key,
        UnitQty=1,
        DateTStamp=at,
        SecDateEntry=at,
    )
    account.charge(day, fee)
    drop.add(
        "adjustment",
        AdjDate=day,
        AdjAmt=discount,
        PatNum=missing,
        AdjType=office.defs["adj.courtesy"],
        ProcDate=day,
        DateEntry=day,
        SecDateTEdit=at,
    )
    account.adjust(day, discount)
    drop.add(
        "paysplit",
        SplitAmt=paid,
        PatNum=missing,
        PayNum=missing,
        ProcNum=missing,
        DatePay=day,
        DateEntry=day,
        SecDateTEdit=at,
    )
    account.pay(day, paid)


def _write_money_of_nothing(office: Office, missing: int, day: date, at: str) -> None:
    """What counts nowhere: its payment plan, or its procedure, does not exist."""
    drop, charge, paid = office.drop, 99 * DOLLAR, 11 * DOLLAR
    drop.add(
        "payplancharge",
        PayPlanNum=NOBODY,
        Guarantor=missing,
        PatNum=missing,
        ChargeDate=day,
        Principal=charge,
        SecDateTEntry=at,
        SecDateTEdit=at,
    )
    office.extras["charges of missing payment plans"] += charge
    drop.add(
        "claimproc",
        ProcNum=missing,
        ClaimNum=missing,
        PatNum=missing,
        Status=1,
        InsPayAmt=paid,
        DateCP=day,
        ProcDate=day,
        DateEntry=day,
        SecDateEntry=day,
        SecDateTEdit=at,
    )
    office.extras["insurance on missing procedures"] += paid
