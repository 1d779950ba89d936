"""One payment: where it went, and how that is put right without ever editing it."""

from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from daysheet.desk.ledger.adjustments import adjust_payment
from daysheet.desk.money.payments import allocate
from daysheet.desk.money.reversals import take_back
from daysheet.desk.published import published
from daysheet.desk.reading.payable import MOST_SESSIONS
from daysheet.desk.reading.payment_record import payments_by_id
from tests.desk.money import YESTERDAY, enter, part, reverse
from tests.desk.stages import LEAD, SYSTEM, TODAY, a_payer, a_session, read
from tests.web.money_forms import hidden, location, order, rows, said
from tests.web.practice import CLIENT, TYPED, client
from tests.web.test_claim_page import text
from tests.web.test_payments import ref


@pytest.fixture
def db(staffed):
    with staffed.open() as connection:
        yield connection


@pytest.fixture
def payer(db) -> UUID:
    return a_payer(db)


@pytest.fixture
def owed(db, payer) -> list[UUID]:
    """Three sessions of that payer, each with 130.00 outstanding."""
    return [a_session(db, "submitted", payer_id=payer, client_id=client(db)) for _ in range(3)]


def path(payment, action: str = "") -> str:
    return f"/payments/{payment.payment_id}{action}"


def share(browser, payment, page: str, typed, user="biller", **given):
    action = path(payment, "/allocations")
    return browser.send(user, action, rows(page, typed, action) | given)


def ask(browser, payment, user="biller") -> str:
    answer = browser.ask(user, path(payment))
    assert answer.status_code == 200
    return answer.text


def reversal(browser, payment, page: str, user="biller", **given):
    key = hidden(page, path(payment, "/reversal")).get("idempotency_key", [uuid4().hex])
    fields = {"received_on": TODAY.isoformat(), "reason": "bounced", "idempotency_key": key}
    return browser.send(user, path(payment, "/reversal"), fields | given)


def test_what_is_unapplied_is_given_to_sessions(browser, db, payer, owed):
    payment = enter(db, payer, "200.00", part(owed[0], "60.00", remainder="leave_open"))
    page = ask(browser, payment)
    assert order(page)[0] == ref(db, owed[0])
    assert "Amount $200.00 Allocated $60.00 Left $140.00" in said(
        browser.ask("biller", path(payment))
    )
    typed = {owed[0]: ("60.00",), owed[1]: ("130.00",)}
    told = text(browser.ask("biller", location(share(browser, payment, page, typed))))
    assert "The payment is shared out." in told
    assert "Unapplied $10.00" in told
    assert [read(db, each, "amount_paid") for each in owed] == [60, 130, 0]


def test_a_split_is_put_right_in_one_step(browser, db, payer, owed):
    whole = [part(each, "130.00", split="auto") for each in owed[:2]]
    payment = enter(db, payer, "260.00", *whole)
    typed = {owed[0]: ("90", "contractual"), owed[1]: ("",)}
    action = path(payment, "/allocations")
    page = browser.send("biller", action, {"action": "show"}).text
    location(share(browser, payment, page, typed | {owed[2]: ("130.00",)}))
    assert [read(db, each, "amount_paid", "billing_status") for each in owed] == [
        (90, "paid"), (0, "pending"), (130, "paid"),
    ]  # fmt: skip
    told = text(browser.ask("biller", path(payment)))
    assert "Unapplied $40.00" in told
    for event in ("split over $130.00", "taken off -$130.00", "allocated $90.00"):
        assert event in told, event


def test_a_sharing_with_nothing_changed_or_too_much_is_refused_and_kept(browser, db, payer, owed):
    payment = enter(db, payer, "140.00", part(owed[0], "130.00"))
    page = ask(browser, payment)
    same = share(browser, payment, page, {})
    assert same.status_code == 422
    assert "no amount was changed" in said(same)
    beyond = share(browser, payment, page, {owed[1]: ("10.01", "leave_open")})
    assert beyond.status_code == 422
    assert "10.00 of the payment is unapplied" in said(beyond)
    assert 'name="part" value="10.01"' in beyond.text
    wrong = share(browser, payment, page, {owed[1]: ("x",)})
    assert wrong.status_code == 422
    assert f'id="part-{owed[1]}-problem"' in wrong.text


def test_who_comes_second_sees_what_is_there_now_and_keeps_what_was_typed(browser, db, payer, owed):
    payment = enter(db, payer, "200.00", part(owed[0], "100.00", remainder="leave_open"))
    page = ask(browser, payment)
    allocate(db, LEAD, payment.payment_id, [part(owed[0], "20.00", remainder="leave_open")])
    answer = share(browser, payment, page, {owed[0]: ("130.00",)})
    assert answer.status_code == 409
    assert "owes $10.00 now" in said(answer)
    assert "changed by LE on" in said(answer)
    assert 'name="part" value="130.00"' in answer.text
    location(share(browser, payment, answer.text, {owed[0]: ("130.00",)}))
    assert read(db, owed[0], "amount_paid", "billing_status") == (130, "paid")
    stale = share(browser, payment, page, {owed[0]: ("",)})
    assert stale.status_code == 409
    assert read(db, owed[0], "amount_paid") == 130


def test_case_56_a_payment_is_reversed_once(browser, db, payer, owed):
    payment = enter(db, payer, "130.00", part(owed[0], "130.00"))
    page = ask(browser, payment)
    first = reversal(browser, payment, page)
    told = text(browser.ask("biller", location(first)))
    assert "The payment is reversed." in told
    assert "Reversed $130.00" in told
    assert read(db, owed[0], "billing_status", "amount_paid") == ("pending", 0)
    assert location(reversal(browser, payment, page)) == location(first), "the same form again"
    again = reversal(browser, payment, page, idempotency_key="another form")
    assert again.status_code == 409
    assert "the payment was reversed already" in said(again)
    assert "Reverse this payment" not in said(again)
    taken = db.execute(
        "select amount from desk.payments where reverses_payment_id = %s", [payment.payment_id]
    ).fetchall()
    assert taken == [(-130,)]


def test_a_part_is_taken_from_the_sessions_chosen(browser, db, payer, owed):
    whole = [part(each, "130.00") for each in owed[:2]]
    payment = enter(db, payer, "270.00", *whole)
    page = ask(browser, payment)
    location(reversal(browser, payment, page, amount="60.00", taken=[str(owed[1])]))
    assert [read(db, each, "amount_paid") for each in owed] == [130, 80, 0]
    beyond = reversal(
        browser, payment, page, amount="900", idempotency_key="b", taken=[str(owed[1])]
    )
    assert beyond.status_code == 422
    assert "210.00 is left to reverse" in said(beyond)
    assert 'id="reverse-amount-problem"' in beyond.text
    assert 'name="reason" type="text" value="bounced"' in beyond.text
    assert f'value="{owed[1]}" checked' in beyond.text


@pytest.mark.parametrize(
    ("given", "field"),
    [({"reason": " "}, "reason"), ({"reason": "a\x00"}, "reason"), ({"amount": "0.00"}, "amount"),
     ({"amount": "-1"}, "amount"), ({"received_on": "2026-11-21"}, "received_on"),
     ({"received_on": "2026-11-18"}, "received_on"), ({"received_on": ""}, "received_on")],
)  # fmt: skip
def test_a_reversal_that_cannot_be_names_its_field(browser, db, payer, given, field):
    payment = enter(db, payer, "50.00")
    answer = reversal(browser, payment, ask(browser, payment), **given)
    assert answer.status_code == 422
    assert f'id="reverse-{field}-problem"' in answer.text


def test_a_biller_reverses_their_own_of_today_and_a_lead_any(browser, db, payer):
    own = enter(db, payer, "10.00")
    others = enter(db, payer, "11.00", actor=LEAD)
    assert "Reverse this payment" in ask(browser, own)
    assert "Reverse this payment" not in ask(browser, others)
    assert "A lead can reverse it" in ask(browser, others)
    assert reversal(browser, others, "").status_code == 403
    location(reversal(browser, others, ask(browser, others, "lead"), "lead"))


def test_interest_is_set_aside_once_and_released_once(browser, db, payer):
    payment = enter(db, payer, "100.00")
    action = path(payment, "/aside")
    fields = hidden(ask(browser, payment), action) | {
        "kind": "interest", "amount": "3.17", "reason": "late claim",
    }  # fmt: skip
    told = text(browser.ask("biller", location(browser.send("biller", action, fields))))
    assert "Unapplied $96.83" in told
    assert "$3.17 interest" in told
    again = browser.send("biller", action, fields)
    assert again.status_code == 409
    assert "96.83 is unapplied now" in said(again)
    for odd in ({"kind": ""}, {"amount": "96.84"}, {"reason": ""}, {"seen": ""}):
        current = hidden(ask(browser, payment), action)
        assert browser.send("biller", action, fields | current | odd).status_code == 422, odd
    release = path(payment, "/release")
    fields = hidden(ask(browser, payment), release) | {"reason": "was no interest"}
    assert "Unapplied $100.00" in text(
        browser.ask("biller", location(browser.send("biller", release, fields)))
    )
    assert browser.send("biller", release, fields).status_code == 409
    other = enter(db, payer, "1.00")
    assert browser.send("biller", path(other, "/release"), fields).status_code == 404


def test_money_a_payer_took_back_is_taken_off_a_session_with_a_minus(browser, db, payer, owed):
    enter(db, payer, "130.00", part(owed[0], "130.00"))
    back = take_back(
        db, SYSTEM, payer_id=payer, claim_id=None, reference="EFT 3", received_on=YESTERDAY,
        amount=Decimal(-45), idempotency_key=uuid4().hex,
    ).payment  # fmt: skip
    action = path(back, "/allocations")
    page = browser.send("biller", action, {"action": "show", "closed": "on"}).text
    plus = share(browser, back, page, {owed[0]: ("45.00",)})
    assert plus.status_code == 422
    location(share(browser, back, page, {owed[0]: ("-45.00",)}))
    assert read(db, owed[0], "amount_paid", "billing_status") == (85, "pending")


def test_a_reversal_and_client_money_have_a_page_without_forms(browser, db, payer):
    payment = enter(db, payer, "20.00")
    back = reverse(db, payment)
    told = text(browser.ask("lead", path(back)))
    assert "Reversal of -$20.00" in told
    assert "bounced" in told
    assert f'href="/daysheet{path(payment)}"' in ask(browser, back)
    assert "Share it out" not in told
    cash = enter(db, None, "25.00", method="cash")
    assert "Share it out" not in ask(browser, cash)
    refused = browser.send("biller", path(cash, "/allocations"), {})
    assert refused.status_code == 422


def test_a_viewer_sees_where_it_went_and_nothing_typed_or_named(browser, db, payer, owed):
    payment = enter(db, payer, "150.00", part(owed[0], "130.00"))
    reverse(db, payment, "20.00", reason=TYPED)
    answer = browser.ask("viewer", path(payment))
    told = text(answer)
    for fact in (ref(db, owed[0]), "On sessions $130.00", "reversed -$20.00"):
        assert fact in told, fact
    for secret in ("Ada", "she said", "<form", "Reverse this"):
        assert secret not in answer.text, secret
    whole = browser.ask("biller", path(payment))
    assert TYPED in text(whole)
    assert CLIENT in text(whole)
    assert "<script>alert" not in whole.text


def test_each_look_at_names_is_kept(browser, db, payer, owed):
    payment = enter(db, payer, "130.00", part(owed[0], "130.00"))
    ask(browser, payment)
    kept = db.execute(
        "select actor, detail from ops.audit where subject = %s", [path(payment)]
    ).fetchall()
    assert kept == [("biller", {"shown": "names", "clients": [str(client(db))]})]


def test_what_is_shown_of_a_payment_is_what_the_ledger_counts(db, payer, owed):
    payment = enter(db, payer, "300.00", part(owed[0], "130.00"), part(owed[1], "130.00"))
    adjust_payment(db, LEAD, payment.payment_id, "interest", Decimal(5), reason="late")
    reverse(db, payment, "100.00")
    enter(db, None, "25.00", method="cash")
    names = ("kept", "allocated", "set_aside", "unapplied")
    counted = db.execute(f"select payment_id, {', '.join(names)} from desk.payment_balances")
    told = {key: tuple(amounts) for key, *amounts in counted}
    with published(db) as reader:
        lines = payments_by_id(reader, LEAD, told)
    shown = {key: tuple(getattr(line, name) for name in names) for key, line in lines.items()}
    assert shown == told
    assert shown[payment.payment_id] == (200, 195, 5, 0)


def test_what_is_no_payment_is_one_404(browser):
    for odd in ("x", "%00", str(uuid4()).upper(), f"{uuid4()}'", str(uuid4())):
        assert browser.ask("admin", f"/payments/{odd}").status_code == 404, odd
        for action in ("allocations", "reversal", "aside", "release"):
            answer = browser.send(
                "admin", f"/payments/{odd}/{action}", {"received_on": "2026-11-20"}
            )
            assert answer.status_code in (404, 422), (odd, action)


def test_a_payment_over_many_sessions_shows_some_and_finds_the_others(browser, db, payer):
    many = [
        a_session(db, "submitted", payer_id=payer, was_sent=False, first_submitted_on=YESTERDAY)
        for _ in range(MOST_SESSIONS + 10)
    ]
    payment = enter(db, payer, "7800.00", *[part(each, "130.00") for each in many])
    page = ask(browser, payment)
    assert len(order(page)) == MOST_SESSIONS
    assert "Left $0.00" in said(browser.ask("biller", path(payment)))
    hidden_one = next(each for each in many if ref(db, each) not in order(page))
    action = path(payment, "/allocations")
    found = browser.send("biller", action, {"action": "show", "find": ref(db, hidden_one)}).text
    assert order(found) == [ref(db, hidden_one)]
    location(share(browser, payment, found, {hidden_one: ("",)}))
    assert read(db, hidden_one, "amount_paid") == 0
    others = [each for each in many if each != hidden_one]
    assert {read(db, each, "amount_paid") for each in others} == {130}
