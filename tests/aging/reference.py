"""Aged receivables a second time, in plain Python with exact decimals; knows nothing of the SQL.

Written from the description of the practice system's own arithmetic (OpenDental 24.3, class
``Ledgers``). It is slow, short and follows that description rule by rule, so that it can be checked
by reading. Amounts are dollars; a positive amount is owed to the practice.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from tests.aging.ledger import Ledger, Row

ZERO, BLANK = Decimal(0), Decimal(-1)
COMPLETE = 2  # procedurelog.ProcStatus
PENDING, RECEIVED, PREAUTH, SUPPLEMENTAL, CAP_CLAIM, CAP_COMPLETE = 0, 1, 2, 4, 5, 7  # claimproc
PAID = (RECEIVED, SUPPLEMENTAL, CAP_CLAIM, CAP_COMPLETE)
DEBIT, CREDIT = 0, 1  # payplancharge.ChargeType
ADJUSTMENT_LINK, PROCEDURE_LINK = 1, 2  # payplanlink.LinkType
UNEARNED_TYPES = 29  # definition.Category
LEGACY, AGE_BOTH, CREDITS_ONLY, NO_CHARGES = 1, 2, 3, 4  # preference PayPlansVersion


@dataclass(frozen=True)
class Preferences:
    """The practice's settings that move money; the defaults are the practice system's."""

    version: int = AGE_BOTH
    offsets_by_procedure: bool = True
    bill_in_advance_days: int = 10
    hidden_unearned: frozenset[int] = frozenset()

    @classmethod
    def of(cls, ledger: Ledger) -> "Preferences":
        values = {row["PrefName"]: row["ValueString"] for row in ledger["preference"]}
        return cls(
            version=int(values.get("PayPlansVersion") or AGE_BOTH),
            offsets_by_procedure=values.get("AgingProcLifo") != "2",
            bill_in_advance_days=int(values.get("PayPlansBillInAdvanceDays") or 10),
            hidden_unearned=frozenset(
                row["DefNum"]
                for row in ledger["definition"]
                if row["Category"] == UNEARNED_TYPES and row["ItemValue"] != ""
            ),
        )


class Entry(NamedTuple):
    """One signed amount. ``attached`` names the procedure it may be offset within, else 0."""

    table: str
    key: int
    patient: int
    day: date | None
    amount: Decimal
    attached: int = 0
    procedure_day: date | None = None


@dataclass
class Figures:
    """What one family (or patient) owes, unrounded; buckets from youngest to oldest."""

    buckets: list[Decimal] = field(default_factory=lambda: [ZERO] * 4)
    balance_total: Decimal = ZERO
    insurance_pending: Decimal = ZERO
    writeoff_pending: Decimal = ZERO
    payplan_due: Decimal = ZERO
    pool: Decimal = ZERO  # credit (positive) that is not tied to a bucket

    def rounded(self) -> dict[str, Decimal]:
        """Each figure on its own: to mills, then to cents, halves away from zero."""
        names = ("balance_0_30", "balance_31_60", "balance_61_90", "balance_over_90")
        exact = dict(zip(names, self.buckets, strict=True)) | {
            "balance_total": self.balance_total,
            "insurance_estimate": self.insurance_pending + self.writeoff_pending,
            "insurance_pending": self.insurance_pending,
            "writeoff_pending": self.writeoff_pending,
            "payplan_due": self.payplan_due,
        }
        return {name: in_cents(amount) for name, amount in exact.items()}


def in_cents(amount: Decimal) -> Decimal:
    mills = amount.quantize(Decimal("0.001"), ROUND_HALF_UP)
    return mills.quantize(Decimal("0.01"), ROUND_HALF_UP)


class Aging:
    """The arithmetic over one ledger, for any day."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.preferences = Preferences.of(ledger)
        self.guarantors = {row["PatNum"]: row["Guarantor"] for row in ledger["patient"]}
        self.procedures = {row["ProcNum"]: row for row in ledger["procedurelog"]}
        self.adjustments = {row["AdjNum"]: row for row in ledger["adjustment"]}
        self.plans = {row["PayPlanNum"]: row for row in ledger["payplan"]}
        self._undated = [
            *self._completed_procedures(),
            *self._insurance(),
            *self._adjustments(),
            *self._splits(),
            *self._completed_amounts(),
        ]
        self._links = self._link_credits()

    # What is owed ----------------------------------------------------------------------------

    def families(
        self, as_of: date, historic_in: date | None = None, by_patient: bool = False
    ) -> dict[int, Figures]:
        """Figures per guarantor, or per patient.

        Running mode on ``as_of``, unless ``historic_in`` is given: the later day on which somebody
        asks for a past ``as_of``; rows after ``as_of`` are then left out.
        """
        historic = historic_in is not None
        owner = self._patient if by_patient else self.guarantors.get
        found: defaultdict[int, Figures] = defaultdict(Figures)
        entries = self.aged(as_of)
        for entry in entries:
            who = owner(entry.patient)
            if who is not None:
                _enter(found[who], entry, as_of, historic, self.preferences.offsets_by_procedure)
        for figures in found.values():
            _apply_credit(figures)
        for patient, pending, writeoff in self._pending(as_of, historic):
            if (who := owner(patient)) is not None:
                found[who].insurance_pending += pending
                found[who].writeoff_pending += writeoff
        for patient, due in self._due(historic_in or as_of, as_of if historic else None):
            if (who := owner(patient)) is not None:
                found[who].payplan_due += due
        return dict(found)

    def _patient(self, patient: int) -> int | None:
        return patient if patient in self.guarantors else None

    def aged(self, as_of: date) -> list[Entry]:
        """Every entry at the day it ages by: an attached group that nets to a credit goes back.

        The move comes before any look at the date.
        """
        entries = [*self._undated, *self._plan_charges(as_of), *self._links]
        if not self.preferences.offsets_by_procedure:
            return entries
        groups: defaultdict[tuple[int, int, date | None], list[Entry]] = defaultdict(list)
        for entry in entries:
            if entry.attached:
                groups[entry.patient, entry.attached, entry.day].append(entry)
        aged = [entry for entry in entries if not entry.attached]
        for group in groups.values():
            if sum(entry.amount for entry in group) < 0:
                procedure_day = group[0].procedure_day
                aged += [entry._replace(day=procedure_day) for entry in group]
            else:
                aged += group
        return aged

    # The entries of the ledger ----------------------------------------------------------------

    def _completed_procedures(self) -> Iterable[Entry]:
        for number, row in self.procedures.items():
            if row["ProcStatus"] == COMPLETE:
                yield Entry("procedurelog", number, row["PatNum"], row["ProcDate"], _fee(row))

    def _insurance(self) -> Iterable[Entry]:
        for row in self.ledger["claimproc"]:
            if row["Status"] in PAID and self._charged(row):
                paid = ZERO if row["PayPlanNum"] else row["InsPayAmt"]
                amount = -paid - row["WriteOff"]
                number = row["ClaimProcNum"]
                yield Entry("claimproc", number, row["PatNum"], row["DateCP"], amount)

    def _charged(self, row: Row) -> bool:
        """A claim line is by total, or its procedure exists and is complete."""
        procedure = self.procedures.get(row["ProcNum"])
        return row["ProcNum"] == 0 or bool(procedure and procedure["ProcStatus"] == COMPLETE)

    def _adjustments(self) -> Iterable[Entry]:
        for number, row in self.adjustments.items():
            yield Entry(
                "adjustment",
                number,
                row["PatNum"],
                row["AdjDate"],
                row["AdjAmt"],
                row["ProcNum"],
                row["ProcDate"],
            )

    def _splits(self) -> Iterable[Entry]:
        with_plans = self.preferences.version in (AGE_BOTH, NO_CHARGES)
        for row in self._visible_splits():
            if with_plans or row["PayPlanNum"] == 0:
                number, amount = row["SplitNum"], -row["SplitAmt"]
                yield Entry("paysplit", number, row["PatNum"], row["DatePay"], amount)

    def _visible_splits(self) -> Iterable[Row]:
        hidden = self.preferences.hidden_unearned
        return (row for row in self.ledger["paysplit"] if row["UnearnedType"] not in hidden)

    def _completed_amounts(self) -> Iterable[Entry]:
        version = self.preferences.version
        for number, plan in self.plans.items():
            if version == LEGACY or (version == NO_CHARGES and plan["PlanNum"] != 0):
                day, amount = plan["PayPlanDate"], -plan["CompletedAmt"]
                yield Entry("payplan", number, plan["PatNum"], day, amount)

    def _plan_charges(self, as_of: date) -> Iterable[Entry]:
        """Debits of patient plans and credits of any plan whose day has come."""
        version = self.preferences.version
        for row in self.ledger["payplancharge"]:
            if version not in (AGE_BOTH, CREDITS_ONLY) or not _by(row["ChargeDate"], as_of):
                continue
            plan = self.plans.get(row["PayPlanNum"])
            entry = Entry("payplancharge", row["PayPlanChargeNum"], 0, row["ChargeDate"], ZERO)
            if row["ChargeType"] == DEBIT and version == AGE_BOTH and plan and plan["PlanNum"] == 0:
                amount = row["Principal"] + row["Interest"]
                yield entry._replace(patient=row["Guarantor"], amount=amount)
            if row["ChargeType"] == CREDIT and (plan or version == CREDITS_ONLY):
                yield entry._replace(
                    patient=plan["PatNum"] if version == AGE_BOTH else row["PatNum"],
                    amount=-row["Principal"],
                    attached=row["ProcNum"],
                    procedure_day=self.procedures.get(row["ProcNum"], {}).get("ProcDate"),
                )

    # Dynamic plans ----------------------------------------------------------------------------

    def _link_credits(self) -> list[Entry]:
        if self.preferences.version not in (AGE_BOTH, CREDITS_ONLY):
            return []
        return [entry for row in self.ledger["payplanlink"] for entry in self._link_credit(row)]

    def _link_credit(self, link: Row) -> Iterable[Entry]:
        override, number = link["AmountOverride"], link["PayPlanLinkNum"]
        if link["LinkType"] == PROCEDURE_LINK and link["PayPlanNum"] in self.plans:
            row = self.procedures.get(link["FKey"])
            if row and row["ProcStatus"] == COMPLETE:
                day, value = row["ProcDate"], override or self._left_on_procedure(row)
                patient, procedure = row["PatNum"], row["ProcNum"]
                yield Entry("payplanlink", number, patient, day, -value, procedure, day)
        if link["LinkType"] == ADJUSTMENT_LINK and (row := self.adjustments.get(link["FKey"])):
            value = override or row["AdjAmt"] - self._paid(lambda s: s["AdjNum"] == row["AdjNum"])
            yield Entry("payplanlink", number, row["PatNum"], row["AdjDate"], -value)

    def _left_on_procedure(self, procedure: Row) -> Decimal:
        """What is left of a fee once adjustments, insurance and splits on it are taken off."""
        number = procedure["ProcNum"]
        same = ("PatNum", "ProvNum", "ClinicNum")
        adjusted = sum(
            row["AdjAmt"]
            for row in self.ledger["adjustment"]
            if row["ProcNum"] == number and all(row[name] == procedure[name] for name in same)
        )
        insurance = sum(
            _expected_of_insurance(row)
            for row in self.ledger["claimproc"]
            if row["ProcNum"] == number and row["Status"] != PREAUTH
        )
        return _fee(procedure) + adjusted - insurance - self._paid(lambda s: s["ProcNum"] == number)

    def _paid(self, on: Callable[[Row], bool]) -> Decimal:
        splits = self.ledger["paysplit"]
        return sum((s["SplitAmt"] for s in splits if on(s) and s["PayPlanNum"] == 0), ZERO)

    # Beside the balance -----------------------------------------------------------------------

    def _pending(self, as_of: date, historic: bool) -> Iterable[tuple[int, Decimal, Decimal]]:
        for row in self.ledger["claimproc"]:
            pending = row["Status"] == PENDING
            if historic:
                since_paid = row["Status"] == RECEIVED and _after(row["DateCP"], as_of)
                pending = (pending or since_paid) and _by(row["ProcDate"], as_of)
            if pending and self._charged(row):
                yield row["PatNum"], row["InsPayEst"], row["WriteOff"]

    def _due(self, today: date, paid_by: date | None) -> Iterable[tuple[int, Decimal]]:
        """Plan charges due, less what was paid to plans (by a day, in historic mode).

        The limit of the charges counts from today in either mode.
        """
        skips_closed = self.preferences.version == AGE_BOTH
        last = today + timedelta(days=self.preferences.bill_in_advance_days)
        for row in self.ledger["payplancharge"]:
            plan = self.plans.get(row["PayPlanNum"])
            due = row["ChargeType"] == DEBIT and _by(row["ChargeDate"], last)
            if due and plan and plan["PlanNum"] == 0 and not (skips_closed and plan["IsClosed"]):
                yield row["Guarantor"], row["Principal"] + row["Interest"]
        for row in self._visible_splits():
            closed = self.plans.get(row["PayPlanNum"], {}).get("IsClosed")
            in_time = paid_by is None or _by(row["DatePay"], paid_by)
            if row["PayPlanNum"] != 0 and in_time and not (skips_closed and closed):
                yield row["PatNum"], -row["SplitAmt"]


def _fee(procedure: Row) -> Decimal:
    return procedure["ProcFee"] * (procedure["UnitQty"] + procedure["BaseUnits"])


def _expected_of_insurance(row: Mapping) -> Decimal:
    """What a claim line takes off a linked procedure: paid, or else estimated; -1 is blank."""
    if row["Status"] in (RECEIVED, SUPPLEMENTAL, CAP_COMPLETE):
        return row["InsPayAmt"] + row["WriteOff"]
    override, total = row["InsEstTotalOverride"], row["InsPayEst"]
    writeoffs = (row["WriteOffEstOverride"], row["WriteOffEst"], ZERO)
    writeoff = next(amount for amount in writeoffs if amount != BLANK)
    return (total if override == BLANK else override) + writeoff


def _by(day: date | None, last: date) -> bool:
    return day is not None and day <= last


def _after(day: date | None, last: date) -> bool:
    return day is not None and day > last


def _enter(figures: Figures, entry: Entry, as_of: date, historic: bool, offsets: bool) -> None:
    counted = _by(entry.day, as_of)
    if counted or not historic:
        figures.balance_total += entry.amount
    if not counted:
        return
    if entry.amount < 0 and not (offsets and entry.attached):
        figures.pool -= entry.amount
    else:
        figures.buckets[_bucket((as_of - entry.day).days)] += entry.amount


def _bucket(age: int) -> int:
    return 0 if age <= 30 else 1 if age <= 60 else 2 if age <= 90 else 3


def _apply_credit(figures: Figures) -> None:
    """Buckets below zero join the pool; the pool pays the oldest first."""
    for bucket, amount in enumerate(figures.buckets):
        if amount < 0:
            figures.pool -= amount
            figures.buckets[bucket] = ZERO
    for bucket in reversed(range(4)):
        paid = min(figures.pool, figures.buckets[bucket])
        figures.buckets[bucket] -= paid
        figures.pool -= paid
