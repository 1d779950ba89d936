"""A ledger as the practice system holds it: rows of typed cells, and keys of their own."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

Cell = int | str | date | Decimal | None
Row = dict[str, Cell]
Ledger = dict[str, list[Row]]

NEVER = date(1, 1, 1)
ZERO = Decimal(0)
BLANK = Decimal(-1)

# The columns the arithmetic reads, the key first, and what the practice system writes for nothing.
TABLES: Mapping[str, Row] = {
    "patient": {"PatNum": 0, "Guarantor": 0, "PatStatus": 0},
    "procedurelog": {
        "ProcNum": 0,
        "PatNum": 0,
        "ProcStatus": 2,
        "ProcDate": NEVER,
        "ProcFee": ZERO,
        "UnitQty": 1,
        "BaseUnits": 0,
        "ProvNum": 0,
        "ClinicNum": 0,
    },
    "claimproc": {
        "ClaimProcNum": 0,
        "PatNum": 0,
        "ProcNum": 0,
        "Status": 0,
        "DateCP": NEVER,
        "ProcDate": NEVER,
        "InsPayAmt": ZERO,
        "WriteOff": ZERO,
        "InsPayEst": ZERO,
        "InsEstTotalOverride": BLANK,
        "WriteOffEst": BLANK,
        "WriteOffEstOverride": BLANK,
        "PayPlanNum": 0,
    },
    "adjustment": {
        "AdjNum": 0,
        "PatNum": 0,
        "AdjDate": NEVER,
        "AdjAmt": ZERO,
        "ProcNum": 0,
        "ProcDate": NEVER,
        "ProvNum": 0,
        "ClinicNum": 0,
    },
    "paysplit": {
        "SplitNum": 0,
        "PatNum": 0,
        "DatePay": NEVER,
        "SplitAmt": ZERO,
        "PayPlanNum": 0,
        "UnearnedType": 0,
        "ProcNum": 0,
        "AdjNum": 0,
    },
    "payplan": {
        "PayPlanNum": 0,
        "PatNum": 0,
        "Guarantor": 0,
        "PayPlanDate": NEVER,
        "CompletedAmt": ZERO,
        "PlanNum": 0,
        "IsClosed": 0,
    },
    "payplancharge": {
        "PayPlanChargeNum": 0,
        "PayPlanNum": 0,
        "Guarantor": 0,
        "PatNum": 0,
        "ChargeDate": NEVER,
        "Principal": ZERO,
        "Interest": ZERO,
        "ChargeType": 0,
        "ProcNum": 0,
    },
    "payplanlink": {
        "PayPlanLinkNum": 0,
        "PayPlanNum": 0,
        "LinkType": 0,
        "FKey": 0,
        "AmountOverride": ZERO,
    },
    "definition": {"DefNum": 0, "Category": 0, "ItemValue": "", "IsHidden": 0},
    "preference": {"PrefNum": 0, "PrefName": "", "ValueString": ""},
}

# Columns that name a row of one family's ledger; the rest name the practice's own lists.
_KEYS = {
    *("PatNum", "Guarantor", "ProcNum", "ClaimProcNum", "AdjNum", "SplitNum", "PayPlanNum"),
    *("PayPlanChargeNum", "PayPlanLinkNum", "FKey"),
}


def key_of(table: str) -> str:
    """The name of a table's key."""
    return next(iter(TABLES[table]))


def typed(table: str, cells: Mapping[str, str]) -> Row:
    """A row written as text; a column left out holds nothing, an empty cell is null."""
    unknown = set(cells) - set(TABLES[table])
    assert not unknown, f"{table} has no {unknown}"
    return TABLES[table] | {name: _typed(TABLES[table][name], text) for name, text in cells.items()}


def _typed(nothing: Cell, text: str) -> Cell:
    if isinstance(nothing, str):
        return text
    if text in ("", "null"):
        return None
    if isinstance(nothing, date):
        return date.fromisoformat(text)
    return type(nothing)(text)


def moved(ledger: Ledger, by: int) -> Ledger:
    """The same ledger under keys of its own: every key and reference that is not 0 goes up."""
    return {
        table: [
            {name: cell + by if name in _KEYS and cell else cell for name, cell in row.items()}
            for row in rows
        ]
        for table, rows in ledger.items()
    }


def joined(ledgers: Iterable[Ledger]) -> Ledger:
    """All rows of all ledgers."""
    together: Ledger = {table: [] for table in TABLES}
    for ledger in ledgers:
        for table, rows in ledger.items():
            together[table] += rows
    return together


def practice(settings: Mapping[str, Any], definitions: Iterable[Row] = ()) -> Ledger:
    """What belongs to no family: preferences (PrefName: value) and definitions."""
    preferences = [
        {"PrefNum": number, "PrefName": name, "ValueString": str(value)}
        for number, (name, value) in enumerate(settings.items(), start=1)
    ]
    return {"preference": preferences, "definition": list(definitions)}


def shown(ledger: Ledger) -> str:
    """The ledger as tables, without columns in which every row holds nothing."""
    return "\n".join(_shown(table, rows) for table, rows in ledger.items() if rows)


def _shown(table: str, rows: list[Row]) -> str:
    blank = TABLES[table]
    names = [n for n in blank if n == key_of(table) or any(row[n] != blank[n] for row in rows)]
    lines = [names, *([_text(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(names))]
    texts = [" | ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    return f"{table}: |\n  " + "\n  ".join(texts)


def _text(cell: Cell) -> str:
    return "" if cell is None else f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
