"""Lists of what does not agree: totals, one action a line, and who cleared it."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import get_args
from uuid import UUID, uuid4

import pytest

from daysheet.desk.money.payments import allocate
from daysheet.desk.money.reconciliation import List
from daysheet.desk.published import Reader
from daysheet.desk.reading.difference_list import DifferenceList
from tests.desk.conftest import Desk
from tests.desk.invented import insert, parties, staff
from tests.desk.money import YESTERDAY, enter, part
from tests.desk.stages import BILLER, SYSTEM, TODAY, a_claim, a_payer, a_session, read
from tests.web.conftest import ROLES
from tests.web.money_forms import location, said
from tests.web.practice import MARKUP
from tests.web.test_claim_page import text
from tests.web.test_payments import ref

LISTS = "/payments/reconciliation"


@pytest.fixture
def db(warehouse, browser, monkeypatch):
    """A desk of its own for each test: totals are of all there is."""
    desk = Desk(warehouse)
    monkeypatch.setenv("AIRFLOW_CONN_DAYSHEET_DESK", warehouse.dsn("desk"))
    with desk.open() as connection:
        for role in ROLES:
            staff(connection, role, desk_role=role, display_code=role[:2].upper())
        yield connection


@pytest.fixture
def payer(db) -> UUID:
    return a_payer(db, name=f"Acme {MARKUP}")


@pytest.fixture
def differing(db, payer) -> UUID:
    """A session of which 90.00 was posted, and 60.00 is reported."""
    session = a_session(db, "submitted", payer_id=payer, ins_paid_reported=Decimal(60))
    enter(db, payer, "90.00", part(session, "90.00", remainder="leave_open"))
    return session


def send(browser, name: str, action: str, user="biller", **fields):
    return browser.send(user, f"{LISTS}/{name}/{action}", fields)


def posting(db, session: UUID, **given) -> dict[str, str]:
    return {
        "subject": str(session), "received_on": YESTERDAY.isoformat(), "reason": "as the export",
        "rest": "leave_open", "row_version": str(read(db, session, "row_version")),
        "idempotency_key": uuid4().hex,
    } | given  # fmt: skip


def test_each_list_has_one_action_and_sums_that_are_those_of_its_lines(
    browser, db, payer, differing
):
    payment = enter(db, payer, "70.00")
    claim = a_claim(db, payer)
    sent = enter(db, payer, "75.00", actor=SYSTEM, source="payment_report")
    line = {"line_key": b"1", "payment_id": sent.payment_id, "client_id": parties(db)[0],
            "amount": 75, "payment_status": "Paid", "claim_id": claim}  # fmt: skip
    insert(db, "remittance_lines", line, "line_id")
    over = a_session(db, "submitted", payer_id=payer)
    back = enter(db, payer, "170.00", part(over, "170.00", keep_credit=True))
    late = a_session(
        db, "submitted", payer_id=payer,
        claim={"source_status": "PAID", "source_status_on": TODAY - timedelta(days=5)},
    )  # fmt: skip
    claim_ref = db.execute("select claim_ref from desk.claims where claim_id = %s", [claim])
    links = {
        "unapplied": f"/payments/{payment.payment_id}",
        "claim_without_session": f"/claims/{claim_ref.fetchone()[0]}",
        "ledger_against_export": f"{LISTS}/ledger_against_export/post",
        "credit": f"/payments/{back.payment_id}",
        "paid_not_posted": f"/payments?session={ref(db, late)}",
    }
    # of the credit, too, the export says less than was posted
    many = {"unapplied": 2, "ledger_against_export": 2, "control_total": 0}
    overview = text(browser.ask("viewer", LISTS))
    for name in get_args(List):
        listed = DifferenceList(Reader(db, None), name)
        found, lines = listed.sums(), listed.lines()
        assert found.lines == len(lines) == many.get(name, 1), name
        assert found.amount == sum(line.amount for line in lines), name
        answer = browser.ask("biller", f"{LISTS}/{name}")
        told = text(answer)
        if name != "control_total":
            amount = f"{'-' if found.amount < 0 else ''}${abs(found.amount)}"
            assert f"{found.lines} open {amount}" in told, name
            assert f"{found.lines} {amount} {found.cleared}" in overview, name
            assert f'="/daysheet{links[name]}"' in answer.text, name
            assert answer.text.count(">Clear</summary>") == found.lines, name
        assert MARKUP not in answer.text


def test_a_line_is_cleared_for_a_reason_and_says_by_whom(browser, db, payer):
    payment = enter(db, payer, "70.00")
    line = {"subject": str(payment.payment_id), "amount": "70.00"}
    empty = send(browser, "unapplied", "clear", **line, reason=" ")
    assert empty.status_code == 422
    assert f'id="clear-{payment.payment_id}-reason-problem"' in empty.text
    where = location(send(browser, "unapplied", "clear", **line, reason="the payer sends a letter"))
    told = text(browser.ask("viewer", where))
    assert "The line is cleared." in told
    assert "BI, " in told
    assert "0 open, 1 cleared $0.00" in told
    owed = a_session(db, "submitted", payer_id=payer)
    allocate(db, BILLER, payment.payment_id, [part(owed, "20.00", remainder="leave_open")])
    told = text(browser.ask("viewer", where.partition("?")[0]))
    assert "1 open $50.00" in told
    stale = send(browser, "unapplied", "clear", **line, reason="as before")
    assert stale.status_code == 409
    assert "of another amount by now" in said(stale)


@pytest.mark.parametrize(
    "odd", [{"subject": "x"}, {"subject": "\x00"}, {"amount": "71"}, {"amount": ""}]
)
def test_what_is_no_line_is_not_cleared(browser, db, payer, odd):
    payment = enter(db, payer, "70.00")
    line = {"subject": str(payment.payment_id), "amount": "70.00", "reason": "odd"} | odd
    assert send(browser, "unapplied", "clear", **line).status_code in (409, 422)
    assert db.execute("select count(*) from desk.reconciliation_clearances").fetchone() == (0,)


def test_the_difference_is_posted_once_and_by_who_saw_the_newest(browser, db, differing):
    fields = posting(db, differing)
    stale = send(browser, "ledger_against_export", "post", **fields | {"row_version": "1"})
    assert stale.status_code == 409
    assert 'value="as the export"' in stale.text
    for odd, field in (("received_on", "2026-11-21"), ("reason", ""), ("received_on", "x")):
        answer = send(browser, "ledger_against_export", "post", **fields | {odd: field})
        assert answer.status_code == 422
        assert f'id="post-{differing}-{odd}-problem"' in answer.text
    where = location(send(browser, "ledger_against_export", "post", **fields))
    assert location(send(browser, "ledger_against_export", "post", **fields)) == where
    assert read(db, differing, "amount_paid") == 60
    assert "The difference is posted." in text(browser.ask("biller", where))
    again = send(browser, "ledger_against_export", "post", **posting(db, differing))
    assert again.status_code == 409
    assert "nothing differs" in said(again)


def test_control_totals_that_were_typed_are_compared_and_cleared(browser, db, payer):
    enter(db, payer, "100.00", actor=SYSTEM, source="payment_report", reference="EFT, 1")
    path = f"{LISTS}/control_total"
    totals = f"EFT, 1, {YESTERDAY}, 150.00\nEFT 2, {YESTERDAY}, $20\n"
    answer = browser.send("biller", path, {"totals": totals})
    told = text(answer)
    assert "2 open -$70.00" in told
    assert "EFT, 1" in told
    cleared = send(browser, "control_total", "clear", subject=f"EFT, 1|{YESTERDAY}",
                   amount="-50.00", reason="the rest comes by mail", totals=totals)  # fmt: skip
    assert "1 open, 1 cleared -$20.00" in text(cleared)
    same = text(browser.send("biller", path, {"totals": f"eft 1, {YESTERDAY}, 100.00"}))
    assert "All of these agree." in same
    for odd in ("EFT 1, 100.00", f"EFT 1, {YESTERDAY}, ten", "a, b, c", "x\n" * 201):
        wrong = browser.send("biller", path, {"totals": odd})
        assert wrong.status_code == 422, odd
        assert 'id="totals-totals-problem"' in wrong.text


def test_credits_say_when_they_are_due_and_which_are_late(browser, db, payer):
    for _ in range(2):
        over = a_session(db, "submitted", payer_id=payer)
        enter(db, payer, "170.00", part(over, "170.00", keep_credit=True))
    db.execute("update desk.work_items set due_on = '2026-11-19' where session_id = %s", [over])
    told = text(browser.ask("viewer", f"{LISTS}/credit"))
    assert "Nov 19, 2026 overdue" in told
    assert "Feb 18, 2027" in told
    assert told.count("overdue") == 1
    assert "2 open $80.00" in told


def test_lists_are_sorted_filtered_and_paged(browser, db, payer):
    other = a_payer(db, name="Borealis")
    for dollars in range(1, 53):
        enter(db, payer if dollars < 52 else other, f"{dollars}.00", received_on=TODAY)
    path = f"{LISTS}/unapplied"

    def amounts(answer) -> list[str]:
        return re.findall(r'data-label="Unapplied" class="number">\$([\d.]+)<', answer.text)

    first = browser.ask("biller", f"{path}?sort=-amount")
    assert amounts(first)[:2] == ["52.00", "51.00"]
    assert 'aria-sort="descending"' in first.text
    assert len(amounts(first)) == 50
    assert "52 open $1,378.00" in text(first)
    assert amounts(browser.ask("biller", f"{path}?sort=-amount&page=2")) == ["2.00", "1.00"]
    one = browser.ask("biller", f"{path}?payer=Borealis")
    assert amounts(one) == ["52.00"]
    assert "1 open $52.00" in text(one)
    none = browser.ask("biller", f"{path}?state=cleared")
    assert "Nothing matches these filters." in text(none)
    assert f'href="/daysheet{path}"' in none.text
    for odd in ("sort=x", "state=x", "page=0", "other=1"):
        assert browser.ask("biller", f"{path}?{odd}").status_code == 422, odd


def test_an_empty_list_says_what_that_means_and_an_unknown_one_is_a_404(browser, db):
    told = text(browser.ask("viewer", f"{LISTS}/unapplied"))
    assert "All money of payers is on sessions or set aside." in told
    for odd in ("nothing", "%00", "unapplied'"):
        assert browser.ask("admin", f"{LISTS}/{odd}").status_code == 404
        assert send(browser, odd, "clear", "admin", reason="x").status_code == 404


def test_a_viewer_reads_the_lists_and_does_nothing(browser, db, payer, differing):
    enter(db, payer, "70.00")
    for name in ("unapplied", "ledger_against_export"):
        answer = browser.ask("viewer", f"{LISTS}/{name}")
        assert "$" in text(answer)
        assert 'method="post"' not in answer.text
    line = {"subject": str(differing), "amount": "30.00", "reason": "x"}
    assert send(browser, "ledger_against_export", "clear", "viewer", **line).status_code == 403
    fields = posting(db, differing)
    assert send(browser, "ledger_against_export", "post", "viewer", **fields).status_code == 403
