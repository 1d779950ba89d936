"""The generated practice: the vendor's shape, and a ledger whose answer is known."""

import csv
import datetime
import hashlib
import json
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from daysheet.catalog import load_contracts
from daysheet.synthetic import generate
from daysheet.synthetic.practice import FolderInUse

from .conftest import PATIENTS, UNTIL
from .reading import RANGES, SHAPES, Ledger, aged, money, rows, split_by_family

PARTS = (
    "total_production",
    "total_adjustments",
    "total_insurance_payments",
    "total_writeoffs",
    "total_patient_payments",
    "total_payplan",
    "insurance_pending_amount",
    "writeoff_pending_amount",
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
    assert len(contracts) == 88
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
    assert len(manifest["files"]) == 88
    for name, entry in manifest["files"].items():
        assert entry["sha256"] == hashlib.sha256((folder / name).read_bytes()).hexdigest()
        assert entry["rows"] == sum(1 for _ in rows(folder, Path(name).stem))


def known_balances(practice: Path) -> dict[str, dict[str, str]]:
    with (practice / "known_balances.csv").open(newline="") as stream:
        return {row["patient_id"]: row for row in csv.DictReader(stream)}


def test_known_balances_equal_the_ledger_read_back(practice: Path):
    ledger = Ledger(practice / "opendental", UNTIL)
    known = known_balances(practice)
    assert set(ledger.parts) == set(known)
    for patient, row in known.items():
        found = {part: ledger.parts[patient][part] for part in PARTS}
        assert found == {part: Decimal(row[part]) for part in PARTS}, patient
        assert ledger.balance(patient) == Decimal(row["total_ar_balance"])


def test_known_totals_add_up_the_known_balances(practice: Path):
    totals = json.loads((practice / "known_totals.json").read_text())
    known = known_balances(practice).values()
    for kind, has_guarantor in (("families", True), ("orphans", False)):
        chosen = [row for row in known if bool(row["guarantor_id"]) is has_guarantor]
        assert len(chosen) == totals[kind]["patients"] > 0
        for part in ("total_ar_balance", *PARTS):
            found = sum(Decimal(row[part]) for row in chosen)
            assert found == Decimal(totals[kind][part]), (kind, part)
    assert totals["rows"]["patient"] == PATIENTS


def known_aging(practice: Path) -> list[dict[str, str]]:
    with (practice / "known_aging.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def families(practice: Path) -> dict[str, set[str]]:
    found = defaultdict(set)
    for row in rows(practice / "opendental", "patient"):
        found[row["Guarantor"]].add(row["PatNum"])
    return found


BUCKETS = ("balance_0_30", "balance_31_60", "balance_61_90", "balance_over_90")
AGED = (*BUCKETS, "balance_total", "insurance_estimate")


def test_known_aging_equals_the_ledger_read_back_and_aged(practice: Path):
    ledger, whole = Ledger(practice / "opendental", UNTIL), families(practice)
    owners = {patient: head for head, family in whole.items() for patient in family}
    by_family = split_by_family(ledger, owners)
    known = known_aging(practice)
    assert Counter(row["mode"] for row in known) == {
        "running": len(whole),
        "historic": 3 * len(whole),
    }
    for row in known:
        head, running = row["guarantor_id"], row["mode"] == "running"
        on = datetime.date.fromisoformat(row["as_of_date"])
        found = aged(by_family[head], on, running=running, offsetting=True)
        assert found == [Decimal(row[name]) for name in AGED], (head, on)
    for column in AGED:
        assert any(Decimal(row[column]) for row in known), column


def test_caches_on_guarantors_are_the_known_aging_unless_stale(practice: Path):
    known = {row["guarantor_id"]: row for row in known_aging(practice) if row["mode"] == "running"}
    stale = 0
    caches = ("Bal_0_30", "Bal_31_60", "Bal_61_90", "BalOver90", "BalTotal", "InsEst")
    for row in rows(practice / "opendental", "patient"):
        truth = known.get(row["PatNum"], {})
        names = zip((*caches, "PayPlanDue"), (*AGED, "payplan_due"), strict=True)
        differ = [c for c, name in names if money(row[c]) != Decimal(truth.get(name, 0))]
        assert bool(differ) == (truth.get("is_cache_stale") == "1"), row["PatNum"]
        stale += bool(differ)
    assert 0 < stale < len(known) / 20


def test_a_folder_in_use_is_refused(practice: Path):
    with pytest.raises(FolderInUse, match="not empty"):
        generate(practice, patients=1, years=1, until=UNTIL, seed=1)


def test_references_point_at_rows_unless_strays(practice: Path):
    folder, contracts = practice / "opendental", load_contracts()
    keys = {
        table: {row[contract.key[0]] for row in rows(folder, table)}
        for table, contract in contracts.items()
    }
    history = rows(folder, "histappointment")
    deleted = {row["AptNum"] for row in history if row["HistApptAction"] == "4"}
    assert deleted
    assert not deleted & keys["appointment"], "a deleted appointment is gone"
    keys["appointment"] |= deleted
    strays = Counter()
    for table, contract in contracts.items():
        references = {
            name: column.references.split(".")[0]
            for name, column in contract.loaded.items()
            if column.references and column.references.split(".")[0] in contracts
            if name != "KeyNum"  # of a patient or of a visit, as ObjectType says
        }
        for row in rows(folder, table):
            for name, target in references.items():
                if row[name] not in ("0", "-1") and row[name] not in keys[target]:
                    assert int(row[name]) >= 900_000_000, f"{table}.{name}"
                    strays[table] += 1
    assert set(strays) >= {"procedurelog", "claimproc", "adjustment", "paysplit", "payplancharge"}
    assert max(strays.values()) < 30
