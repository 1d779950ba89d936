"""The generated practice: the vendor's shape, and a ledger whose answer is known."""

import csv
import hashlib
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from daysheet.catalog import load_contracts
from daysheet.synthetic import generate
from daysheet.synthetic.practice import FolderInUse

from .conftest import UNTIL
from .reading import RANGES, SHAPES, Ledger, rows

PARTS = (
    "production",
    "adjustments",
    "insurance_payments",
    "writeoffs",
    "patient_payments",
    "payplan",
    "insurance_pending",
    "writeoff_pending",
)


def digests(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path):
    for folder, seed in (("a", 3), ("b", 3), ("c", 4)):
        generate(tmp_path / folder, patients=40, years=1, until=UNTIL, seed=seed)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert digests(tmp_path / "a") != digests(tmp_path / "c")


def test_every_contract_has_its_file_with_all_its_columns(practice: Path):
    contracts = load_contracts()
    assert len(contracts) == 56
    for table, contract in contracts.items():
        with (practice / "opendental" / f"{table}.csv").open(newline="") as stream:
            assert next(csv.reader(stream)) == list(contract.columns), table


def test_every_cell_has_the_shape_of_its_type(practice: Path):
    for table, contract in load_contracts().items():
        for line, row in enumerate(rows(practice / "opendental", table), start=2):
            assert None not in row, f"{table}:{line} has more cells than columns"
            for name, column in contract.columns.items():
                place = f"{table}.{name} in row {line}"
                assert SHAPES[column.type].fullmatch(row[name] or ""), place
                if column.type in RANGES:
                    assert abs(int(row[name])) < RANGES[column.type], place


def test_keys_are_unique_and_stamps_are_not_after_the_export(practice: Path):
    for table, contract in load_contracts().items():
        seen = Counter()
        for row in rows(practice / "opendental", table):
            seen[tuple(row[name] for name in contract.key)] += 1
            for stamp in filter(None, (contract.changed_at, contract.created_at)):
                assert row[stamp][:10] <= str(UNTIL), f"{table}.{stamp}"
        assert seen, f"{table} is empty"
        assert max(seen.values()) == 1, table


def test_the_manifest_counts_and_hashes_every_file(practice: Path):
    folder = practice / "opendental"
    manifest = json.loads((folder / "_manifest.json").read_text())
    assert manifest["mode"] == "full"
    assert len(manifest["files"]) == 56
    for name, entry in manifest["files"].items():
        assert entry["sha256"] == hashlib.sha256((folder / name).read_bytes()).hexdigest()
        assert entry["rows"] == sum(1 for _ in rows(folder, Path(name).stem))


def test_known_balances_equal_the_ledger_read_back(practice: Path):
    ledger = Ledger(practice / "opendental", UNTIL)
    with (practice / "known_balances.csv").open(newline="") as stream:
        known = {row["patient_id"]: row for row in csv.DictReader(stream)}
    assert set(ledger.parts) <= set(known)
    for patient, row in known.items():
        found = {part: ledger.parts[patient][part] for part in PARTS}
        assert found == {part: Decimal(row[part]) for part in PARTS}, patient
        assert ledger.balance(patient) == Decimal(row["balance"])
    assert sum(1 for row in known.values() if row["guarantor_id"]) == 150


def test_known_totals_add_up_the_known_balances(practice: Path):
    totals = json.loads((practice / "known_totals.json").read_text())
    with (practice / "known_balances.csv").open(newline="") as stream:
        known = list(csv.DictReader(stream))
    for name, section in (("ledger", True), ("orphans", False)):
        chosen = [row for row in known if bool(row["guarantor_id"]) is section]
        assert chosen
        for part in ("balance", *PARTS):
            found = sum(Decimal(row[part]) for row in chosen)
            assert found == Decimal(totals[name][part]), (name, part)
    assert totals["rows"]["patient"] == 150


def test_a_folder_in_use_is_refused(practice: Path):
    with pytest.raises(FolderInUse, match="not empty"):
        generate(practice, patients=1, years=1, until=UNTIL, seed=1)
