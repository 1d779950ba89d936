"""The dashboard: its metrics, what is aging, where sessions stand, money in and money found."""

import re
from datetime import date, timedelta
from decimal import Decimal
from html import escape, unescape
from urllib.parse import quote

import pytest

from daysheet.desk.work.dental_claims import register
from daysheet.web import charts
from tests.desk import invented
from tests.desk.conftest import TODAY
from tests.desk.published_practice import publish_practice
from tests.web.practice import MARKUP, PAYER, alert, claim, session_id
from tests.web.test_claim_page import text
from tests.web.test_dental_claim_page import PRACTICE

NEVER_SENT = """
    4        | 102    | P         | W           | 2026-11-01 | 0001-01-01 | 0001-01-01
    """


@pytest.fixture(scope="module")
def practice(staffed) -> list[str]:
    """Three dental claims open, one never sent; four sessions: our references of these."""
    with staffed.open() as db:
        given = PRACTICE | {
            "claim": PRACTICE["claim"] + NEVER_SENT.strip() + "\n",
            "claimproc": PRACTICE["claimproc"] + "41 | 4 | 5 | 7 | 0 | 55 | 0 | 70\n",
        }
        publish_practice(staffed.warehouse, given, TODAY)
        register(db)
        _, sent = claim(
            db,
            {"first_submitted_on": TODAY - timedelta(days=90), "ins_charge": Decimal("100.00")},
            {"first_submitted_on": TODAY - timedelta(days=91), "ins_charge": Decimal("40.50")},
            {"billing_status": "documented", "first_submitted_on": None, "last_submitted_on": None,
             "service_on": date(2026, 11, 10), "ins_charge": Decimal("75.00")},
            {"billing_status": "paid", "paid_on": date(2026, 11, 3), "ins_paid_reported": 130},
        )  # fmt: skip
        for rule, severity, days in (("aged_claim", "critical", 91), ("no_response", "low", 20)):
            alert(db, rule, severity, days, session_id=session_id(db, sent[1]), amount="40.50")
        payer = invented.payer(db, PAYER + " of the North")
        for received, amount in (("2026-11-03", 130), ("2026-10-31", 70), ("2025-11-30", 999)):
            invented.insert(
                db,
                "payments",
                {"payer_id": payer, "method": "check", "received_on": received, "amount": amount,
                 "source": "manual", "idempotency_key": received, "by_user": "lead"},
                "payment_id",
            )  # fmt: skip
        db.execute(
            "insert into desk.metric_snapshots (metric, as_of, value) values"
            " ('aging_over_90', %s, 3), ('collections_mtd', '2026-10-20', 100)",
            [TODAY - timedelta(days=30)],
        )
        db.execute("update desk.practice_setting set value = '1000' where name = 'monthly_budget'")
    return sent


def card(said: str, title: str) -> str:
    """The words of one metric's card."""
    return said.partition(f" {title} ")[2].partition(" Open ")[0]


def section(answer, name: str) -> str:
    return text_of(
        answer.text.partition(f'aria-labelledby="{name}">')[2].partition("</section>")[0]
    )


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.parametrize(
    ("title", "facts"),
    [
        ("Unbilled sessions", ["1 on target", "Worth $75.00", "Oldest visit Nov 10, 2026"]),
        ("Outstanding claims", ["$140.50 on target", "green up to $5,000.00, red from $6,250.00"]),
        ("Average days to payment", ["94.0 days off target", "of 1 paid sessions", "small sample"]),
        ("Aging over 90 days", ["1 off target", "▼ 2 less than 30 days ago, better",
                                "Worth $40.50", "28.8 %"]),
        ("Denial rate", ["— no data", "of 0 first answers"]),
        ("Collections this month", ["$130.00 off target", "▲ $30.00 more than on this day last",
                                    "red below 90 % of $714.29"]),
        ("Claims per staff", ["0.8 off target", "Fewest 0 Most 3 Nobody's 0", "of 4 people"]),
    ],
)  # fmt: skip
def test_a_metric_is_shown_with_all_it_is_judged_by(browser, practice, title, facts):
    said = card(text(browser.ask("viewer", "/")), title)
    for fact in (*facts, "Nov 20, 2026", "Target:"):
        assert fact in said, said


def test_the_line_of_a_metric_is_told_in_words_too(browser, practice):
    said = browser.ask("viewer", "/").text
    assert 'aria-label="13 weeks, oldest first: —, —, —, —, —, —, —, —, 3, —, —, —, 1"' in said
    assert "style=" not in said


def test_each_number_leads_to_its_rows(browser, practice):
    said = browser.ask("viewer", "/").text
    for rows in (
        "/aging?source=simplepractice&amp;snoozed=show&amp;bracket=90%2B",
        "/claims?source=counseling&amp;status=paid",
        "/metrics/claims_per_staff_mean", "/payments", "/forgotten?kind=claim_never_sent",
    ):  # fmt: skip
        assert f'href="/daysheet{rows}"' in said, rows


def test_every_link_of_the_dashboard_leads_to_a_page(browser, practice):
    paths = {
        href.removeprefix("/daysheet").replace("&amp;", "&").split("#")[0]
        for href in re.findall(r'href="(/daysheet[^"]*)"', browser.ask("lead", "/?more=1").text)
    }
    assert len(paths) > 15
    known = {route.path for route in browser.app.routes}
    for path in sorted(paths):
        if "/" + path.split("?")[0].split("/")[1] in known:
            assert browser.ask("lead", path).status_code == 200, path


def test_the_aging_of_both_worlds_adds_up_to_the_lists(browser, practice):
    said = section(browser.ask("viewer", "/"), "aging-title")
    assert re.search(r"61-90 days 2 1 \$100\.00 \$0\.00 \$100\.00 39\.8 %", said), said
    assert re.search(r"90\+ days 2 0 \$40\.50 \$80\.50 \$121\.00 48\.2 %", said), said
    assert re.search(r"all days 5 1 \$140\.50 \$110\.50 \$251\.00 100\.0 %", said), said


def test_the_aging_can_be_of_one_world(browser, practice):
    counseling = section(browser.ask("viewer", "/?source=simplepractice"), "aging-title")
    assert "all days 2 $140.50 100.0 %" in counseling
    dental = section(browser.ask("viewer", "/?source=opendental"), "aging-title")
    assert "all days 3 1 $110.50 100.0 %" in dental
    assert browser.ask("viewer", "/?source=other").status_code == 422


def test_who_owes_the_most_stands_first_and_leads_to_the_claims(browser, practice):
    answer = browser.ask("viewer", "/")
    said = unescape(section(answer, "aging-title")).partition("Who owes the most")[2]
    assert f"Share {PAYER} 2 1 $140.50 56.0 % Borealis" in said
    assert said.endswith(" 3 1 $110.50 44.0 %")
    href = "/aging?snoozed=show&payer=" + quote(PAYER, safe="/")
    assert f'href="/daysheet{escape(href)}"' in answer.text
    assert "2 in all, $140.50 outstanding" in text(browser.ask("viewer", href))
    dental = section(browser.ask("viewer", "/?source=opendental"), "aging-title")
    assert "Acme" not in dental


def test_the_total_of_the_aging_is_the_metric(browser, practice, staffed):
    with staffed.open() as db:
        (owed,) = db.execute(
            "select outstanding_claims_amount from desk.dashboard_metrics"
        ).fetchone()
    said = text(browser.ask("viewer", "/?source=simplepractice"))
    assert f"all days 2 ${owed:,.2f}" in said


def test_sessions_stand_where_they_stand(browser, practice):
    said = section(browser.ask("viewer", "/"), "stages")
    assert "submitted 2 $140.50" in said
    assert "documented 1 $75.00" in said
    assert "appealing 0 $0.00" in said
    assert "paid in 30 days 1 $130.00" in said


def test_twelve_months_of_collections_stand_beside_the_budget(browser, practice):
    said = section(browser.ask("viewer", "/"), "collections")
    assert "Nov 2026 so far $130.00 13.0 % Oct 2026 $70.00 7.0 %" in said
    assert said.endswith("Dec 2025 $0.00 0.0 %")


def test_without_a_budget_there_is_nothing_to_compare_with(browser, practice, staffed):
    with staffed.open() as db:
        setting = "update desk.practice_setting set value = %s where name = 'monthly_budget'"
        db.execute(setting, ["null"])
        try:
            answer = browser.ask("viewer", "/")
        finally:
            db.execute(setting, ["1000"])
    assert "Nov 2026 so far $130.00 —" in section(answer, "collections")
    assert "no target" in card(text(answer), "Collections this month")


def test_critical_alerts_lead_to_their_claims(browser, practice):
    answer = browser.ask("viewer", "/")
    assert f'href="/daysheet/claims/{practice[1]}"' in answer.text
    assert f"{practice[1]} 91 days $40.50 BI" in section(answer, "critical")
    assert "Alerts 1 critical 0 warning 1 info" in text(answer)


def test_the_last_payments_name_who_paid_and_no_client(browser, practice):
    answer = browser.ask("admin", "/")
    assert section(answer, "payments").count("check") == 3
    assert MARKUP not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert "Ada" not in answer.text


def test_money_found_is_counted_by_kind(browser, practice):
    answer = browser.ask("viewer", "/")
    assert "Claims never sent $55.00 Found 1 Nearest deadline" in text(answer)
    assert "Sessions never billed $75.00 Found 1" in text(answer)
    assert "Procedures on no claim $0.00 None." in text(answer)


def test_a_payment_is_offered_to_who_may_record_one(browser, practice):
    assert "Record a payment" in browser.ask("biller", "/").text
    assert "Record a payment" not in browser.ask("viewer", "/").text


def test_more_metrics_are_shown_to_who_asks(browser, practice):
    assert "Days in receivables" not in browser.ask("viewer", "/").text
    said = text(browser.ask("viewer", "/?more=1"))
    for title in ("Days in receivables", "Net collection rate", "Appeals won"):
        assert title in said


def test_the_list_of_money_found(browser, practice):
    answer = browser.ask("viewer", "/forgotten")
    said = text(answer)
    assert "2 found, $130.00" in said
    assert f"session never billed {practice[2]}" in said
    assert MARKUP not in answer.text
    assert "Ada" not in answer.text
    only = text(browser.ask("viewer", "/forgotten?kind=claim_never_sent"))
    assert "1 found, $55.00" in only
    assert practice[2] not in only


def test_what_is_too_late_comes_last(browser, practice, staffed):
    with staffed.open() as db:
        _, [late] = claim(
            db,
            {"billing_status": "documented", "first_submitted_on": None, "last_submitted_on": None,
             "service_on": date(2025, 1, 10)},
        )  # fmt: skip
        try:
            everything = text(browser.ask("viewer", "/forgotten"))
            only = text(browser.ask("viewer", "/forgotten?days=late"))
            possible = text(browser.ask("viewer", "/forgotten?days=open"))
        finally:
            db.execute("update desk.sessions set ins_charge = 0 where session_ref = %s", [late])
    assert everything.index(practice[2]) < everything.index(late)
    assert late in only
    assert practice[2] not in only
    assert late not in possible


@pytest.mark.parametrize("query", ["days=5", "kind=x", "owned=me", "sort=service"])
def test_a_list_of_money_found_refuses_what_it_does_not_know(browser, query):
    assert browser.ask("viewer", f"/forgotten?{query}").status_code == 422


def test_an_empty_list_says_why(browser, practice):
    assert "Clear filters" in browser.ask("viewer", "/forgotten?days=7").text


def test_a_line_breaks_where_nothing_is_known():
    drawn = charts.line([Decimal(1), Decimal(2), None, Decimal(3), None, Decimal(4), Decimal(4)])
    assert drawn is not None
    assert len(drawn.pieces) == 2
    assert len(drawn.dots) == 2  # what stands alone, and the last
    assert charts.line([None, Decimal(1)]) is None
    flat = charts.line([Decimal(5), Decimal(5)])
    assert flat is not None
    assert flat.pieces == ("4.0,17.0 126.0,17.0",)


def test_shares_divide_by_nothing_and_take_no_less_than_nothing():
    assert charts.share(5, 0) == 0
    assert charts.share(Decimal(-5), Decimal(10)) == 0
    assert charts.share(1, 3) == Decimal("33.3")


def test_before_anything_is_loaded_it_says_what_to_export(browser, monkeypatch):
    monkeypatch.setattr("daysheet.web.dashboard.overview.is_first_run", lambda reader: True)
    said = text(browser.ask("viewer", "/"))
    for report in ("Appointment status", "Insurance claims", "Insurance payment reports"):
        assert report in said
    assert "Unbilled sessions" not in said
