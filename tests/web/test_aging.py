"""The aging list: what it holds, how it is narrowed and sorted, and what it adds up to."""

import re
from datetime import date, timedelta
from decimal import Decimal
from html import unescape
from urllib.parse import urlencode

import pytest

from daysheet.desk.work.dental_claims import register
from tests.desk import invented
from tests.desk.conftest import TODAY
from tests.desk.published_practice import publish_practice
from tests.web.practice import MARKUP, PAYER, SQL, alert, claim, reference, session_id
from tests.web.test_claim_page import text
from tests.web.test_dental_claim_page import PRACTICE


@pytest.fixture(scope="module")
def owed(staffed) -> dict[str, str]:
    """References: three dental claims, sessions of each bracket, one denied and one unsent."""
    with staffed.open() as db:
        publish_practice(staffed.warehouse, PRACTICE, TODAY)
        register(db)
        found = {}
        for name, days, more in (
            ("young", 30, {}),
            ("middle", 31, {"assigned_to": "lead", "ins_paid_reported": 50}),
            ("late", 90, {"needs_disposition": True, "billing_status": "pending"}),
            ("old", 91, {"assigned_to": None}),
            ("ancient", 181, {}),
            ("unknown", 40, {"first_submitted_on": None, "last_submitted_on": None}),
            (
                "denied", 20,
                {"billing_status": "denied", "denied_on": TODAY,
                 "appeal_deadline": TODAY + timedelta(days=5)},
            ),
        ):  # fmt: skip
            day = TODAY - timedelta(days=days)
            sent = {"first_submitted_on": day, "last_submitted_on": day, "service_on": day}
            found[f"{name} claim"], (found[name],) = claim(db, sent | more)
        found["unsent"] = session(db, billing_status="documented", service_on=date(2026, 11, 10))
        found["snoozed"] = claim(db, {"ins_charge": Decimal("77.00")})[1][0]
        item = {
            "kind": "follow_up", "session_id": session_id(db, found["snoozed"]),
            "snoozed_until": TODAY + timedelta(days=3), "snooze_reason": "they asked",
        }  # fmt: skip
        invented.insert(db, "work_items", item, "item_id")
        alert(db, "aged_claim", "critical", 91, session_id=session_id(db, found["old"]))
        alert(db, "stalled", "medium", 30, session_id=session_id(db, found["late"]))
    return found


def session(db, **columns) -> str:
    client, _ = invented.parties(db)
    row = {"ins_charge": 65, "client_id": client, "payer_id": invented.payer(db, "Zeta"), **columns}
    (key,) = invented.sessions(db, [row])
    return reference(db, "sessions", "session_ref", "session_id", key)


def shown(browser, query="", user="viewer") -> list[str]:
    """References on the page, in their order."""
    answer = browser.ask(user, f"/aging{query}")
    assert answer.status_code == 200, answer.text
    return re.findall(r'<a href="/daysheet/claims/((?:RS|DC)-\w+)">', answer.text)


def total(browser, query="") -> str:
    said = text(browser.ask("viewer", f"/aging{query}"))
    found = re.search(r"([\d,]+ in all, \$[\d,.]+ outstanding)", said)
    return found[1] if found else ""


NARROWED = {
    "?bracket=0-30": ["denied", "young"],
    "?bracket=31-60": ["middle", "unknown"],
    "?bracket=61-90": ["late"],
    "?bracket=90%2B": ["old", "ancient"],
    "?bracket=180%2B": ["ancient"],
    "?bracket=91-120": ["old"],
    "?bracket=not_submitted": ["unsent"],
    "?status=pending": ["late"],
    "?status=denied&bracket=0-30": ["denied"],
    "?status=denied&bracket=90%2B": [],
    "?owner=nobody": ["old"],
    "?owner=LE": ["middle"],
    "?min=130&max=130&bracket=31-60": ["unknown"],
    "?min=80&max=80": ["middle"],
    "?submitted_from=2026-10-20&submitted_to=2026-10-21": ["young", "middle"],
    "?deadline=7": ["denied"],
    "?alert=any": ["late", "old"],
    "?alert=critical": ["old"],
    "?disposition=yes": ["late"],
    "?snoozed=only": ["snoozed"],
    "?payer=Zeta&bracket=not_submitted": ["unsent"],
    "?payer=Zeta": [],
    "?q=ae&bracket=91-120": ["old"],
    "?q=XY": [],
}


@pytest.mark.parametrize("query", NARROWED)
def test_filters_narrow_and_all_hold(browser, owed, query):
    sessions = [each for each in shown(browser, query) if each.startswith("RS-")]
    assert sorted(sessions) == sorted(owed[name] for name in NARROWED[query])


def test_a_search_is_for_references_of_both_kinds(browser, owed):
    assert shown(browser, f"?q={owed['old'].lower()}") == [owed["old"]]
    assert shown(browser, f"?q={owed['old claim']}") == [owed["old"]]
    assert len(shown(browser, "?q=DC-")) == 3
    assert shown(browser, "?q=%20ae%20&bracket=91-120") == [owed["old"]]


def test_a_search_takes_no_name_that_the_address_would_keep(browser, owed):
    (field,) = re.findall(r'<input id="by-q"[^>]*>', browser.ask("lead", "/aging").text)
    assert "title=" in field
    pattern = unescape(re.search(r'pattern="([^"]*)"', field)[1])
    for words in (owed["old"], owed["old claim"], "rs-", "DC-2", "RC", "AE", "é", "a"):
        assert re.fullmatch(pattern, words), words
        assert browser.ask("lead", f"/aging?{urlencode({'q': words})}").status_code == 200
    for words in ("Ada", "Ada Example", "example", "A E", SQL, "<script>", "RS-22222222"):
        assert not re.fullmatch(pattern, words), words
        assert browser.ask("lead", f"/aging?{urlencode({'q': words})}").status_code == 422, words


def test_the_owner_me_is_who_asks(browser, owed):
    assert shown(browser, "?owner=me", "lead") == [owed["middle"]]
    assert shown(browser, "?owner=me", "admin") == []


def test_the_oldest_come_first_and_any_column_sorts(browser, owed):
    rows = shown(browser, "?source=simplepractice")
    assert rows[0] == owed["ancient"]
    assert rows[-1] == owed["denied"]
    assert shown(browser, "?source=simplepractice&sort=age_days") == rows[::-1]
    assert shown(browser, "?source=simplepractice&sort=amount")[0] == owed["middle"]
    said = browser.ask("viewer", "/aging?sort=-amount").text
    assert 'aria-sort="descending"><a href="/daysheet/aging?sort=amount"' in said


def test_ages_count_from_the_first_sending_or_from_the_visit(browser, owed, staffed):
    with staffed.open() as db:
        db.execute(
            "update desk.sessions set service_on = '2026-01-01' where session_ref = %s",
            [owed["young"]],
        )
    query = f"?q={owed['young']}"
    try:
        assert "30 days" in text(browser.ask("viewer", f"/aging{query}"))
        by_visit = text(browser.ask("viewer", f"/aging{query}&basis=service"))
        assert "323 days" in by_visit
        assert "est." not in by_visit
        assert shown(browser, f"{query}&basis=service&bracket=90%2B") == [owed["young"]]
        assert shown(browser, f"{query}&bracket=90%2B") == []
    finally:
        with staffed.open() as db:
            db.execute(
                "update desk.sessions set service_on = first_submitted_on where session_ref = %s",
                [owed["young"]],
            )


def test_an_age_from_the_visit_is_marked(browser, owed):
    assert "40 days est." in text(browser.ask("viewer", f"/aging?q={owed['unknown']}"))
    assert "est." not in text(browser.ask("viewer", "/aging?bracket=not_submitted"))


def test_what_is_snoozed_is_not_shown_but_said(browser, owed):
    said = text(browser.ask("viewer", "/aging"))
    assert "1 snoozed, $77.00, not shown." in said
    assert owed["snoozed"] not in shown(browser)
    assert owed["snoozed"] in shown(browser, "?snoozed=show")


def test_the_total_is_that_of_the_dashboard(browser, owed, staffed):
    with staffed.open() as db:
        rows, amount, unbilled = db.execute(
            "select (select count(*) from desk.aging_report where in_ar),"
            " outstanding_claims_amount, unbilled_sessions from desk.dashboard_metrics"
        ).fetchone()
    every = "?source=simplepractice&snoozed=show"
    assert total(browser, every) == f"{rows} in all, ${amount:,.2f} outstanding"
    assert total(browser, f"{every}&bracket=not_submitted").startswith(f"{unbilled} in all")


def test_the_average_age_is_of_all_pages(browser, owed):
    said = text(browser.ask("viewer", "/aging?bracket=31-60&source=simplepractice"))
    assert "2 in all, $210.00 outstanding, 36 days old on average." in said


def test_each_role_sees_initials_and_no_name(browser, owed):
    for user in ("viewer", "admin"):
        page = browser.ask(user, f"/aging?q={owed['old']}")
        assert "AE" in text(page)
        assert "Example" not in page.text
    assert 'name="session"' not in browser.ask("viewer", "/aging").text
    assert 'name="session"' in browser.ask("biller", "/aging").text
    assert 'name="names"' not in browser.ask("biller", "/aging").text
    assert 'name="names"' in browser.ask("lead", "/aging").text


def test_markup_is_shown_as_text(browser, owed):
    page = browser.ask("lead", "/aging")
    assert MARKUP not in page.text
    assert PAYER in text(page)
    page = browser.ask("lead", "/aging?q=%3C&payer=%22%3E%3Cscript%3E")
    assert page.text.count("<script") == page.text.count("<script src=")
    assert "Nothing matches these filters." in text(page)


@pytest.mark.parametrize(
    "query",
    ["sort=client_name", "sort=service_on", "bracket=old", "min=lots", "submitted_from=11/20/2026",
     "deadline=-1", "deadline=99999999999", "owner=somebody", "clinician=x", "page=0", "size=201",
     "name=Ada", "q=%00", "basis=payment"],
)  # fmt: skip
def test_what_is_no_filter_is_refused(browser, owed, query):
    assert browser.ask("lead", f"/aging?{query}").status_code == 422


def test_filters_are_kept_by_name_for_who_named_them(browser, owed):
    assert (
        browser.send(
            "lead", "/aging/filters?bracket=90%2B&sort=-amount", {"name": MARKUP}
        ).status_code
        == 303
    )
    page = browser.ask("lead", "/aging")
    assert 'href="/daysheet/aging?bracket=90%2B&amp;sort=-amount"' in page.text
    assert MARKUP in text(page)
    assert MARKUP not in page.text
    assert "filters/" not in browser.ask("admin", "/aging").text.replace('/aging/filters"', "")
    gone = re.search(r'action="/daysheet(/aging/filters/[\w-]+/forget)', page.text)[1]
    assert browser.send("admin", gone, {}).status_code == 404
    answer = browser.send("lead", gone, {})
    assert answer.headers["location"] == "/daysheet/aging?done=filter_forgotten"
    assert "bracket=90%2B&amp;sort" not in browser.ask("lead", "/aging").text


def test_a_filter_needs_a_name(browser, owed):
    answer = browser.send("viewer", "/aging/filters", {"name": " "})
    assert answer.status_code == 422
    assert "name is missing" in answer.text
    answer = browser.send("viewer", "/aging/filters", {"name": "x" * 61})
    assert "x" * 61 in answer.text
