"""Claims of the dental practice system under the same rules, by the published build."""

from datetime import date, timedelta

import pytest

from daysheet.alerts.evaluation import evaluate
from daysheet.desk.work.dental_claims import register
from tests.alerts.conftest import DAG
from tests.desk.conftest import TODAY
from tests.desk.published_practice import publish_practice


def ago(days: int) -> date:
    return TODAY - timedelta(days)


NEVER = date(1, 1, 1)
SLOW = {"no_response": "low", "slow_payer": "medium"}
# number: status, type, days since service, since sent, since first sent; what is true of it
CLAIMS = {
    901: ("S", "P", 100, 91, 91, SLOW | {"aged_claim": "critical"}),
    902: ("S", "P", 100, 90, 90, SLOW | {"aged_claim": "high"}),
    # sent again: as old as ever, and the payer has had it for ten days
    903: ("S", "P", 100, 10, 91, {"aged_claim": "critical"}),
    904: ("P", "S", 100, 15, 15, {"no_response": "low"}),
    # nobody knows when it was sent
    905: ("S", "P", 91, None, None, {"aged_claim": "critical"}),
    906: ("R", "P", 200, 200, 200, {}),
    907: ("S", "PreAuth", 200, 200, 200, {}),
    911: ("U", "P", 60, 60, None, {}),
    912: ("W", "P", 61, 61, None, {"unbilled_aged": "high"}),
    913: ("H", "S", 91, 91, None, {"unbilled_aged": "critical"}),
    914: ("U", "P", 334, 334, None, {"unbilled_aged": "critical"}),
    915: ("U", "P", 335, 335, None, {"unbilled_aged": "critical", "filing_deadline": "medium"}),
    916: ("I", "P", 351, 351, None, {"unbilled_aged": "critical", "filing_deadline": "high"}),
    917: ("U", "P", 358, 358, None, {"unbilled_aged": "critical", "filing_deadline": "critical"}),
    918: ("U", "P", 366, 366, None, {"unbilled_aged": "critical", "filing_deadline": "critical"}),
    919: ("U", "PreAuth", 366, 366, None, {}),
    # sent before, and waiting to be sent once more: no longer forgotten
    920: ("W", "P", 366, 366, 300, {}),
}  # fmt: skip
LATER = 921  # of another build, and not registered when it is first seen


def practice(*numbers: int) -> dict[str, str]:
    """The tables of a practice with these claims, one line each."""
    claims = ["ClaimNum | PatNum | ClaimType | ClaimStatus | DateService | DateSent | DateSentOrig"]
    lines = ["ClaimProcNum | ClaimNum | PatNum | ProcNum | PlanNum | Status | InsPayEst"]
    for number in numbers:
        status, kind, service, last, first, _ = CLAIMS.get(number, CLAIMS[901])
        days = [NEVER if each is None else ago(each) for each in (service, last, first)]
        shown = " | ".join(day.isoformat() for day in days)
        claims.append(f"{number} | 101 | {kind} | {status} | {shown}")
        lines.append(f"{number} | {number} | 101 | {number} | 7 | 0 | {number}.50")
    return {"claim": "\n".join(claims), "claimproc": "\n".join(lines)}


@pytest.fixture
def dental(warehouse, days):
    publish_practice(warehouse, practice(*CLAIMS), TODAY)
    register(days.db)
    return days


def by_claim(days):
    """Of each claim its live alerts: rule, severity, days."""
    rows = days.rows(
        "select claim_id, rule_code, severity, day_count, amount from desk.alerts"
        " inner join desk.dental_claims using (dental_claim_id) where status != 'resolved'"
    )
    found = {number: {} for number in CLAIMS}
    for row in rows:
        found.setdefault(row["claim_id"], {})[row["rule_code"]] = row
    return found


def test_a_dental_claim_is_alerted_on_from_the_day_the_rule_says(dental):
    dental.evaluate()
    found = by_claim(dental)
    shown = {
        number: {rule: row["severity"] for rule, row in rules.items()}
        for number, rules in found.items()
    }
    assert shown == {number: claim[-1] for number, claim in CLAIMS.items()}
    again = found[903]["aged_claim"]
    assert (again["day_count"], float(again["amount"])) == (91, 903.5)
    assert found[917]["filing_deadline"]["day_count"] == 7
    assert found[918]["filing_deadline"]["day_count"] == -1


def test_both_worlds_are_seen_by_one_look(dental):
    day = ago(91)
    dental.session(service_on=day, first_submitted_on=day, last_submitted_on=day)
    dental.evaluate()
    subjects = [bool(row["session_id"]) for row in dental.alerts("aged_claim")]
    assert sorted(subjects) == [False] * 4 + [True]


def test_a_claim_without_a_reference_waits_until_it_has_one(dental, warehouse):
    publish_practice(warehouse, practice(LATER), TODAY)
    dental.evaluate()
    assert by_claim(dental).get(LATER) is None
    register(dental.db)
    dental.evaluate()
    assert set(by_claim(dental)[LATER]) == set(CLAIMS[901][-1])


def test_a_claim_that_a_later_build_has_settled_is_over(dental, warehouse):
    dental.evaluate()
    publish_practice(warehouse, practice(902), TODAY)
    dental.evaluate()
    live = {number for number, rules in by_claim(dental).items() if rules}
    assert live == {902}


def test_procedures_on_no_claim_are_forgotten_money_and_no_alert(warehouse, days):
    given = {
        "claimproc": """
            ClaimProcNum | ClaimNum | PatNum | ProcNum | PlanNum | Status | InsPayEst
            101          | 0        | 101    | 20      | 7       | 6      | 88
            """,
        "procedurelog": """
            ProcNum | PatNum | ProcStatus | ProcFee | ProcDate
            20      | 101    | 2          | 100     | 2026-01-10
            """,
    }
    publish_practice(warehouse, given, TODAY)
    assert days.evaluate().opened == 0


def test_a_build_published_meanwhile_is_for_the_next_look(dental, warehouse):
    with dental.writing() as reader:
        publish_practice(warehouse, practice(902), TODAY)
        evaluate(reader, DAG)
    assert by_claim(dental)[901]
    dental.evaluate()
    assert not by_claim(dental)[901]
