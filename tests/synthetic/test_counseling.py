"""The generated counseling practice: the reports' own shape, and a story that adds up."""

import csv
import hashlib
import json
from collections import Counter, defaultdict
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from daysheet.catalog import load_contracts
from daysheet.synthetic import generate
from daysheet.synthetic.counseling import write_counseling
from daysheet.synthetic.practice import FolderInUse

from .conftest import UNTIL

PATIENTS = 2000
HEADERS = {
    "appointments_report": (18, 20), "appointment-status-report": (18, 20),
    "insurance_claims_report": (6,), "unpaid_insurance_appointments_report": (9,),
    "insurance_payment_reports_report": (8,), "payment_export": (7,),
}  # fmt: skip


class Written:
    def __init__(self, folder: Path, patients: int = PATIENTS) -> None:
        self.folder = folder
        self.known = write_counseling(folder, patients=patients, until=UNTIL, seed=3)

    def files(self, start: str) -> list[Path]:
        return [self.folder / name for name in self.known["files"] if name.startswith(start)]

    def rows(self, start: str) -> list[list[str]]:
        """Rows of all files of a kind, without the header."""
        return [row for path in self.files(start) for row in read(path)[1:]]


def read(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return Written(tmp_path_factory.mktemp("counseling"))


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        write_counseling(tmp_path / name, patients=150, until=UNTIL, seed=seed)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert digests(tmp_path / "a") != digests(tmp_path / "c")


def test_headings_are_those_of_the_contracts(written):
    contracts = load_contracts("simplepractice")
    spelled = {
        column.heading.casefold()
        for contract in contracts.values()
        for column in contract.columns.values()
        if column.heading
    }
    widths = Counter()
    for name in written.known["files"]:
        header = read(written.folder / name)[0]
        kind = next(kind for kind in HEADERS if name.startswith(kind))
        assert len(header) in HEADERS[kind], name
        assert {heading.casefold() for heading in header} <= spelled, name
        widths[kind, len(header)] += 1
    assert {width for _, width in widths} >= {18, 20}


def test_it_is_as_large_as_a_practice_beside_that_many_patients(written):
    assert 1500 < written.known["sessions"] < 2500
    assert written.known["aging_over_90"] > 10
    assert sum(written.known["billing_status"].values()) == written.known["sessions"]
    assert {*written.known["billing_status"]} == {
        "scheduled", "completed", "documented", "ready_to_bill", "submitted", "pending",
        "approved", "paid", "denied", "client_responsibility", "written_off",
    }  # fmt: skip


def test_the_day_of_the_export_is_in_each_name(written):
    for name in written.known["files"]:
        digits = "".join(filter(str.isdigit, name))
        assert len(digits) == 8, name
    assert written.files("appointment")[-1].name.endswith(f"{UNTIL}.csv")


def test_charge_is_paid_and_written_off_and_unpaid(written):
    seen = 0
    for path in written.files("appointment"):
        header, *rows = read(path)
        for row in rows:
            if len(header) == 20 and len(row) == 20 and row[0][:2].isdigit():
                charge, paid, written_off, unpaid = map(money, row[-4:])
                if None not in (charge, paid):
                    assert charge == paid + written_off + unpaid
                    seen += 1
    assert seen > 1000


def money(text: str) -> Decimal | None:
    return Decimal(text) if text.lstrip("-").replace(".", "").isdigit() else None


def test_no_claim_is_paid_before_it_was_sent_nor_told_of_before_it_was_decided(written):
    sent = {row[4]: day(row[0]) for row in written.rows("insurance_claims") if row[0] != "--"}
    checked = 0
    for path in written.files("insurance_payment"):
        exported_on = date.fromisoformat(path.stem[-10:])
        for row in read(path)[1:]:
            assert day(row[0]) <= exported_on
            if row[4] in sent and row[3] != "abc":
                assert sent[row[4]] < day(row[0])
                checked += 1
    assert checked > 300


def day(text: str) -> date:
    return datetime.strptime(text[:10], "%m/%d/%Y").date()


def test_payments_are_known_once_however_often_reports_repeat_them(written):
    lines = [tuple(row) for row in written.rows("insurance_payment") if row[3] != "abc"]
    got: dict[str, Decimal] = defaultdict(Decimal)
    for line in set(lines):
        got[line[6]] += Decimal(line[3])
    assert len(lines) > 2 * len(set(lines))
    assert len(got) == written.known["payments"]
    assert sum(got.values()) == Decimal(written.known["payments_amount"])


def test_it_holds_every_mishap(written):
    files = written.known["files"].values()
    spoiled = Counter()
    for counts in files:
        spoiled.update({name: number for name, number in counts.items() if name != "rows"})
    assert {*spoiled} == {"quarantined", "duplicate_dropped", "skipped"}
    words = Counter(row[2] for row in written.rows("insurance_claims"))
    assert {*words} == {
        "Submitted", "Received", "Pending", "Accepted", "Paid", "Paid Pending", "Denied",
        "Rejected", "Deductible", "More Info Required", "Prepared", "Scrub", "Downloaded",
        "Teleported",
    }  # fmt: skip
    labels = Counter(row[-4] for row in written.rows("appointment-status") if len(row) == 18)
    assert {"PAID", "UNPAID", "UNBILLED", "OVER", "NO CHARGE"} <= set(labels)
    assert any(money(row[3]) and money(row[3]) < 0 for row in written.rows("insurance_payment"))


def test_one_file_lies_there_twice(written):
    copies = Counter(digests(written.folder).values())
    assert sorted(copies.values())[-2:] == [1, 2]


@pytest.mark.parametrize("patients", [1, 20])
@pytest.mark.parametrize("until", [date(2024, 2, 29), date(2026, 1, 1), date(2026, 8, 2)])
def test_a_practice_of_any_size_and_day_adds_up(tmp_path, patients, until):
    known = write_counseling(tmp_path, patients=patients, until=until, seed=9)
    owed = sum(Decimal(bracket["outstanding"]) for bracket in known["aging"].values())
    assert owed == Decimal(known["outstanding_claims_amount"])
    assert known["sessions"] > 20
    rows = {path.name: len(read(path)) - 1 for path in tmp_path.iterdir()}
    assert min(rows.values()) > 0
    told = {name: counts["rows"] for name, counts in known["files"].items()}
    assert told.items() <= rows.items()
    assert len(rows) == len(told) + 1


def test_the_generated_practice_has_it_and_says_what_it_knows(practice, tmp_path):
    known = json.loads((practice / "known_totals.json").read_text())
    assert {*known["counseling"]["files"]} < {
        path.name for path in (practice / "simplepractice").iterdir()
    }
    assert (practice / "desk.yml").read_text().startswith("# Who works")
    (tmp_path / "simplepractice").mkdir()
    (tmp_path / "simplepractice" / "mine.csv").touch()
    with pytest.raises(FolderInUse):
        generate(tmp_path, patients=1, years=1, until=UNTIL, seed=1)
