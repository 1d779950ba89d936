"""What the generator knows against the models: totals, each patient's balance, aged families."""

import csv
import json
from decimal import Decimal
from pathlib import Path

import psycopg

from daysheet.builds.opening import current_build
from daysheet.warehouse import Role
from tests.conftest import Warehouse

PARTS = (
    "total_ar_balance",
    "total_production",
    "total_adjustments",
    "total_insurance_payments",
    "total_writeoffs",
    "total_patient_payments",
    "total_payplan",
    "insurance_pending_amount",
    "writeoff_pending_amount",
)

AGED = (
    "balance_0_30",
    "balance_31_60",
    "balance_61_90",
    "balance_over_90",
    "balance_total",
    "insurance_estimate",
    "payplan_due",
)


def compare_totals(warehouse: Warehouse, practice: Path) -> dict[str, object]:
    """Differences: of each total; how many patients' balances and families' ages differ."""
    known = json.loads((practice / "known_totals.json").read_text())
    with psycopg.connect(warehouse.dsn(Role.READER)) as db:
        build = current_build(db)
        assert build is not None
        sums = ", ".join(f"sum({part})" for part in PARTS)
        result: dict[str, object] = {}
        for name, which in (("families", "is not null"), ("orphans", "is null")):
            row = db.execute(
                f"select {sums} from {build.schema}.int_ar_analysis_base where guarantor_id {which}"
            ).fetchone()
            for part, value in zip(PARTS, row or (), strict=True):
                apart = (value or Decimal(0)) - Decimal(known[name][part])
                result[f"{name}: {part}, difference"] = apart
        result["patients whose balance differs"] = _patients_apart(db, build.schema, practice)
        apart = families_apart(db, build.schema, practice)
        result["families aged differently, on all dates"] = len(apart)
    return result


def _patients_apart(db: psycopg.Connection, schema: str, practice: Path) -> int:
    found = dict(
        db.execute(f"select patient_id, total_ar_balance from {schema}.int_ar_analysis_base")
    )
    apart = 0
    with (practice / "known_balances.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            balance = Decimal(row["total_ar_balance"])
            apart += found.pop(int(row["patient_id"]), Decimal(0)) != balance
    return apart + sum(balance != 0 for balance in found.values())


def families_apart(
    db: psycopg.Connection, schema: str, practice: Path
) -> list[tuple[str, str, int]]:
    """As-of date, mode and guarantor of families whose figures differ; all zero may be absent."""
    found = {
        (str(row[0]), row[1], row[2]): row[3:]
        for row in db.execute(
            f"select as_of_date, mode, guarantor_id, {', '.join(AGED)}"
            f" from {schema}.int_ar_aging_snapshot where patient_id is null"
        )
    }
    apart = []
    with (practice / "known_aging.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            key = row["as_of_date"], row["mode"], int(row["guarantor_id"])
            figures = zip(AGED, found.get(key, (Decimal(0),) * len(AGED)), strict=True)
            # What plans are due means nothing looking back, and the truth is silent on it.
            if any(row[name] and Decimal(row[name]) != value for name, value in figures):
                apart.append(key)
    return apart
