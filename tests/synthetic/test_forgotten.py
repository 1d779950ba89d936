"""Work on no claim: some of each age, counted, and no claim or payment is another for it."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from daysheet.synthetic import generate
from daysheet.synthetic.forgotten import Forgotten
from tests.synthetic.conftest import UNTIL
from tests.synthetic.reading import money, rows

# What tells a family what it owes, and what is said and done about that.
FOLLOWS = {
    "adjustment", "apptremindersent", "commlog", "confirmationrequest", "document", "emailmessage",
    "known_aging", "known_balances", "patient", "payplancharge", "smsfrommobile", "smstomobile",
    "statement", "statementprod", "stmtlink", "task", "taskhist", "tasknote", "tasksubscription",
    "taskunread",
}  # fmt: skip


def on_no_claim(folder: Path) -> Iterator[tuple[int, Decimal]]:
    """Age in days and estimate of each completed procedure that is on no claim."""
    lines: dict[str, list[dict[str, str]]] = {}
    for row in rows(folder, "claimproc"):
        lines.setdefault(row["ProcNum"], []).append(row)
    for row in rows(folder, "procedurelog"):
        found = lines.get(row["ProcNum"], [])
        estimates = [line for line in found if line["Status"] == "6" and line["NoBillIns"] != "1"]
        on_claim = any(line["ClaimNum"] != "0" and line["Status"] != "2" for line in found)
        if row["ProcStatus"] == "2" and estimates and not on_claim:
            age = (UNTIL - date.fromisoformat(row["ProcDate"])).days
            yield age, sum((money(line["InsPayEst"]) for line in estimates), Decimal(0))


def test_some_of_each_age_are_left_and_counted(practice: Path):
    known = json.loads((practice / "known_totals.json").read_text())["counts"]
    found = list(on_no_claim(practice / "opendental"))
    left = known["completed on no claim"]
    assert (len(found), sum(amount for _, amount in found) * 100) == (
        left["procedures"], left["cents"],
    )  # fmt: skip
    assert left["cents"] > 0
    ages = Counter(
        "new" if age <= 45 else "late" if 335 <= age <= 365 else "too late" if age > 365 else ""
        for age, _ in found
    )
    assert min(ages[name] for name in ("new", "late", "too late")) >= 2, ages
    insured = {row["ProcNum"] for row in rows(practice / "opendental", "claimproc")}
    done = sum(
        row["ProcStatus"] == "2" and row["ProcNum"] in insured
        for row in rows(practice / "opendental", "procedurelog")
    )
    assert 0.003 < len(found) / done < 0.008


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The same practice, with nothing forgotten and as it is."""
    asked = {"patients": 150, "years": 2, "until": UNTIL, "seed": 7}
    generate(tmp_path / "is", **asked)
    with monkeypatch.context() as patched:
        patched.setattr(Forgotten, "leave", lambda *_: None)
        generate(tmp_path / "was", **asked)
    return tmp_path / "was", tmp_path / "is"


def test_no_visit_claim_or_payment_is_another_for_it(both):
    was, found = both
    left = json.loads((found / "known_totals.json").read_text())["counts"]["completed on no claim"]
    none = json.loads((was / "known_totals.json").read_text())["counts"]["completed on no claim"]
    assert none == {"procedures": 0, "cents": 0}
    for table in ("procedurelog", "claimproc"):
        before, after = (
            [row | {"StatementNum": ""} for row in rows(folder / "opendental", table)]
            for folder in both
        )
        assert after[: len(before)] == before
        assert len(after) - len(before) == left["procedures"] > 0
    for path in sorted(was.rglob("*.csv")):
        if path.stem not in FOLLOWS | {"procedurelog", "claimproc"}:
            assert path.read_bytes() == (found / path.relative_to(was)).read_bytes(), path.name
