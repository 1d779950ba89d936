"""Entering a payment: what is offered, what is refused and kept, and that it is saved once."""

from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier, Thread
from uuid import UUID, uuid4

import pytest

from daysheet.desk.reading.payment_record import RECENT
from tests.desk.conftest import TODAY
from tests.desk.money import YESTERDAY, counted, part
from tests.desk.money import enter as enter_payment
from tests.desk.stages import LEAD, a_claim, a_payer, a_session, read
from tests.web.money_forms import entry, location, offered, order, rows, said
from tests.web.practice import CLIENT, MARKUP, client, reference
from tests.web.test_claim_page import text

ENTRY = "/payments"


@pytest.fixture
def db(staffed):
    with staffed.open() as connection:
        yield connection


@pytest.fixture
def payer(db) -> UUID:
    return a_payer(db, name=f"Acme {MARKUP}")


@pytest.fixture
def owed(db, payer) -> UUID:
    """A session of that payer with 130.00 outstanding."""
    return a_session(db, "submitted", payer_id=payer, client_id=client(db))


def ref(db, session: UUID) -> str:
    return reference(db, "sessions", "session_ref", "session_id", session)


def payments_of(db, payer: UUID) -> list[Decimal]:
    found = db.execute("select amount from desk.payments where payer_id = %s", [payer]).fetchall()
    return [amount for (amount,) in found]


def send(browser, page: str, payer: UUID, amount: str, typed, user="biller", **given):
    fields = entry(payer, amount, idempotency_key=uuid4().hex) | rows(page, typed, ENTRY) | given
    return browser.send(user, ENTRY, fields)


def at_once(*works) -> list[object]:
    """What each of them answers, begun in the same moment."""
    gate, answers = Barrier(len(works)), [None] * len(works)

    def run(place: int) -> None:
        gate.wait()
        answers[place] = works[place]()

    threads = [Thread(target=run, args=[place]) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_a_payment_over_three_sessions_is_saved_and_each_follows(browser, db, payer):
    one, two, three = (a_session(db, "submitted", payer_id=payer) for _ in range(3))
    typed = {one: ("130.00",), two: ("100", "contractual"), three: ("$20.50", "leave_open")}
    where = location(send(browser, offered(browser, payer), payer, "1,300.00", typed))
    assert [read(db, each, "billing_status") for each in typed] == ["paid", "paid", "pending"]
    assert read(db, two, "write_off") == Decimal("30.00")
    told = text(browser.ask("biller", where))
    for fact in (
        "The payment is saved.",
        "Unapplied $1,049.50",
        "On sessions $250.50",
        "Entered by BI",
    ):
        assert fact in told, fact


def test_case_54_the_form_sent_twice_at_once_is_one_payment_and_one_answer(
    browser, db, payer, owed
):
    fields = entry(payer, "130.00") | rows(offered(browser, payer), {owed: ("130.00",)}, ENTRY)
    answers = at_once(*[lambda: browser.send("biller", ENTRY, fields)] * 3)
    assert len({location(answer) for answer in answers}) == 1
    assert location(browser.send("biller", ENTRY, fields)) == location(answers[0])
    assert payments_of(db, payer) == [130]
    assert read(db, owed, "amount_paid") == 130


def test_a_form_that_was_saved_is_no_form_of_another_payment(browser, db, payer):
    fields = entry(payer, "130.00", idempotency_key="saved before")
    first = location(browser.send("biller", ENTRY, fields))
    again = browser.send("biller", ENTRY, fields | {"amount": "131.00"})
    assert again.status_code == 409
    assert "This form was saved before" in said(again)
    assert f'href="/daysheet{first.partition("?")[0]}"' in again.text
    assert payments_of(db, payer) == [130]


def test_case_55_the_same_check_again_names_the_first_and_only_a_lead_forces_it(browser, db, payer):
    first = location(browser.send("biller", ENTRY, entry(payer, "77.00", idempotency_key="one")))
    again = entry(payer, "77.00", idempotency_key="two", reference="chk-100")
    refused = browser.send("biller", ENTRY, again)
    assert refused.status_code == 409
    assert f'href="/daysheet{first.partition("?")[0]}"' in refused.text
    assert "$77.00 of Nov 19, 2026 by BI. A lead can enter it all the same." in said(refused)
    assert 'value="chk-100"' in refused.text
    assert "forced_reason" not in refused.text
    forced = again | {"forced_reason": "two checks of one number"}
    assert browser.send("biller", ENTRY, forced).status_code == 403
    assert 'name="forced_reason"' in browser.send("lead", ENTRY, again).text
    told = text(browser.ask("lead", location(browser.send("lead", ENTRY, forced))))
    assert "two checks of one number" in told
    assert payments_of(db, payer) == [77, 77]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"amount": "0.00"}, "amount"),
        ({"amount": "-20.00"}, "amount"),
        ({"amount": "12x"}, "amount"),
        ({"amount": ""}, "amount"),
        ({"amount": "20.005"}, "amount"),
        ({"received_on": (TODAY + timedelta(days=1)).isoformat()}, "received_on"),
        ({"received_on": "11/20/2026"}, "received_on"),
        ({"reference": " "}, "reference"),
        ({"reference": "CHK\x00"}, "reference"),
        ({"method": "barter"}, "method"),
        ({"payer_id": "' or 1=1"}, "payer_id"),
        ({"payer_id": str(uuid4())}, "payer_id"),
    ],
)
def test_case_53_what_cannot_be_names_its_field_and_keeps_what_was_typed(
    browser, db, payer, given, field
):
    before = counted(db, "payments")
    answer = browser.send("biller", ENTRY, entry(payer, "20.00", reference="KEPT 1") | given)
    assert answer.status_code == 422
    assert f'id="payment-{field}-problem"' in answer.text
    assert answer.text.count("aria-invalid") == 1
    assert field == "reference" or 'value="KEPT 1"' in answer.text
    assert counted(db, "payments") == before


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        (("130.01",), "more than is owed: enter less, or keep it as credit"),
        (("100.00",), "something is left: say what becomes of it"),
        (("100.00", "forgive"), "say what becomes of it"),
        (("ten",), "enter an amount, as 130.00"),
        (("1.005",), "an amount has two decimals"),
        (("0.00",), "not 0.00, and not against the payment"),
        (("-5.00",), "not 0.00, and not against the payment"),
        (("200.01", "", "keep"), "200.00 of the payment is unapplied"),
    ],
)
def test_case_53_an_allocation_that_cannot_be_is_told_at_its_row(
    browser, db, payer, owed, typed, problem
):
    answer = send(browser, offered(browser, payer), payer, "200.00", {owed: typed})
    assert answer.status_code == 422
    assert problem in said(answer)
    assert f'name="part" value="{typed[0]}"' in answer.text
    assert payments_of(db, payer) == []
    assert read(db, owed, "amount_paid") == 0


def test_too_much_is_kept_as_credit_when_somebody_says_so(browser, db, payer, owed):
    page = offered(browser, payer)
    location(send(browser, page, payer, "150.00", {owed: ("150.00", "", "keep")}))
    assert read(db, owed, "billing_status", "payer_credit") == ("paid", 20)


def test_the_second_of_two_users_sees_the_fresh_balance_and_keeps_what_was_typed(
    browser, db, payer, owed
):
    other = a_session(db, "submitted", payer_id=payer)
    page = offered(browser, payer)
    location(
        send(browser, page, payer, "90.00", {owed: ("90.00", "leave_open")}, "lead", reference="L")
    )
    answer = send(
        browser, page, payer, "175.00", {owed: ("130.00",), other: ("45.00", "to_client")}
    )
    assert answer.status_code == 409
    told = said(answer)
    assert "changed by LE on" in told
    assert "owes $40.00 now" in told
    assert 'name="part" value="130.00"' in answer.text
    assert 'name="part" value="45.00"' in answer.text
    assert '<option value="to_client" selected>' in answer.text
    assert payments_of(db, payer) == [90]
    again = {owed: ("40.00",), other: ("45.00", "to_client")}
    location(send(browser, answer.text, payer, "175.00", again))
    assert read(db, owed, "amount_paid", "billing_status") == (130, "paid")


def test_of_two_users_at_once_one_posts_and_the_other_is_told(browser, db, payer, owed):
    page = offered(browser, payer)
    works = [
        lambda user=user: send(browser, page, payer, "130.00", {owed: ("130.00",)}, user,
                               reference=user)
        for user in ("biller", "lead")
    ]  # fmt: skip
    answers = at_once(*works)
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    assert read(db, owed, "amount_paid", "payer_credit") == (130, 0)
    assert payments_of(db, payer) == [130]


def test_reference_then_amount_then_age_decide_what_is_offered_first(browser, db, payer):
    def session(days: int, **columns) -> UUID:
        sent = date(2026, 10, 1) - timedelta(days=days)
        return a_session(db, "submitted", payer_id=payer, was_sent=False, service_on=sent,
                         first_submitted_on=sent, **columns)  # fmt: skip

    young, old = session(1), session(9)
    same_amount = session(0, ins_charge=Decimal("55.00"))
    named = session(0, claim_id=a_claim(db, payer, payer_claim_no="EFT 9"), ins_charge=Decimal(60))
    closed = a_session(db, "paid", payer_id=payer)
    page = offered(browser, payer, "55.00", reference="EFT 9")
    assert order(page) == [ref(db, each) for each in (named, same_amount, old, young)]
    assert "same reference" in page
    assert "same amount" in page
    assert ref(db, closed) in order(offered(browser, payer, closed="on"))


def test_sessions_are_found_by_name_reference_or_visit_of_that_payer_only(browser, db, payer, owed):
    others = [a_session(db, "submitted", payer_id=payer), a_session(db, "submitted")]
    claim = db.execute(
        "select claim_ref from desk.claims inner join desk.sessions using (claim_id)"
        " where session_id = %s", [owed],
    ).fetchone()[0]  # fmt: skip
    for words in (CLIENT[4:20].upper(), ref(db, owed).lower(), claim):
        assert order(offered(browser, payer, find=words)) == [ref(db, owed)], words
    assert set(order(offered(browser, payer, find="2026-11-10"))) == {
        ref(db, each) for each in (owed, others[0])
    }
    page = offered(browser, payer, find="' or true; --\x00")
    assert order(page) == []
    assert "No session of this payer is found" in page


def test_what_is_typed_stays_whatever_is_looked_for(browser, db, payer, owed):
    a_session(db, "submitted", payer_id=payer)
    page = offered(browser, payer)
    fields = entry(payer, "130", action="show", find="nothing")
    kept = browser.send("biller", ENTRY, fields | rows(page, {owed: ("99.00", "underpaid")}, ENTRY))
    assert order(kept.text) == [ref(db, owed)]
    assert 'name="part" value="99.00"' in kept.text
    assert '<option value="underpaid" selected>' in kept.text


@pytest.mark.parametrize("word", ["claim", "session"])
def test_a_claim_opens_the_form_with_its_payer_and_sessions(browser, db, payer, owed, word):
    other = a_session(db, "submitted", payer_id=payer)
    table = {"claim": ("claims", "claim_ref"), "session": ("sessions", "session_ref")}[word]
    key = read(db, owed, f"{word}_id")
    name = reference(db, *table, f"{word}_id", key)
    page = browser.ask("biller", f"{ENTRY}?{word}={name}").text
    assert f'<option value="{payer}" selected>' in page
    assert order(page) == [ref(db, owed)]
    everything = entry(payer, "", action="all", opened_for=name)
    assert set(order(browser.send("biller", ENTRY, everything).text)) == {
        ref(db, each) for each in (owed, other)
    }


def test_a_form_for_nothing_we_know_is_a_404(browser):
    for odd in ("RC-2222222", "RS-2222222", "DC-2222222", "x", "%00", "RC-ABC%27--"):
        assert browser.ask("biller", f"{ENTRY}?claim={odd}").status_code == 404, odd


def test_without_a_script_the_running_line_is_shown_by_asking_again(browser, db, payer, owed):
    other = a_session(db, "submitted", payer_id=payer)
    page = offered(browser, payer)
    fields = entry(payer, "200.00") | rows(page, {owed: ("100.00", "leave_open")}, ENTRY)
    shown = browser.send("biller", ENTRY, fields | {"action": "show"})
    assert "Amount $200.00 Allocated $100.00 Left $100.00" in said(shown)
    assert "$30.00 left" in said(shown)
    full = browser.send("biller", ENTRY, fields | {"action": "fill"})
    assert "Amount $200.00 Allocated $200.00 Left $0.00" in said(full)
    assert ref(db, other) in order(full.text)
    assert (
        browser.send("biller", ENTRY, fields | {"action": "fill", "amount": ""}).status_code == 422
    )
    assert payments_of(db, payer) == []


def test_client_money_has_no_sessions_and_cash_no_number(browser):
    fields = entry("client", "25.00", method="cash", reference="", idempotency_key="cash")
    page = browser.send("biller", ENTRY, fields | {"action": "show"}).text
    assert order(page) == []
    told = text(browser.ask("biller", location(browser.send("biller", ENTRY, fields))))
    assert "a client · cash" in told
    assert "Share it out" not in told


def test_a_viewer_sees_amounts_and_neither_form_nor_name(browser, db, payer, owed):
    enter_payment(db, payer, "130.00", part(owed, "130.00"), actor=LEAD)
    answer = browser.ask("viewer", f"{ENTRY}?session={ref(db, owed)}")
    told = text(answer)
    assert "$130.00" in told
    for hidden in ("Ada", "New payment", "<form"):
        assert hidden not in answer.text, hidden
    refused = browser.send("viewer", ENTRY, entry(payer, "1.00"))
    assert refused.status_code == 403
    assert "needs the role biller" in said(refused)


def test_names_are_shown_to_who_may_see_them_and_each_look_is_kept(browser, db, payer, owed):
    newest = db.execute("select coalesce(max(audit_id), 0) from ops.audit").fetchone()[0]
    page = offered(browser, payer)
    assert "Ada &lt;b&gt;Example" in page
    assert "<b>Example" not in page
    assert MARKUP not in page
    kept = db.execute(
        "select actor, action, subject, detail from ops.audit where audit_id > %s", [newest]
    ).fetchall()
    assert kept == [
        ("biller", "viewed", ENTRY, {"shown": "names", "clients": [str(client(db))]})
    ]  # fmt: skip
    browser.ask("biller", ENTRY)
    assert len(db.execute("select from ops.audit where audit_id > %s", [newest]).fetchall()) == 1


def test_the_last_twenty_are_beside_the_form_with_their_sum(browser, db, payer):
    for cents in range(RECENT + 5):
        enter_payment(db, payer, f"1.{cents:02d}", received_on=YESTERDAY)
    answer = browser.ask("biller", ENTRY)
    told = text(answer)
    assert f"These {RECENT}" in told
    assert "$22.90" in told  # 1.05 to 1.24
    assert answer.text.count('data-label="Received"') == RECENT
    assert "$1.04" not in told


def test_a_form_of_another_shape_is_refused_and_nothing_breaks(browser, db, payer, owed):
    fields = entry(payer, "10.00", idempotency_key=uuid4().hex)
    fields |= rows(offered(browser, payer), {owed: ("10.00",)}, ENTRY)
    for odd in (
        {"version": []}, {"session": ["x"]}, {"version": ["-1"]}, {"was": ["NaN"]},
        {"live": ["x y"]}, {"idempotency_key": ""}, {"idempotency_key": "a\x00"},
        {"rest": ["\x00"]}, {"session": [str(uuid4())]}, {"amount": "1e5"}, {"amount": "٣"},
    ):  # fmt: skip
        assert browser.send("biller", ENTRY, fields | odd).status_code in (404, 422), odd
    assert payments_of(db, payer) == []
