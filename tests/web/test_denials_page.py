"""The denial report: rates and money as given, clinicians for leads, the dashboard's numbers."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.desk import invented
from tests.desk.conftest import TODAY
from tests.web.practice import MARKUP, SQL, claim, session_id
from tests.web.test_claim_page import text

CLINICIAN = f"Cleo {MARKUP}"


@pytest.fixture(scope="module", autouse=True)
def _answered(staffed):
    """Of 22 first answers 3 are denials; one is written off."""
    with staffed.open() as db:
        clinician = invented.insert(
            db, "clinicians", {"name": CLINICIAN, "clinician_key": "cleo"}, "clinician_id"
        )
        answer = {"first_adjudicated_on": TODAY - timedelta(days=89), "clinician_id": clinician}
        denied = answer | {"first_outcome": "denied"}
        old = denied | {"first_adjudicated_on": TODAY - timedelta(days=90)}
        _, made = claim(
            db,
            *({"first_outcome": "paid"} | answer for _ in range(19)),
            denied | {"billing_status": "written_off"},
            denied,
            denied,
            old,
        )
        for reference in made[19:22]:
            row = {
                "session_id": session_id(db, reference), "denied_on": TODAY, "amount": "130.00",
                "category": "medical_necessity", "note": f"no {SQL}", "by_user": "biller",
            }  # fmt: skip
            invented.insert(db, "denials", row, "denial_id")


def test_rates_and_money_stand_as_given(browser):
    said = text(browser.ask("viewer", "/denials"))
    figures = "22 3 13.6%, high $390.00 $0.00 $130.00 $260.00"
    assert figures in said
    assert "1 in all 22 3 $390.00 $0.00 $130.00 $260.00" in said
    assert "medical necessity 22 3 13.6% $390.00" in said


def test_clinicians_are_for_leads(browser):
    for user, may in (("viewer", False), ("biller", False), ("lead", True), ("admin", True)):
        assert (CLINICIAN in text(browser.ask(user, "/denials"))) is may, user


def test_the_card_of_the_dashboard_leads_to_its_own_numbers(browser, staffed):
    with staffed.open() as db:
        (rate, sample) = db.execute(
            "select denial_rate_pct, denial_rate_sample from desk.dashboard_metrics"
        ).fetchone()
    assert (round(rate, 1), sample) == (Decimal("13.6"), 22)
    assert 'href="/daysheet/metrics/denial_rate_pct"' in browser.ask("viewer", "/").text
    answers = browser.ask("viewer", "/metrics/denial_rate_pct").text
    assert "22 in all." in answers
    assert 'href="/daysheet/denials"' in answers


def test_markup_and_sql_are_text_and_the_payer_leads_to_its_denied_claims(browser):
    page = browser.ask("lead", "/denials").text
    assert MARKUP not in page
    assert SQL not in page
    assert "/daysheet/claims?tab=denied&amp;payer=Acme%20%3Cscript%3E" in page
