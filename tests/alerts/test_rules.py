"""The rules as they come with the database, and as the manual tells them."""

import pytest

from daysheet.alerts.rules import Rule, read_rules, severity
from daysheet.settings import PROJECT
from tests.desk.conftest import Desk

README = (PROJECT / "README.md").read_text()
ALERTS = README.split("\n### Alerts\n")[1].split("\n## ")[0]
TOLD = {
    cells[0].strip("`"): cells[1:]
    for cells in (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in ALERTS.splitlines()
        if line.startswith("| `")
    )
}
AT = {"over": "{} over {}", "days_left": "{} at {}", "at_once": "{} at once"}


@pytest.fixture(scope="module")
def rules(shared_warehouse) -> dict[str, Rule]:
    with Desk(shared_warehouse).open() as db:
        return read_rules(db)


def test_every_rule_says_in_the_manual_who_acts_and_how_it_ends(rules):
    expected = {
        code: [
            ", ".join(AT[rule.counts].format(*step) for step in reversed(rule.steps)),
            rule.route.replace("_and_", ", "),
            rule.mailed_from or "no",
            rule.ends,
        ]
        for code, rule in rules.items()
    }
    assert {code: cells[1:] for code, cells in TOLD.items()} == expected
    assert all(cells[0] for cells in TOLD.values())


def test_the_manual_names_the_rules_that_yield(rules):
    silenced = ALERTS.split("**Silence.**")[1].split("\n- ")[0]
    yielding = {code for code, rule in rules.items() if rule.yields}
    named = {code for code in rules if f"`{code}`" in silenced}
    assert yielding == named | {"missing_note", "late_note"}
    by_hand = {code for code, rule in rules.items() if rule.ends_by_hand}
    assert by_hand == {"bad_file"}


STEPS = [
    ("aged_claim", {60: None, 61: "high", 90: "high", 91: "critical", None: None}),
    ("filing_deadline", {31: None, 30: "medium", 15: "medium", 14: "high", 8: "high",
                         7: "critical", 0: "critical", -1: "critical", None: None}),
    ("appeal_deadline", {15: None, 14: "medium", 8: "medium", 7: "high", 3: "high",
                         2: "critical", -1: "critical"}),
    ("missing_note", {3: None, 4: "low"}),
    ("no_file", {8: None, 9: "high"}),
    ("denied", {None: "high", 5: "high"}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "expected"), STEPS)
def test_a_step_is_reached_beyond_its_days_or_with_so_few_left(rules, code, expected):
    assert {days: severity(rules[code], days) for days in expected} == expected
