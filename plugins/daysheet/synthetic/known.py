"""Writes the known answer beside the drop, in the names and signs of ``int_ar_analysis_base``."""

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from daysheet.synthetic.aging import RUNNING, Aged
from daysheet.synthetic.amounts import exact
from daysheet.synthetic.ledger import PARTS, PENDING, Account

# Part of an account -> (column, sign): money received is positive in the model.
_COLUMNS = {
    "production": ("total_production", 1),
    "adjustments": ("total_adjustments", 1),
    "insurance_payments": ("total_insurance_payments", -1),
    "writeoffs": ("total_writeoffs", -1),
    "patient_payments": ("total_patient_payments", -1),
    "payplan": ("total_payplan", 1),
    "insurance_pending": ("insurance_pending_amount", 1),
    "writeoff_pending": ("writeoff_pending_amount", 1),
}
_AGED = (
    "as_of_date",
    "mode",
    "guarantor_id",
    "balance_0_30",
    "balance_31_60",
    "balance_61_90",
    "balance_over_90",
    "balance_total",
    "insurance_estimate",
    "payplan_due",
    "is_cache_stale",
)


class KnownAnswer:
    """One line per patient with any ledger row and some per family, streamed, and the totals."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._counts: dict[str, Counter[str]] = {"families": Counter(), "orphans": Counter()}
        self._stream = (folder / "known_balances.csv").open("w", encoding="utf-8")
        columns = [column for column, _ in _COLUMNS.values()]
        names = ["patient_id", "guarantor_id", "total_ar_balance", *columns]
        self._stream.write(",".join(names) + "\n")
        self._aging = (folder / "known_aging.csv").open("w", encoding="utf-8")
        self._aging.write(",".join(_AGED) + "\n")

    @property
    def balance(self) -> int:
        """What all families owe, in ten-thousandths."""
        return self._counts["families"]["total_ar_balance"]

    def add(self, patient: int, guarantor: int | None, account: Account) -> None:
        """One patient's account; a patient who does not exist has no guarantor."""
        if not account.rows:
            return
        amounts = {"total_ar_balance": account.balance}
        for part in (*PARTS, *PENDING):
            column, sign = _COLUMNS[part]
            amounts[column] = sign * account.sums[part]
        counts = self._counts["families" if guarantor else "orphans"]
        counts.update(amounts)
        counts["patients"] += 1
        counts["ledger_rows"] += account.rows
        cells = [str(patient), str(guarantor or ""), *map(exact, amounts.values())]
        self._stream.write(",".join(cells) + "\n")

    def add_family(
        self, guarantor: int, as_of: date, mode: str, aged: Aged, *, stale: bool = False
    ) -> None:
        """A family's figures on a day; ``stale``: its guarantor's cache is of an earlier one."""
        amounts = (*aged.buckets, aged.total, aged.insurance_estimate)
        due = exact(aged.plan_due) if mode == RUNNING else ""
        cells = [str(as_of), mode, str(guarantor), *map(exact, amounts), due, str(int(stale))]
        self._aging.write(",".join(cells) + "\n")

    def close(self, **facts: Any) -> None:
        """Write ``known_totals.json``: the sums by kind of patient, with ``facts``."""
        self._stream.close()
        self._aging.close()
        sums = {
            kind: {
                name: amount if name in ("patients", "ledger_rows") else exact(amount)
                for name, amount in counts.items()
            }
            for kind, counts in self._counts.items()
        }
        path = self._folder / "known_totals.json"
        path.write_text(json.dumps(facts | sums, indent=1) + "\n")
