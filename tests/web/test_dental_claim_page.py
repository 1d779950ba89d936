"""The record of a dental claim."""

import pytest

from daysheet.desk.work.dental_claims import register
from tests.desk.conftest import TODAY
from tests.desk.published_practice import publish_practice
from tests.web.practice import MARKUP, claim, note
from tests.web.test_claim_page import text

# 1 sent again, 2 never estimated and of no known day, 3 settled once it was registered
PRACTICE = {
    "carrier": f"""
        CarrierNum | CarrierName
        3          | Borealis {MARKUP}
        """,
    "insplan": """
        PlanNum | CarrierNum
        7       | 3
        """,
    "claim": """
        ClaimNum | PatNum | ClaimType | ClaimStatus | DateService | DateSent   | DateSentOrig
        1        | 101    | P         | S           | 2026-04-01  | 2026-11-10 | 2026-04-02
        2        | 101    | P         | P           | 2026-09-01  | 0001-01-01 | 0001-01-01
        3        | 102    | P         | S           | 2026-10-01  | 2026-10-02 | 2026-10-02
        """,
    "claimproc": """
        ClaimProcNum | ClaimNum | ProcNum | PlanNum | Status | InsPayEst | InsPayAmt | FeeBilled
        11           | 1        | 1       | 7       | 0      | 80.50     | 0         | 120
        12           | 1        | 2       | 7       | 1      | 10        | 10        | 30
        21           | 2        | 3       | 7       | 0      | 0         | 0         | 45
        31           | 3        | 4       | 7       | 0      | 30        | 0         | 45
        """,
}  # fmt: skip


@pytest.fixture(scope="module")
def dental(staffed) -> dict[int, str]:
    """References of the three dental claims; beside them one session of August."""
    with staffed.open() as db:
        publish_practice(staffed.warehouse, PRACTICE, TODAY)
        assert register(db) == 3
        settled = PRACTICE | {
            "claim": PRACTICE["claim"].replace("102    | P         | S", "102    | P         | R")
        }
        publish_practice(staffed.warehouse, settled, TODAY)
        claim(db, {})
        return dict(db.execute("select claim_id, claim_ref from desk.dental_claims").fetchall())


def test_a_dental_claim_shows_both_days_it_was_sent_and_its_estimate(browser, dental):
    said = text(browser.ask("biller", f"/claims/{dental[1]}"))
    for fact in (
        "dental", "sent", "232 days", "First sent Apr 2, 2026",
        "Last sent Nov 10, 2026 10 days ago", "Expected $80.50",
        "Charge $150.00", "Paid $10.00", "Owner nobody",
    ):  # fmt: skip
        assert fact in said, fact


def test_a_dental_claim_nobody_estimated_says_so(browser, dental):
    said = text(browser.ask("biller", f"/claims/{dental[2]}"))
    assert "80 days est." in said
    assert "Expected no estimate" in said


def test_a_settled_dental_claim_is_closed(browser, dental):
    said = text(browser.ask("biller", f"/claims/{dental[3]}"))
    assert "Age closed" in said
    assert "Expected settled" in said


def test_what_the_desk_did_about_a_dental_claim_is_in_its_timeline(browser, dental, staffed):
    with staffed.open() as db:
        (key,) = db.execute(
            "select dental_claim_id from desk.dental_claims where claim_ref = %s", [dental[1]]
        ).fetchone()
        note(db, None, "asked the carrier", dental_claim_id=key)
    assert "asked the carrier" in text(browser.ask("biller", f"/claims/{dental[1]}"))
    assert "asked the carrier" not in text(browser.ask("viewer", f"/claims/{dental[1]}"))


def test_a_look_at_a_dental_claim_is_kept_too(browser, dental, staffed):
    assert browser.ask("viewer", f"/claims/{dental[2]}").status_code == 200
    with staffed.open() as db:
        kept = db.execute("select actor from ops.audit where subject = %s", [dental[2]]).fetchall()
    assert ("viewer",) in kept
