"""Reads a drop back without any of the generator's code: strict cells, and the ledger's rules."""

import csv
import datetime
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import NamedTuple

_SHAPES = {
    "bigint": r"-?\d+",
    "integer": r"-?\d+",
    "smallint": r"-?\d+",
    "money": r"-?\d+(\.\d+)?([Ee][+-]?\d+)?",
    "double": r"-?\d+(\.\d+)?([Ee][+-]?\d+)?",
    "date": r"\d{4}-\d\d-\d\d",
    "timestamp": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d",
    "time": r"\d\d:\d\d:\d\d",
    "text": r"[^\0]*",
}
SHAPES = {kind: re.compile(shape) for kind, shape in _SHAPES.items()}
RANGES = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}


def rows(folder: Path, table: str) -> Iterator[dict[str, str]]:
    with (folder / f"{table}.csv").open(newline="", encoding="utf-8") as stream:
        yield from csv.DictReader(stream, strict=True)


Row = dict[str, str]
Oddities = dict[str, tuple[str, Callable[[Row], bool]]]  # name -> table, and how its row is known


def lacking(folder: Path, oddities: Oddities) -> set[str]:
    """The oddities that no row shows."""
    left = set(oddities)
    for table in {table for table, _ in oddities.values()}:
        tests = {name: test for name, (of, test) in oddities.items() if of == table}
        for row in rows(folder, table):
            left -= {name for name in left & set(tests) if tests[name](row)}
    return left


def cells(folder: Path, table: str, column: str) -> set[str]:
    return {row[column] for row in rows(folder, table)}


def money(cell: str) -> Decimal:
    return Decimal(cell).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def day(cell: str) -> datetime.date:
    return datetime.date.min if cell == "0000-00-00" else datetime.date.fromisoformat(cell)


CREDITS = ("total_insurance_payments", "total_writeoffs", "total_patient_payments")


class Entry(NamedTuple):
    patient: str
    day: datetime.date
    owed: Decimal
    procedure: str = "0"
    procedure_day: datetime.date = datetime.date.min


class Ledger:
    """Section 3 of the vendor's ledger arithmetic, plan version 2, over the files of a drop."""

    def __init__(self, folder: Path, as_of: datetime.date) -> None:
        self.folder, self.as_of = folder, as_of
        self.parts: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        self.entries: list[Entry] = []
        self.waits: list[tuple[str, datetime.date, datetime.date, Decimal]] = []
        self._complete = {
            row["ProcNum"]: row for row in rows(folder, "procedurelog") if row["ProcStatus"] == "2"
        }
        self._plans = {row["PayPlanNum"]: row for row in rows(folder, "payplan")}
        self._hidden = {
            row["DefNum"]
            for row in rows(folder, "definition")
            if row["Category"] == "29" and row["ItemValue"] != ""
        }
        self._procedures()
        self._insurance()
        self._adjustments()
        self._splits()
        self._plan_charges()
        self._plan_links()

    def balance(self, patient: str) -> Decimal:
        parts = self.parts[patient]
        owed = parts["total_production"] + parts["total_adjustments"] + parts["total_payplan"]
        insured = parts["total_insurance_payments"] + parts["total_writeoffs"]
        return owed - insured - parts["total_patient_payments"]

    def _post(
        self,
        patient: str,
        part: str,
        amount: Decimal,
        on: datetime.date,
        procedure: str = "0",
        procedure_day: datetime.date = datetime.date.min,
    ) -> None:
        self.parts[patient][part] += amount
        owed = -amount if part in CREDITS else amount
        self.entries.append(Entry(patient, on, owed, procedure, procedure_day))

    def _procedures(self) -> None:
        for row in self._complete.values():
            self._post(row["PatNum"], "total_production", _gross(row), day(row["ProcDate"]))

    def _insurance(self) -> None:
        for row in rows(self.folder, "claimproc"):
            if row["ProcNum"] != "0" and row["ProcNum"] not in self._complete:
                continue
            patient, paid = row["PatNum"], day(row["DateCP"])
            expected = money(row["InsPayEst"]) + money(row["WriteOff"])
            if row["Status"] in ("1", "4", "5", "7"):
                counts = row["PayPlanNum"] == "0"
                payment = money(row["InsPayAmt"]) if counts else Decimal(0)
                writeoff = money(row["WriteOff"])
                self.parts[patient]["total_insurance_payments"] += payment
                self.parts[patient]["total_writeoffs"] += writeoff
                self.entries.append(Entry(patient, paid, -payment - writeoff))
                if row["Status"] == "1":
                    self.waits.append((patient, day(row["ProcDate"]), paid, expected))
            elif row["Status"] == "0":
                self.parts[patient]["insurance_pending_amount"] += money(row["InsPayEst"])
                self.parts[patient]["writeoff_pending_amount"] += money(row["WriteOff"])
                self.waits.append((patient, day(row["ProcDate"]), datetime.date.max, expected))

    def _adjustments(self) -> None:
        for row in rows(self.folder, "adjustment"):
            self._post(
                row["PatNum"],
                "total_adjustments",
                money(row["AdjAmt"]),
                day(row["AdjDate"]),
                row["ProcNum"],
                day(row["ProcDate"]),
            )

    def _splits(self) -> None:
        for row in rows(self.folder, "paysplit"):
            if row["UnearnedType"] not in self._hidden:
                paid = day(row["DatePay"])
                self._post(row["PatNum"], "total_patient_payments", money(row["SplitAmt"]), paid)

    def _plan_charges(self) -> None:
        for row in rows(self.folder, "payplancharge"):
            plan = self._plans.get(row["PayPlanNum"])
            if plan is None or day(row["ChargeDate"]) > self.as_of:
                continue
            charged = day(row["ChargeDate"])
            if row["ChargeType"] == "0" and plan["PlanNum"] == "0":
                due = money(row["Principal"]) + money(row["Interest"])
                self._post(row["Guarantor"], "total_payplan", due, charged)
            elif row["ChargeType"] == "1":
                done, credit = self._complete.get(row["ProcNum"]), -money(row["Principal"])
                of = day(done["ProcDate"]) if done else datetime.date.min
                self._post(plan["PatNum"], "total_payplan", credit, charged, row["ProcNum"], of)

    def _plan_links(self) -> None:
        links = list(rows(self.folder, "payplanlink"))
        linked = {link["FKey"] for link in links if link["LinkType"] == "2"}
        adjusted = {link["FKey"] for link in links if link["LinkType"] == "1"}
        value: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        owner, dated = {}, {}
        for key in linked & set(self._complete):
            owner["2", key] = self._complete[key]["PatNum"]
            dated["2", key] = day(self._complete[key]["ProcDate"])
            value["2", key] = _gross(self._complete[key])
        for row in rows(self.folder, "adjustment"):
            if row["AdjNum"] in adjusted:
                owner["1", row["AdjNum"]] = row["PatNum"]
                dated["1", row["AdjNum"]] = day(row["AdjDate"])
                value["1", row["AdjNum"]] += money(row["AdjAmt"])
            done = self._complete.get(row["ProcNum"])
            same = ("PatNum", "ProvNum", "ClinicNum")
            if done and all(row[name] == done[name] for name in same):
                value["2", row["ProcNum"]] += money(row["AdjAmt"])
        for row in rows(self.folder, "claimproc"):
            value["2", row["ProcNum"]] -= _taken_by_insurance(row)
        for row in rows(self.folder, "paysplit"):
            if row["PayPlanNum"] == "0":
                value["2", row["ProcNum"]] -= money(row["SplitAmt"])
                value["1", row["AdjNum"]] -= money(row["SplitAmt"])
        for link in links:
            item = link["LinkType"], link["FKey"]
            if link["PayPlanNum"] in self._plans and item in owner:
                amount = money(link["AmountOverride"]) or value[item]
                on, procedure = dated[item], item[1] if item[0] == "2" else "0"
                self._post(owner[item], "total_payplan", -amount, on, procedure, on)


def _gross(row: dict[str, str]) -> Decimal:
    return money(row["ProcFee"]) * (int(row["UnitQty"]) + int(row["BaseUnits"]))


def _taken_by_insurance(row: dict[str, str]) -> Decimal:
    if row["Status"] == "2":
        return Decimal(0)
    if row["Status"] in ("1", "4", "7"):
        return money(row["InsPayAmt"]) + money(row["WriteOff"])
    override, estimate = money(row["InsEstTotalOverride"]), money(row["InsPayEst"])
    writeoffs = [money(row["WriteOffEstOverride"]), money(row["WriteOffEst"])]
    writeoff = next((amount for amount in writeoffs if amount != -1), Decimal(0))
    return (estimate if override == -1 else override) + writeoff


class Part(NamedTuple):
    """A ledger's entries and expectations of one family."""

    entries: list[Entry]
    waits: list[tuple[str, datetime.date, datetime.date, Decimal]]


def split_by_family(ledger: Ledger, owners: dict[str, str]) -> dict[str, Part]:
    """By guarantor; what belongs to nobody is left out."""
    parts: dict[str, Part] = defaultdict(lambda: Part([], []))
    for entry in ledger.entries:
        if entry.patient in owners:
            parts[owners[entry.patient]].entries.append(entry)
    for wait in ledger.waits:
        if wait[0] in owners:
            parts[owners[wait[0]]].waits.append(wait)
    return parts


def aged(part: Part, as_of: datetime.date, *, running: bool, offsetting: bool) -> list[Decimal]:
    """Sections 2, 4, 5 and 6: four buckets, the total and the insurance estimate of a family."""
    lone: list[tuple[datetime.date, Decimal]] = []
    tied: dict[tuple[str, str, datetime.date], list] = {}
    for entry in part.entries:
        if offsetting and entry.procedure != "0":
            key = (entry.patient, entry.procedure, entry.day)
            tied.setdefault(key, [Decimal(0), entry.procedure_day])[0] += entry.owed
        else:
            lone.append((entry.day, entry.owed))
    moved = [(key[2] if net >= 0 else day_of, net) for key, (net, day_of) in tied.items()]
    everything = [*lone, *moved]
    total = sum((owed for on, owed in everything if running or on <= as_of), Decimal(0))
    credit = -sum((owed for on, owed in lone if owed < 0 and on <= as_of), Decimal(0))
    buckets = [Decimal(0)] * 4
    for on, owed in [*(each for each in lone if each[1] > 0), *moved]:
        if on <= as_of:
            buckets[sum((as_of - on).days > edge for edge in (30, 60, 90))] += owed
    credit -= sum(bucket for bucket in buckets if bucket < 0)
    for n in reversed(range(4)):
        taken = min(credit, max(buckets[n], Decimal(0)))
        credit -= taken
        buckets[n] = max(buckets[n], Decimal(0)) - taken
    waiting = [
        amount
        for _, done, paid, amount in part.waits
        if (paid == datetime.date.max if running else done <= as_of < paid)
    ]
    return [_cents(figure) for figure in (*buckets, total, sum(waiting, Decimal(0)))]


def _cents(amount: Decimal) -> Decimal:
    mills = amount.quantize(Decimal("0.001"), ROUND_HALF_UP)
    return mills.quantize(Decimal("0.01"), ROUND_HALF_UP)
