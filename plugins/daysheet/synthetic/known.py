"""Writes the known answer beside the drop, in the names and signs of ``int_ar_analysis_base``."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

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


class KnownAnswer:
    """One line per patient with any ledger row, streamed, and the totals over all of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._counts: dict[str, Counter[str]] = {"families": Counter(), "orphans": Counter()}
        self._stream = (folder / "known_balances.csv").open("w", encoding="utf-8")
        columns = [column for column, _ in _COLUMNS.values()]
        names = ["patient_id", "guarantor_id", "total_ar_balance", *columns]
        self._stream.write(",".join(names) + "\n")

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

    def close(self, **facts: Any) -> None:
        """Write ``known_totals.json``: the sums by kind of patient, with ``facts``."""
        self._stream.close()
        sums = {
            kind: {
                name: amount if name in ("patients", "ledger_rows") else exact(amount)
                for name, amount in counts.items()
            }
            for kind, counts in self._counts.items()
        }
        path = self._folder / "known_totals.json"
        path.write_text(json.dumps(facts | sums, indent=1) + "\n")
