"""Behind a metric: the figure of the dashboard, and each row it is made of, leading to its page."""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest

from tests.desk import invented
from tests.desk.conftest import TODAY
from tests.web.practice import MARKUP
from tests.web.test_claim_page import text
from tests.web.test_dashboard import card

DAYS = range(10, 65)  # from the first sending to the payment: 55 sessions, two pages


@pytest.fixture(scope="module", autouse=True)
def practice(staffed) -> dict[str, str]:
    """Sessions paid after 10 to 64 days, one of them denied at first; money of two payers."""
    with staffed.open() as db:
        payer = invented.payer(db, MARKUP)
        sent = TODAY - timedelta(days=80)
        rows = [
            {"billing_status": "paid", "payer_id": payer, "service_on": sent - timedelta(days=1),
             "first_submitted_on": sent, "paid_on": sent + timedelta(days=days),
             "paid_on_source": "manual", "ins_charge": 100, "ins_paid_reported": 100,
             "first_adjudicated_on": sent + timedelta(days=9),
             "first_outcome": "denied" if days == 10 else "paid",
             "first_outcome_is_estimated": days == 10, "billing_code": f"B{days}"}
            for days in DAYS
        ] + [
            {"billing_status": "submitted", "payer_id": payer, "service_on": sent,
             "first_submitted_on": sent, "ins_charge": 70, "assigned_to": "lead"},
            {"billing_status": "documented", "payer_id": payer, "service_on": sent,
             "ins_charge": 30, "assigned_to": "lead", "billing_code": "N"},
        ]  # fmt: skip
        keys = invented.sessions(db, rows)
        paid = {
            amount: invented.insert(
                db,
                "payments",
                {"payer_id": given, "method": method, "received_on": TODAY, "amount": amount,
                 "source": "manual", "idempotency_key": str(amount), "by_user": "lead"},
                "payment_id",
            )
            for given, method, amount in ((payer, "check", 250), (None, "card", 40))
        }  # fmt: skip
        (denied,) = db.execute(
            "select session_ref from desk.sessions where session_id = %s", [keys[0]]
        ).fetchone()
    return {"denied": denied, "card": str(paid[40])}


def figure(said: str) -> str:
    return " ".join(said.split()[:2])


@pytest.mark.parametrize(
    ("name", "title", "rows"),
    [
        ("avg_days_to_payment", "Average days to payment", 55),
        ("denial_rate_pct", "Denial rate", 55),
        ("collections_mtd", "Collections this month", 2),
        ("claims_per_staff_mean", "Claims per staff", 4),
    ],
)
def test_the_page_says_what_the_dashboard_says_and_how_many_rows_that_is(
    browser, name, title, rows
):
    dashboard = browser.ask("viewer", "/").text
    assert f'href="/daysheet/metrics/{name}"' in dashboard
    told = card(text(browser.ask("viewer", "/")), title)
    said = text(browser.ask("viewer", f"/metrics/{name}"))
    assert figure(told) in said
    assert f" {rows} in all. " in said


def test_the_average_is_that_of_its_rows_longest_first(browser):
    pages = [browser.ask("viewer", f"/metrics/avg_days_to_payment?page={n}").text for n in (1, 2)]
    days = [
        int(each) for page in pages for each in re.findall(r'data-label="Days"[^>]*>(\d+)<', page)
    ]
    assert days == sorted(DAYS, reverse=True)
    assert f"{sum(days) / len(days):.1f} days" in pages[0]
    links = set(re.findall(r'href="/daysheet(/claims/RS-\w+)"', pages[1]))
    assert len(links) == 5
    assert all(browser.ask("viewer", each).status_code == 200 for each in links)


def test_denials_come_first_among_the_answers(browser, practice):
    answer = browser.ask("viewer", "/metrics/denial_rate_pct")
    first = re.findall(r'href="/daysheet/claims/(RS-\w+)"', answer.text)[0]
    assert first == practice["denied"]
    assert text(answer).count(" denied ") == 1
    assert answer.text.count(">est.<") == 1
    assert MARKUP not in answer.text, "as text only"


def test_collections_are_the_sum_of_their_payments(browser, practice):
    answer = browser.ask("viewer", "/metrics/collections_mtd")
    amounts = re.findall(r'data-label="Amount"[^>]*>\$([\d.]+)<', answer.text)
    assert sum(map(Decimal, amounts)) == 290
    assert "$290.00" in text(answer)
    assert "a client card payment" in text(answer)
    assert browser.ask("biller", f"/payments/{practice['card']}").status_code == 200


def test_each_person_leads_to_the_claims_counted(browser):
    answer = browser.ask("viewer", "/metrics/claims_per_staff_mean")
    assert re.search(r" LE 2 1 1 \$100\.00 ", text(answer)), text(answer)
    links = re.findall(r'href="/daysheet(/aging\?[^"]*owner=LE)"', answer.text)
    told = [text(browser.ask("viewer", unescape(link))) for link in links]
    assert ["1 in all, $70.00 outstanding" in each for each in told] == [True, False]
    assert ["1 in all, $30.00 outstanding" in each for each in told] == [False, True]


def test_rows_are_sorted_as_asked_and_only_by_what_is_shown(browser):
    answer = browser.ask("viewer", "/metrics/avg_days_to_payment?sort=paid_on")
    assert re.findall(r'data-label="Days"[^>]*>(\d+)<', answer.text)[:2] == ["10", "11"]
    for odd in ("?sort=service_on", "?payer=x", "?page=0", "?size=201"):
        assert browser.ask("viewer", f"/metrics/avg_days_to_payment{odd}").status_code == 422
    assert browser.ask("viewer", "/metrics/unheard_of").status_code == 422
    assert "The list ends at page 2" in text(
        browser.ask("viewer", "/metrics/avg_days_to_payment?page=3")
    )
