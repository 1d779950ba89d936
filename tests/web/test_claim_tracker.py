"""The claim tracker: tabs and their counts, what it is found by, and what never stands in a URL."""

import re
from datetime import date
from decimal import Decimal
from html import unescape

import pytest

from daysheet.desk.work.dental_claims import register
from tests.desk import invented
from tests.desk.conftest import TODAY
from tests.desk.published_practice import publish_practice
from tests.web.practice import CLIENT, MARKUP, PAYER, SQL, claim, session_id
from tests.web.test_claim_page import text
from tests.web.test_dental_claim_page import PRACTICE

UNSENT = {"first_submitted_on": None, "last_submitted_on": None, "service_on": date(2026, 11, 1)}


@pytest.fixture(scope="module")
def practice(staffed) -> dict[str, str]:
    """Claims on most tabs, of both worlds: our references of them."""
    with staffed.open() as db:
        publish_practice(staffed.warehouse, PRACTICE, TODAY)
        register(db)
        found = {}
        found["two"], found["of_two"] = claim(
            db, {}, {"service_on": date(2026, 7, 25), "ins_charge": 70},
            clearinghouse_ref="CH-77 'x", payer_claim_no="PN9",
        )  # fmt: skip
        found["mixed"], _ = claim(
            db,
            {"billing_status": "denied", "denied_on": date(2026, 11, 1), "assigned_to": None},
            {"billing_status": "paid", "paid_on_source": "unknown"},
        )
        statuses = {"completed": UNSENT, "ready_to_bill": UNSENT, "written_off": {}}
        for status, columns in statuses.items():
            (key,) = invented.sessions(
                db, [{"billing_status": status, "ins_charge": 10, "billing_code": status} | columns]
            )
            (found[status],) = db.execute(
                "select session_ref from desk.sessions where session_id = %s", [key]
            ).fetchone()
        dental = db.execute("select 'dental' || claim_id, claim_ref from desk.dental_claims")
        return found | dict(dental.fetchall())


def shown(answer) -> list[str]:
    """References of the rows, in their order."""
    assert answer.status_code == 200, answer.text
    return re.findall(r'data-label="Reference"><a href="/daysheet/claims/([^"]+)"', answer.text)


def tabs(answer) -> dict[str, int]:
    said = text(answer).partition("All ")[2]
    return {
        name: int(count)
        for name, count in re.findall(
            r"(Not ready|Ready|Submitted|Pending|Approved|Paid|Denied|Appealing|Closed) (\d+)", said
        )
    } | {"All": int(said.split()[0])}


def test_one_status_is_shown_as_the_dashboard_counts_it(browser, practice):
    answer = browser.ask("viewer", "/claims?source=counseling&status=completed")
    assert shown(answer) == [practice["completed"]]
    assert tabs(answer)["Not ready"] == 1
    paid = browser.ask("viewer", "/claims?status=paid")
    assert shown(paid) == [practice["mixed"]]
    assert " denied " not in text(paid).partition("Session status")[2].partition("Owner")[2], (
        "what of the claim was denied is another row"
    )
    assert browser.ask("viewer", "/claims?status=Sent").status_code == 422


def test_each_tab_says_how_many_and_holds_as_many(browser, practice):
    counts = tabs(browser.ask("viewer", "/claims"))
    assert counts == {
        "All": 9, "Not ready": 1, "Ready": 1, "Submitted": 4, "Pending": 0, "Approved": 0,
        "Paid": 1, "Denied": 1, "Appealing": 0, "Closed": 1,
    }  # fmt: skip
    for name, count in counts.items():
        tab = "" if name == "All" else f"?tab={name.lower().replace(' ', '_')}"
        assert len(shown(browser.ask("viewer", f"/claims{tab}"))) == count, name
    denied = browser.ask("viewer", "/claims?tab=denied")
    assert shown(denied) == [practice["mixed"]]
    assert shown(browser.ask("viewer", "/claims?tab=paid")) == [practice["mixed"]]
    assert 'aria-current="page">Denied' in denied.text


def test_a_row_adds_up_the_sessions_of_its_claim(browser, practice):
    said = text(browser.ask("viewer", f"/claims?reference={practice['two']}"))
    row = f"{practice['two']} {PAYER} AE 2 submitted Aug 1, 2026 — 111 $200.00 $200.00 BI"
    assert row in said
    assert "Ada" not in said
    said = text(browser.ask("viewer", "/claims?tab=denied"))
    assert "$130.00 $130.00 nobody" in said


def test_what_is_open_adds_up_to_the_aging_report(browser, practice, staffed):
    answer = browser.ask("viewer", "/claims?source=counseling")
    listed = re.findall(r'data-label="Outstanding" class="number">\$([\d.,]+)<', answer.text)
    with staffed.open() as db:
        (owed,) = db.execute("select sum(outstanding) from desk.aging_report").fetchone()
    closed = Decimal("10") + Decimal("130")  # written off by no amount; paid by nobody known
    assert sum(Decimal(each) for each in listed) - closed == owed


def test_the_worlds_stand_side_by_side_or_apart(browser, practice):
    both = shown(browser.ask("viewer", "/claims?tab=submitted"))
    dental = [practice[f"dental{number}"] for number in (1, 3, 2)]
    assert {*dental, practice["two"]} == set(both)
    only = browser.ask("viewer", "/claims?source=dental")
    assert sorted(shown(only)) == sorted(dental)
    assert "$80.50" in only.text
    assert "no estimate" in only.text
    assert tabs(only)["All"] == 3
    assert not {*dental} & {*shown(browser.ask("viewer", "/claims?source=counseling"))}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("initials=ae&tab=submitted&source=counseling", {"two"}),
        ("initials=ZZ", set()),
        ("from=2026-11-01&to=2026-11-01", {"completed", "ready_to_bill", "written_off"}),
        ("from=2026-12-01", set()),
        ("to=2026-04-30", {"dental1"}),
    ],
)
def test_filters_narrow_rows_and_counts(browser, practice, query, expected):
    answer = browser.ask("viewer", f"/claims?{query}")
    assert set(shown(answer)) == {practice[name] for name in expected}
    if not expected:
        assert "Nothing matches these filters." in text(answer)
        assert "Clear filters" in answer.text


def test_a_reference_finds_its_claim_in_any_letters(browser, practice):
    for reference in (practice["two"], practice["of_two"][0], practice["two"][3:8].lower()):
        answer = browser.ask("viewer", f"/claims?reference={reference}")
        assert shown(answer) == [practice["two"]], reference
    dental = browser.ask("viewer", f"/claims?reference={practice['dental1']}")
    assert shown(dental) == [practice["dental1"]]


def test_a_payer_and_a_clinician_are_chosen(browser, practice, staffed):
    page = browser.ask("viewer", "/claims?tab=submitted").text
    (key,) = set(re.findall(r'<option value="([0-9a-f-]{36})"', page))
    assert len(shown(browser.ask("viewer", f"/claims?clinician={key}&tab=submitted"))) == 1
    payer = PAYER.replace("&", "%26")
    answer = browser.ask("viewer", f"/claims?payer={payer}&tab=submitted")
    assert shown(answer) == [practice["two"]]
    assert MARKUP not in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "sort=full_name", "sort=days;drop", "tab=all", "source=x", "name=Ada", "number=PN9",
        "clinician=1", "from=yesterday", "page=0", "size=201", "reference=%00",
    ],
)  # fmt: skip
def test_what_the_list_does_not_know_is_refused(browser, practice, query):
    assert browser.ask("biller", f"/claims?{query}").status_code == 422


@pytest.mark.parametrize(
    "column",
    ["reference", "payer", "sessions", "status", "submitted", "portal", "days", "charge",
     "outstanding", "owner"],
)  # fmt: skip
def test_it_is_sorted_by_any_column_both_ways(browser, practice, column):
    forth = browser.ask("viewer", f"/claims?sort={column}")
    back = browser.ask("viewer", f"/claims?sort=-{column}")
    assert 'aria-sort="ascending"' in forth.text
    assert 'aria-sort="descending"' in back.text
    assert sorted(shown(forth)) == sorted(shown(back))
    if column == "days":
        days = [int(each) for each in re.findall(r'"Days" class="number">(\d+)', back.text)]
        assert days == sorted(days, reverse=True)


def test_a_row_offers_what_may_follow_to_billers(browser, practice):
    page = browser.ask("biller", "/claims?tab=submitted&source=counseling").text
    moves = re.findall(rf"/claims/{practice['two']}\?to=(\w+)#", page)
    assert moves == ["ready_to_bill", "pending", "approved", "denied", "client_responsibility"]
    assert f'href="/daysheet/payments?claim={practice["two"]}"' in page
    assert "?to=" not in browser.ask("viewer", "/claims").text
    dental = browser.ask("biller", "/claims?source=dental").text
    assert "?to=" not in dental
    assert "payments?claim" not in dental


def test_clients_and_numbers_are_searched_by_form_only_and_kept(browser, practice, staffed):
    with staffed.open() as db:
        newest = db.execute("select coalesce(max(audit_id), 0) from ops.audit").fetchone()[0]
        (client,) = db.execute(
            "select client_id from desk.sessions where session_id = %s",
            [session_id(db, practice["of_two"][0])],
        ).fetchone()
    found = browser.send("biller", "/claims/search", {"name": "<B>example"})
    assert set(shown(found)) == {practice["two"], practice["mixed"]}
    assert CLIENT not in unescape(found.text)
    with staffed.open() as db:
        kept = db.execute(
            "select actor, subject, detail ->> 'clients' from ops.audit where audit_id > %s",
            [newest],
        ).fetchall()
    assert kept == [("biller", "/claims/search", f'["{client}"]')]
    for number in ("CH-77 'x", "pn9"):
        assert shown(browser.send("lead", "/claims/search", {"number": number})) == [
            practice["two"]
        ]
    assert browser.send("viewer", "/claims/search", {"name": "Ada"}).status_code == 403
    assert "Search by client" not in browser.ask("viewer", "/claims").text


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"name": SQL}, 200), ({"name": "%_"}, 200), ({"number": MARKUP}, 200),
        ({"name": "A"}, 422), ({"name": " ", "number": ""}, 422), ({"name": "\x00"}, 422),
    ],
)  # fmt: skip
def test_an_odd_search_finds_nobody(browser, practice, form, status):
    answer = browser.send("biller", "/claims/search", form)
    assert answer.status_code == status
    assert MARKUP not in answer.text
    if status == 200 and form.get("name") != SQL:
        assert "No claim was found." in answer.text


def test_pages_of_the_list_follow_each_other(browser, practice):
    first = shown(browser.ask("viewer", "/claims?size=4&sort=reference"))
    second = shown(browser.ask("viewer", "/claims?size=4&sort=reference&page=2"))
    assert len(first) == 4
    assert first[-1] <= second[0]
    behind = browser.ask("viewer", "/claims?page=9")
    assert "The list ends at page 1." in text(behind)
