"""What files told of a session, in the timeline of its record: which line, and what it changed."""

import pytest

from tests.desk.conftest import Desk
from tests.ingest.practice_reports import Practice, visit
from tests.web.conftest import Browser
from tests.web.practice import MARKUP
from tests.web.test_claim_page import text


@pytest.fixture
def reported(staffed: Desk, tmp_path) -> str:
    """A session of which three reports told: it is new, the same again, paid in part."""
    practice = Practice(staffed.warehouse, tmp_path)
    payer = f"Harbor {MARKUP} (44101)"
    practice.drop_visits("2026-11-03", visit(payer=payer))
    practice.drop_visits("2026-11-10", visit(payer=payer), visit(code="90834"))
    practice.drop_visits("2026-11-17", visit(payer=payer, paid="50.0", unpaid="80.0"))
    with staffed.open() as db:
        (reference,) = db.execute(
            "select session_ref from desk.sessions where billing_code = '90837'"
        ).fetchone()
    return reference


@pytest.mark.parametrize("role", ["viewer", "biller"])
def test_the_timeline_tells_of_files_and_what_they_changed(browser: Browser, reported, role):
    answer = browser.ask(role, f"/claims/{reported}")
    told = text(answer).partition("Timeline")[2]
    assert told.count("appointment status report") == 2
    last, first = told.split("appointment status report: ")[1:]
    assert last.startswith("updated exported Nov 17, 2026")
    assert "insurance paid 0.00 → 50.00" in last
    assert "insurance unpaid 130.00 → 80.00" in last
    assert "client" not in last.partition("file")[0].replace("client status", "")
    assert "→" not in first.partition(" · file")[0]
    assert "file 3, line 2" in last
    assert "file 1, line 2" in first
    assert MARKUP not in answer.text
