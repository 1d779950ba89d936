"""Rows that point at nothing: what deletes and old bugs leave in a practice's database."""

from collections.abc import Iterator
from datetime import timedelta

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
        drop, code = office.drop, office.codes["D0120"]
        drop.add(
            "procedurelog",
            PatNum=missing,
            ProcDate=day,
            ProcFee=58 * DOLLAR,
            ProcStatus=2,
            ProvNum=office.dentists[0],
            CodeNum=code.key,
            UnitQty=1,
            DateTStamp=at,
            SecDateEntry=at,
        )
        account.charge(day, 58 * DOLLAR)
        kind = office.defs["adj.courtesy"]
        drop.add(
            "adjustment",
            AdjDate=day,
            AdjAmt=-5 * DOLLAR,
            PatNum=missing,
            AdjType=kind,
            ProcDate=day,
            DateEntry=day,
            SecDateTEdit=at,
        )
        account.adjust(day, -5 * DOLLAR)
        drop.add(
            "paysplit",
            SplitAmt=20 * DOLLAR,
            PatNum=missing,
            PayNum=NOBODY + n,
            ProcNum=NOBODY + n,
            DatePay=day,
            DateEntry=day,
            SecDateTEdit=at,
        )
        account.pay(day, 20 * DOLLAR)
        drop.add(
            "payplancharge",
            PayPlanNum=NOBODY,
            Guarantor=missing,
            PatNum=missing,
            ChargeDate=day,
            Principal=99 * DOLLAR,
            SecDateTEntry=at,
            SecDateTEdit=at,
        )
        office.extras["charges of missing payment plans"] += 99 * DOLLAR
        drop.add(
            "claimproc",
            ProcNum=NOBODY + n,
            ClaimNum=NOBODY + n,
            PatNum=missing,
            Status=1,
            InsPayAmt=11 * DOLLAR,
            DateCP=day,
            ProcDate=day,
            DateEntry=day,
            SecDateEntry=day,
            SecDateTEdit=at,
        )
        office.extras["insurance on missing procedures"] += 11 * DOLLAR
        drop.add("treatplanattach", TreatPlanNum=NOBODY, ProcNum=NOBODY + n)
        drop.add("procnote", PatNum=missing, ProcNum=NOBODY + n, EntryDateTime=at)
        drop.add("patplan", PatNum=missing, Ordinal=1, InsSubNum=NOBODY, SecDateTEdit=at)
        log(office, rng, "logged on", day, patient=missing)
        leave_loose_ends(office, rng, day, missing)
        yield missing, account
