"""Size costs time, not memory; and what may follow a drop."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from daysheet.cli import app
from daysheet.synthetic import one_changed_claim
from daysheet.synthetic.files import Drop

from .conftest import UNTIL
from .reading import rows

MEASURE = """
import datetime, pathlib, resource, sys
from daysheet.synthetic import generate
out, patients = pathlib.Path(sys.argv[1]), int(sys.argv[2])
generate(out, patients=patients, years=2, until=datetime.date(2026, 11, 20), seed=1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak_kb(out: Path, patients: int) -> int:
    command = [sys.executable, "-c", MEASURE, str(out), str(patients)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def test_memory_does_not_grow_with_the_practice(tmp_path: Path):
    small, large = peak_kb(tmp_path / "small", 100), peak_kb(tmp_path / "large", 2000)
    assert large - small < 16_000, f"{small} kB at 100 patients, {large} kB at 2,000"


def test_the_command_writes_what_it_says(tmp_path: Path):
    options = ["--patients", "20", "--years", "1", "--until", "2026-11-20", "--seed", "5"]
    first = CliRunner().invoke(app, ["generate", *options, "--json", str(tmp_path)])
    assert first.exit_code == 0, first.output
    said = json.loads(first.stdout)
    assert said["patients"] == sum(1 for _ in rows(tmp_path / "opendental", "patient"))
    totals = json.loads((tmp_path / "known_totals.json").read_text())
    assert said["balance"] == totals["families"]["total_ar_balance"]
    assert said["rows"] == sum(totals["rows"].values())
    again = CliRunner().invoke(app, ["generate", *options, str(tmp_path)])
    assert again.exit_code == 2
    assert "not empty" in again.output


def test_one_changed_claim_is_a_later_version_of_a_row(practice: Path, tmp_path: Path):
    folder = one_changed_claim(practice / "opendental", tmp_path)
    assert json.loads((folder / "_manifest.json").read_text())["mode"] == "changes"
    (changed,) = rows(folder, "claim")
    before = {row["ClaimNum"]: row for row in rows(practice / "opendental", "claim")}
    was = before[changed["ClaimNum"]]
    assert list(was) == list(changed)
    assert changed["SecDateTEdit"] > str(UNTIL) > was["SecDateTEdit"][:10]
    differ = {name for name in was if was[name] != changed[name]}
    assert differ == {"DateSent", "DateResent", "SecDateTEdit"}


def test_a_misspelled_column_is_an_error(tmp_path: Path):
    with pytest.raises(KeyError, match="PatName"):
        Drop(tmp_path).add("patient", PatName=1)


def test_quoted_text_survives_the_round_trip(practice: Path):
    path = practice / "opendental" / "patient.csv"
    with path.open(newline="", encoding="utf-8") as stream:
        widths = {len(row) for row in csv.reader(stream, strict=True)}
    assert len(widths) == 1
