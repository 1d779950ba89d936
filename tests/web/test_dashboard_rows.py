"""Each number of the dashboard is that of the list it leads to: as many rows, the same dollars."""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import NamedTuple
from uuid import uuid4

import pytest

from daysheet.desk.work.dental_claims import register
from daysheet.desk.work.items import open_item
from tests.desk import invented
from tests.desk.conftest import TODAY
from tests.desk.published_practice import publish_practice
from tests.web.practice import alert, reference
from tests.web.test_claim_page import text
from tests.web.test_dental_claim_page import PRACTICE

SPACED = " Calla Health  "
SENT = ("submitted", "pending", "approved", "denied", "appealing")
NEVER_SENT = "4        | 102    | P         | W           | 2026-11-01 | 0001-01-01 | 0001-01-01\n"
UNCLAIMED = {
    "procedurelog": """
        ProcNum | PatNum | ProcStatus | ProcFee | ProcDate
        90      | 101    | 2          | 100     | 2026-11-10
        91      | 102    | 2          | 100     | 2025-11-01
        """,
}


class Told(NamedTuple):
    """Rows and dollars, as a page says them."""

    rows: int
    amount: Decimal


def number(shown: str) -> int:
    return int(shown.replace(",", ""))


def dollars(shown: str) -> Decimal:
    return Decimal(re.sub("[$,]", "", shown))


@pytest.fixture(scope="module", autouse=True)
def practice(staffed):
    """Sessions of every status and age, some snoozed, of payers with odd names; dental claims."""
    with staffed.open() as db:
        given = PRACTICE | UNCLAIMED | {
            "claim": PRACTICE["claim"] + NEVER_SENT,
            "claimproc": PRACTICE["claimproc"]
            + "41 | 4 | 5  | 7 | 0 | 55 | 0 | 70\n"
            + "51 | 0 | 90 | 7 | 6 | 66 | 0 | 0\n"
            + "52 | 0 | 91 | 7 | 6 | 7  | 0 | 0\n",
        }  # fmt: skip
        publish_practice(staffed.warehouse, given, TODAY)
        register(db)
        payers = [invented.payer(db, name) for name in (SPACED, "Dahlia", "Elm & Sons, 50 %")]
        rows = [
            {"billing_status": status, "payer_id": payers[nth % 3], "ins_charge": 100 + nth,
             "ins_paid_reported": nth, "service_on": TODAY - timedelta(days=days + 1),
             "first_submitted_on": TODAY - timedelta(days=days),
             "denied_on": TODAY if status in ("denied", "appealing") else None}
            for nth, (status, days) in enumerate(
                (status, days) for status in SENT for days in (30, 31, 60, 61, 90, 91)
            )
        ] + [
            {"billing_status": status, "payer_id": payers[0], "ins_charge": 40,
             "service_on": TODAY - timedelta(days=days)}
            for status in ("completed", "documented", "ready_to_bill") for days in (-2, 0, 20)
        ] + [{"billing_status": "paid", "payer_id": payers[0], "ins_charge": 40, "paid_on": TODAY,
              "ins_paid_reported": 40}]  # fmt: skip
        keys = invented.sessions(db, [row | {"billing_code": f"T{uuid4().hex}"} for row in rows])
        for nth, severity in enumerate(("critical", "critical", "high", "medium", "low", "low")):
            alert(db, "aged_claim", severity, 91, session_id=keys[nth * 5], amount=5)
        item = open_item(db, "follow_up", session_id=keys[0])
        db.execute(
            "update desk.work_items set snoozed_until = %s, snooze_reason = 'waits'"
            " where item_id = %s",
            [TODAY + timedelta(days=3), item],
        )
        assert reference(db, "sessions", "session_ref", "session_id", keys[0])


@pytest.fixture
def shown(browser) -> str:
    return browser.ask("viewer", "/").text


def behind(browser, href: str) -> Told:
    """What the list says it holds."""
    said = text(browser.ask("viewer", unescape(href).removeprefix("/daysheet")))
    if "Nothing matches these filters." in said:
        return Told(0, Decimal(0))
    found = re.search(r"([\d,]+) in all, (\$[\d,.]+\d) outstanding", said) or re.search(
        r"([\d,]+) found, (\$[\d,.]+\d)", said
    )
    assert found, said
    return Told(number(found[1]), dollars(found[2]))


def rows_of(html: str, heading: str) -> list[tuple[str, list[str]]]:
    """Of each row of the table below a heading its link and its cells."""
    table = html.partition(f'id="{heading}"')[2].partition("<tbody>")[2].partition("</tbody>")[0]
    found = []
    for row in table.split("<tr")[1:]:
        cells = re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)
        link = re.search(r'href="([^"]*)"', row)
        found.append(
            (
                link[1] if link else "",
                [" ".join(re.sub("<[^>]*>", " ", each).split()) for each in cells],
            )
        )
    assert found
    return found


@pytest.mark.parametrize("source", ["", "?source=simplepractice", "?source=opendental"])
def test_each_bracket_is_its_list(browser, source):
    table = rows_of(browser.ask("viewer", f"/{source}").text, "aging-title")
    linked = [(href, cells) for href, cells in table if href]
    assert len(linked) == 5
    for href, cells in linked:
        amount = [each for each in cells if each.startswith("$")][-1]
        assert behind(browser, href) == (number(cells[1]), dollars(amount)), href


def test_each_payer_is_its_list(browser, shown):
    table = rows_of(shown, "payers-title")
    assert len(table) == 4
    for href, cells in table:
        assert behind(browser, href) == (number(cells[1]), dollars(cells[3])), href


def test_a_payer_whose_name_ends_with_spaces_is_found_on_every_list(browser):
    for path, said in (
        ("/claims?payer=%20Calla%20Health%20%20", "Calla Health"),
        ("/aging?snoozed=show&payer=%20Calla%20Health%20%20", " in all, "),
    ):
        assert said in text(browser.ask("viewer", path)).partition("Clear")[2]


def test_each_stage_that_was_sent_is_its_list(browser, shown):
    stages = {cells[0].split(" in ")[0]: (href, cells) for href, cells in rows_of(shown, "stages")}
    for status in SENT:
        href, cells = stages[status]
        assert number(cells[1]) == 6
        assert behind(browser, href) == (6, dollars(cells[2])), href
    for status in ("completed", "documented", "ready to bill", "paid"):
        href, cells = stages[status]
        tracked = browser.ask("viewer", unescape(href).removeprefix("/daysheet"))
        assert f" All {number(cells[1])} " in text(tracked), href
        assert tracked.text.count('data-label="Reference"') == number(cells[1])


@pytest.mark.parametrize(
    ("name", "beside"),
    [("unbilled_sessions", "Worth"), ("aging_over_90", "Worth"),
     ("outstanding_claims_amount", None)],
)  # fmt: skip
def test_each_metric_of_sessions_is_its_list(browser, shown, name, beside):
    card = shown.partition(f'aria-labelledby="{name}"')[2].partition("</section>")[0]
    href = re.search(r'<p><a href="([^"]*)"', card)[1]
    said = " ".join(re.sub("<[^>]*>", " ", card.partition("</h2>")[2]).split())
    found = behind(browser, href)
    if beside is None:
        assert dollars(said.split()[0]) == found.amount
        return
    assert number(said.split()[0]) == found.rows
    assert dollars(re.search(rf"{beside} (\$[\d,.]+\d)", said)[1]) == found.amount


def test_money_found_is_its_list(browser, shown):
    kinds = re.findall(r'href="(/daysheet/forgotten\?kind=(\w+))">Open them', shown)
    assert len(kinds) == 3
    for href, kind in kinds:
        card = shown.partition(f'<h3 id="{kind}"')[2].partition("</section>")[0]
        said = " ".join(re.sub("<[^>]*>", " ", card).split())
        told = Told(
            number(re.search(r"Found ([\d,]+)", said)[1]),
            dollars(re.search(r"(\$[\d,.]+\d)", said)[1]),
        )
        assert behind(browser, href) == told, kind


def test_alerts_are_those_of_the_queue(browser, shown):
    links = re.findall(r'<a href="([^"]*severity=(\w+))"[^>]*>([\d,]+) \w+</a>', shown)
    assert [(level, count) for _, level, count in links] == [
        ("critical", "2"), ("warning", "2"), ("info", "2"),
    ]  # fmt: skip
    for href, level, count in links:
        page = browser.ask("viewer", unescape(href).removeprefix("/daysheet")).text
        assert page.count("/queue/alerts/") >= number(count), level
        assert f"{level.capitalize()} {count}</a>" in page
