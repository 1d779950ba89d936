"""What `daysheet new` writes lints and lacks only what it asks for; filled in, it is built."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from daysheet.catalog.models import ModelType
from daysheet.scaffolding import BLANK, NotMade, new_model, new_system
from daysheet.settings import PROJECT
from tests.house.repository import tracked

TYPES = get_args(ModelType)
SYSTEM = "system_t_trials"
NAMES = [f"int_trial_{kind}" for kind in TYPES]
COMMAND = [sys.executable, "-c", "from daysheet.cli import app; app()"]

EXAMPLES = {
    "foundation": """
given:
  opendental.provider: |
    ProvNum | Abbr | LName
    1       | DOC  | Verne
    2       |      | Wells
expect: |
  provider_id | provider_label
  1           | DOC
  2           | Wells
""",
    "transaction": """
given:
  opendental.adjustment: |
    AdjNum | PatNum | AdjAmt
    1      | 7      | -20.00
    2      | 0      | 5.00
expect: |
  adjustment_id | patient_id | adjustment_amount
  1             | 7          | -20.00
  2             | null       | 5.00
""",
    "snapshot": """
given:
  opendental.claim: |
    ClaimNum | PatNum | DateSent   | DateReceived
    1        | 7      | 2026-01-01 |
    2        | 7      | 2026-01-01 | 2026-01-31
    3        | 7      | 2026-02-01 |
    4        | 7      | 2026-01-21 | 2026-02-01
expect: |
  as_of_date | claim_id | days_since_sent
  2026-01-31 | 1        | 30
  2026-01-31 | 4        | 10
""",
    "metrics": """
given:
  opendental.claim: |
    ClaimNum | ProvTreat | ClaimStatus
    1        | 3         | R
    2        | 3         | S
    3        | 0         | S
expect: |
  provider_id | claim_count | received_claim_count | received_claim_rate
  3           | 2           | 1                    | 0.5
""",
    "journey": """
given:
  opendental.claim: |
    ClaimNum | PatNum | DateSent   | DateReceived
    1        | 7      | 2026-01-01 | 2026-01-20
    2        | 7      |            |
expect: |
  claim_id | days_sent_to_received | claim_stage
  1        | 19                    | received
  2        | null                  | begun
""",
}

BUILT = f"""
from datetime import date

from daysheet.builds.versions import make_model
from daysheet.synthetic import generate
from tests.bench.building import new_build
from tests.bench.stage import load_practice

DAY = date(2026, 11, 20)


def test_all_are_built_on_a_practice(warehouse, tmp_path):
    generate(tmp_path, patients=30, years=1, until=DAY, seed=1)
    load_practice(warehouse, tmp_path)
    build = new_build(warehouse, DAY)
    for name in {NAMES}:
        assert make_model(warehouse.dsn("builder"), build.build, name).row_count
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project with a new system and a new model of each type in it."""
    root = tmp_path_factory.mktemp("project")
    for path in tracked():
        copy = root / path.relative_to(PROJECT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    run(root, "git", "init", "-q")
    run(root, *COMMAND, "new", "system", SYSTEM)
    for name, kind in zip(NAMES, TYPES, strict=True):
        told = run(root, *COMMAND, "new", "model", name, "--type", kind, "--system", SYSTEM)
        assert f"sql/{SYSTEM}/{name}.sql\nsql/{SYSTEM}/{name}.yml" in told
    return root


def run(root: Path, *command: str, fails: bool = False) -> str:
    """What a command in the copy prints, with the copy's own code."""
    environment = os.environ | {"PYTHONPATH": str(root / "plugins"), "COLUMNS": "300"}
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode != 0) == fails, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def gates(root: Path, *tests: str, fails: bool = False) -> str:
    run(root, "git", "add", "-A")
    return run(root, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests,
               fails=fails)  # fmt: skip


def fill_in(root: Path) -> None:
    """Do what the command asks for."""
    folder, readme = root / "sql" / SYSTEM, root / "README.md"
    declared = (folder / "_system.yml").read_text()
    for key, text in {"title": "Trials", "purpose": "Nothing but a trial of the scaffolds.",
                      "owner": "tests"}.items():  # fmt: skip
        declared = re.sub(f'{key}: "{BLANK}.*"', f"{key}: {text}", declared)
    (folder / "_system.yml").write_text(declared)
    rows = ["### T: Trials (phase 3)", "", "| model | one row for |", "|---|---|"]
    meanings = root / "sql" / "columns.yml"
    lines = meanings.read_text().splitlines()
    known = {line.split(":")[0] for line in lines}
    for name, kind in zip(NAMES, TYPES, strict=True):
        for suffix in (".sql", ".yml"):
            path = folder / f"{name}{suffix}"
            text = re.sub(f"^-- {BLANK}.*\n", "", path.read_text())
            text = re.sub(f'"{BLANK}.*"', "A trial of the scaffold, of no use to anyone.", text)
            path.write_text(text)
        rows.append(f"| `{name}` | everything that this trial is about |")
        example = root / "tests" / "models" / name / "what_must_hold.yml"
        example.parent.mkdir()
        example.write_text(EXAMPLES[kind])
        named = re.findall(r"^  (\w+): \{", (folder / f"{name}.yml").read_text(), re.MULTILINE)
        lines += [f"{column}: Said by a trial." for column in named if column not in known]
        known |= set(named)
    meanings.write_text("\n".join(sorted(lines, key=str.encode)) + "\n")
    manual = readme.read_text()
    readme.write_text(manual.replace("## Add a model\n", "\n".join(rows) + "\n\n## Add a model\n"))


def test_a_new_model_lints_and_lacks_only_what_it_asks_for(project):
    run(project, sys.executable, "-m", "sqlfluff", "lint", f"sql/{SYSTEM}")
    told = gates(project, "tests/house", fails=True)
    failed = set(re.findall(r"^FAILED tests/house/\w+\.py::(\w+)", told, re.MULTILINE))
    assert failed - {"test_every_column_has_one_meaning_and_every_meaning_a_column"} == {
        "test_nothing_is_left_to_fill_in",
        "test_a_model_that_computes_has_an_example",
        "test_every_model_is_in_a_table_and_its_row_says_something",
        "test_every_model_stands_under_its_system",
    }
    for mend in (
        f"sql/{SYSTEM}/int_trial_metrics.yml:1: what is measured for whom",
        "add tests/models/<model>/what_holds.yml",
        "give int_trial_metrics one row in the README's table",
    ):
        assert mend in told, mend


def test_filled_in_it_passes_every_gate_and_is_built(project):
    fill_in(project)
    (project / "tests" / "builds" / "test_trial.py").write_text(BUILT)
    gates(project, "tests/house", "tests/docs/test_dictionary.py")
    told = gates(project, "tests/models", "tests/builds/test_trial.py", "-k", "trial")
    assert f"{len(TYPES) + 1} passed" in told


@pytest.mark.parametrize(
    ("name", "system", "because"),
    [
        ("IntClaims", "one", "int_ and words in snake_case"),
        ("claims", "one", "int_ and words in snake_case"),
        ("int_claims;x", "one", "int_ and words in snake_case"),
        ("../int_claims", "one", "int_ and words in snake_case"),
        ("int_claims__late", "one", "int_ and words in snake_case"),
        ("int_" + "a" * 31, "one", "room for 34"),
        ("int_claims", "three", "no system three; there are one, two"),
        ("int_taken", "one", r"sql/two/int_taken\.\w+ is there already"),
        ("int_half", "one", "sql/one/int_half.sql is there already"),
    ],
)
def test_a_model_is_refused_with_its_reason(tmp_path, name, system, because):
    for folder in ("one", "two"):
        new_system(folder, _root(tmp_path))
    new_model("int_taken", "metrics", "two", tmp_path)
    (tmp_path / "sql" / "one" / "int_half.sql").write_text("select 1")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(NotMade, match=because):
        new_model(name, "metrics", system, tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["System", "a b", "../a", "one"])
def test_a_system_is_refused_with_its_reason(tmp_path, name):
    new_system("one", _root(tmp_path))
    with pytest.raises(NotMade, match=r"snake_case|already"):
        new_system(name, tmp_path)


def _root(path: Path) -> Path:
    (path / "sql").mkdir(exist_ok=True)
    (path / "sql" / "columns.yml").write_text("provider_id: The provider.\n")
    return path
