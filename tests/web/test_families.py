"""Families of the dental practice: what each owes by age, and the ledger of one."""

import re

import pytest

from tests.desk import published_practice
from tests.desk.conftest import TODAY
from tests.web.test_claim_page import text

# 101 pays for 102 too; 103 has paid ahead
LEDGER = {
    "patient": """
        PatNum | Guarantor | LName   | FName
        101    | 101       | Example | Ada
        102    | 101       | Example | Bob
        103    | 103       | Sample  | Cleo
        """,
    "procedurelog": """
        ProcNum | PatNum | ProcStatus | ProcFee | ProcDate   | UnitQty
        1       | 101    | 2          | 100     | 2026-06-01 | 1
        2       | 102    | 2          | 40.50   | 2026-11-10 | 1
        """,
    "paysplit": """
        SplitNum | PatNum | SplitAmt | DatePay
        1        | 101    | 30       | 2026-11-12
        2        | 103    | 25       | 2026-11-01
        """,
}


@pytest.fixture(scope="module", autouse=True)
def _published(staffed):
    models = ("int_claim_details", "int_ar_aging_snapshot", "int_ar_transaction_history")
    published_practice.publish_practice(staffed.warehouse, LEDGER, TODAY, models)


def shown(browser, query="") -> list[str]:
    page = browser.ask("viewer", f"/aging/families{query}")
    assert page.status_code == 200, page.text
    return re.findall(r'href="/daysheet/aging/families/(\d+)"', page.text)


def test_families_that_owe_are_listed_by_their_oldest_money(browser):
    assert shown(browser) == ["101"]
    said = text(browser.ask("viewer", "/aging/families"))
    assert "101 $40.50 $0.00 $0.00 $70.00 $110.50 $0.00 $110.50" in said
    assert "1 in all $40.50 $0.00 $0.00 $70.00 $110.50" in said


def test_others_are_found_and_any_column_sorts(browser):
    assert shown(browser, "?shown=credit") == ["103"]
    assert shown(browser, "?shown=all&sort=balance_total") == ["103", "101"]
    assert shown(browser, "?shown=all&q=103") == ["103"]
    assert shown(browser, "?q=1") == []
    assert "Nothing matches these filters." in browser.ask("viewer", "/aging/families?q=1").text
    for wrong in ("?shown=some", "?sort=is_in_collections", "?name=Ada"):
        assert browser.ask("viewer", f"/aging/families{wrong}").status_code == 422


def test_a_search_is_for_a_number_only(browser):
    for text_typed in ("Example", "101' or '1'='1", "9" * 30, "-1"):
        assert shown(browser, f"?q={text_typed}") == [], text_typed


def test_a_ledger_is_in_order_with_the_balance_after_each(browser):
    said = text(browser.ask("viewer", "/aging/families/101"))
    dated = re.findall(r"((?:Nov|Jun) \d+, 2026) .*? (10[12]) (-?\$[\d.]+) (-?\$[\d.]+)", said)
    assert dated == [
        ("Nov 12, 2026", "101", "-$30.00", "$110.50"),
        ("Nov 10, 2026", "102", "$40.50", "$140.50"),
        ("Jun 1, 2026", "101", "$100.00", "$100.00"),
    ]
    assert "Balance $110.50" in said


def test_no_name_is_shown_and_a_look_at_one_is_kept(browser, staffed):
    for path in ("/aging/families", "/aging/families/101"):
        page = browser.ask("admin", path).text
        for name in ("Example", "Ada", "Bob"):
            assert name not in page
    with staffed.open() as db:
        kept = db.execute(
            "select actor, subject, detail from ops.audit order by audit_id desc limit 1"
        ).fetchone()
    assert kept == (
        "admin", "/aging/families/101", {"shown": "initials", "clients": [101, 102]}
    )  # fmt: skip


@pytest.mark.parametrize("odd", ["104", "0", "x", "9" * 30, "101%20", "%00", "-101"])
def test_what_is_no_family_is_a_404(browser, odd):
    assert browser.ask("admin", f"/aging/families/{odd}").status_code == 404
