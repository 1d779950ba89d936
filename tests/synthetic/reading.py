"""Reads a drop back without any of the generator's code: strict cells, and the ledger's rules."""

import csv
import datetime
import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

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


def money(cell: str) -> Decimal:
    return Decimal(cell).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def day(cell: str) -> datetime.date:
    return datetime.date.min if cell == "0000-00-00" else datetime.date.fromisoformat(cell)


class Ledger:
    """Section 3 of the vendor's ledger arithmetic, plan version 2, over the files of a drop."""

    def __init__(self, folder: Path, as_of: datetime.date) -> None:
        self.folder, self.as_of = folder, as_of
        self.parts: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
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

    def _post(self, patient: str, part: str, amount: Decimal) -> None:
        self.parts[patient][part] += amount

    def _procedures(self) -> None:
        for row in self._complete.values():
            self._post(row["PatNum"], "total_production", _gross(row))

    def _insurance(self) -> None:
        for row in rows(self.folder, "claimproc"):
            if row["ProcNum"] != "0" and row["ProcNum"] not in self._complete:
                continue
            patient = row["PatNum"]
            if row["Status"] in ("1", "4", "5", "7"):
                if row["PayPlanNum"] == "0":
                    self._post(patient, "total_insurance_payments", money(row["InsPayAmt"]))
                self._post(patient, "total_writeoffs", money(row["WriteOff"]))
            elif row["Status"] == "0":
                self._post(patient, "insurance_pending_amount", money(row["InsPayEst"]))
                self._post(patient, "writeoff_pending_amount", money(row["WriteOff"]))

    def _adjustments(self) -> None:
        for row in rows(self.folder, "adjustment"):
            self._post(row["PatNum"], "total_adjustments", money(row["AdjAmt"]))

    def _splits(self) -> None:
        for row in rows(self.folder, "paysplit"):
            if row["UnearnedType"] not in self._hidden:
                self._post(row["PatNum"], "total_patient_payments", money(row["SplitAmt"]))

    def _plan_charges(self) -> None:
        for row in rows(self.folder, "payplancharge"):
            plan = self._plans.get(row["PayPlanNum"])
            if plan is None or day(row["ChargeDate"]) > self.as_of:
                continue
            if row["ChargeType"] == "0" and plan["PlanNum"] == "0":
                due = money(row["Principal"]) + money(row["Interest"])
                self._post(row["Guarantor"], "total_payplan", due)
            elif row["ChargeType"] == "1":
                self._post(plan["PatNum"], "total_payplan", -money(row["Principal"]))

    def _plan_links(self) -> None:
        links = list(rows(self.folder, "payplanlink"))
        linked = {link["FKey"] for link in links if link["LinkType"] == "2"}
        adjusted = {link["FKey"] for link in links if link["LinkType"] == "1"}
        value: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        owner = {}
        for key in linked & set(self._complete):
            owner["2", key] = self._complete[key]["PatNum"]
            value["2", key] = _gross(self._complete[key])
        for row in rows(self.folder, "adjustment"):
            if row["AdjNum"] in adjusted:
                owner["1", row["AdjNum"]] = row["PatNum"]
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
                self._post(owner[item], "total_payplan", -amount)


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
