"""Where ledger, files and bank do not agree: what is listed, and how a line is cleared."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from daysheet.desk.money.matching import ClaimReferences, match_claims, suggest_sessions
from daysheet.desk.money.payments import allocate
from daysheet.desk.money.reconciliation import clear, post_difference
from daysheet.desk.published import Reader
from daysheet.desk.reading.difference_list import ControlTotal, Difference, DifferenceList
from tests.desk.invented import insert, parties
from tests.desk.money import YESTERDAY, enter, part, refused, reverse
from tests.desk.stages import (
    BILLER,
    SYSTEM,
    TODAY,
    VIEWER,
    a_claim,
    a_payer,
    a_session,
    read,
)


@pytest.fixture
def payer(books):
    return a_payer(books)


def lines(books, name, *control) -> list[Difference]:
    return DifferenceList(Reader(books, None), name, control).lines()


def listed(books, name, *control):
    return [(one.subject, one.ours, one.theirs, one.amount) for one in lines(books, name, *control)]


def remitted(books, payer, amount, **given):
    return enter(books, payer, amount, actor=SYSTEM, source="payment_report", **given)


def test_payers_money_for_no_session_is_listed_until_it_is_allocated(books, payer):
    enter(books, None, "20.00", method="card")
    payment = enter(books, payer, "200.00")
    owed = a_session(books, "submitted", payer_id=payer)
    allocate(books, BILLER, payment.payment_id, [part(owed, "130.00")])
    assert listed(books, "unapplied") == [(str(payment.payment_id), 130, 200, 70)]
    reverse(books, payment, "70.00")
    assert listed(books, "unapplied") == []


def test_money_for_a_claim_without_a_session_is_listed(books, payer):
    claim = a_claim(books, payer)
    sent = remitted(books, payer, "75.00")
    line = {"line_key": b"1", "payment_id": sent.payment_id, "client_id": parties(books)[0],
            "amount": 75, "payment_status": "Paid", "claim_id": claim}  # fmt: skip
    insert(books, "remittance_lines", line, "line_id")
    assert listed(books, "claim_without_session") == [(str(claim), 0, 75, 75)]
    a_session(books, "submitted", payer_id=payer, claim_id=claim, was_sent=False)
    assert listed(books, "claim_without_session") == []


@pytest.mark.parametrize(("reported", "differs"), [("90.01", False), ("90.02", True), ("0", True)])
def test_a_ledger_that_differs_from_the_export_by_over_a_cent_is_listed(
    books, payer, reported, differs
):
    owed = a_session(books, "submitted", payer_id=payer, ins_paid_reported=Decimal(reported))
    assert listed(books, "ledger_against_export") == [], "nothing was posted"
    enter(books, payer, "90.00", part(owed, "90.00", remainder="leave_open"))
    line = (str(owed), 90, Decimal(reported), 90 - Decimal(reported))
    assert listed(books, "ledger_against_export") == ([line] if differs else [])


@pytest.mark.parametrize(
    ("reported", "posted", "status"), [("130.00", "40.00", "paid"), ("60.00", "-30.00", "pending")]
)
def test_posting_the_difference_makes_the_ledger_say_what_the_export_says(
    books, payer, reported, posted, status
):
    owed = a_session(books, "submitted", payer_id=payer, ins_paid_reported=Decimal(reported))
    enter(books, payer, "90.00", part(owed, "90.00", remainder="leave_open"))
    asked = {"received_on": YESTERDAY, "reason": "as the export", "idempotency_key": uuid4().hex}
    with refused(403):
        post_difference(books, VIEWER, owed, **asked)
    with refused(422, "future_date", "received_on"):
        post_difference(books, BILLER, owed, **asked | {"received_on": TODAY + timedelta(days=1)})
    payment = post_difference(books, BILLER, owed, **asked)
    assert (payment.method, payment.amount) == ("adjustment", Decimal(posted))
    assert read(books, owed, "amount_paid", "billing_status") == (Decimal(reported), status)
    assert listed(books, "ledger_against_export") == []
    assert post_difference(books, BILLER, owed, **asked) == payment
    with refused(409, "no_difference"):
        post_difference(books, BILLER, owed, **asked | {"idempotency_key": "another"})


def test_the_key_of_another_payment_posts_no_difference(books, payer):
    owed, other = (
        a_session(books, "submitted", payer_id=payer, ins_paid_reported=Decimal(100))
        for _ in range(2)
    )
    for each in (owed, other):
        enter(books, payer, "90.00", part(each, "90.00", remainder="leave_open"))
    entered = enter(books, payer, "5.00", part(owed, "5.00", remainder="leave_open"))
    asked = {"received_on": YESTERDAY, "reason": "as the export"}
    (key,) = books.execute(
        "select idempotency_key from desk.payments where payment_id = %s", [entered.payment_id]
    ).fetchone()
    with refused(409, "key_used_before"):
        post_difference(books, BILLER, owed, **asked, idempotency_key=key)
    posted = post_difference(books, BILLER, owed, **asked, idempotency_key="mine")
    with refused(409, "key_used_before"):
        post_difference(books, BILLER, other, **asked, idempotency_key="mine")
    with refused(409, "key_used_before"):
        post_difference(
            books, BILLER, owed, **asked | {"received_on": TODAY}, idempotency_key="mine"
        )
    assert post_difference(books, BILLER, owed, **asked, idempotency_key="mine") == posted
    assert [line[0] for line in listed(books, "ledger_against_export")] == [str(other)]


def test_control_totals_are_compared_with_remittances_by_reference_and_day(books, payer):
    remitted(books, payer, "100.00", reference="EFT-1")
    remitted(books, payer, "20.00", reference="EFT 1")
    enter(books, payer, "500.00", reference="EFT-1")
    same = ControlTotal("eft1", YESTERDAY, Decimal(120))
    short, other_day = (
        ControlTotal("EFT-1", YESTERDAY, Decimal(150)),
        ControlTotal("EFT-1", TODAY, Decimal(120)),
    )
    assert listed(books, "control_total", same) == []
    assert listed(books, "control_total", short, other_day) == [
        (f"EFT-1|{YESTERDAY}", 120, 150, -30),
        (f"EFT-1|{TODAY}", 0, 120, -120),
    ]


def test_credits_are_listed_with_the_day_they_are_due(books, payer):
    owed = a_session(books, "submitted", payer_id=payer)
    enter(books, payer, "170.00", part(owed, "170.00", keep_credit=True))
    (line,) = lines(books, "credit")
    assert (line.subject, line.amount, line.since) == (str(owed), 40, TODAY + timedelta(days=90))


@pytest.mark.parametrize(("days", "is_late"), [(4, False), (5, True)])
def test_a_claim_said_to_be_paid_with_nothing_posted_for_five_days_is_listed(
    books, payer, days, is_late
):
    said = {"source_status": "Paid", "source_status_on": TODAY - timedelta(days=days)}
    owed = a_session(books, "approved", payer_id=payer, claim=said)
    assert listed(books, "paid_not_posted") == ([(str(owed), 0, 130, 130)] if is_late else [])
    enter(books, payer, "1.00", part(owed, "1.00", remainder="leave_open"))
    assert listed(books, "paid_not_posted") == []


def test_a_cleared_line_says_who_cleared_it_until_its_amount_is_another(books, payer):
    payment = enter(books, payer, "70.00")
    subject = str(payment.payment_id)
    with refused(403):
        clear(books, VIEWER, "unapplied", subject, amount=Decimal(70), reason="known")
    with refused(422, field="reason"):
        clear(books, BILLER, "unapplied", subject, amount=Decimal(70), reason="")
    clear(books, BILLER, "unapplied", subject, amount=Decimal(70), reason="the payer is asked")
    assert [one.cleared_by for one in lines(books, "unapplied")] == ["biller"]
    reverse(books, payment, "20.00")
    assert [one.cleared_by for one in lines(books, "unapplied")] == [None]


def test_imported_money_is_matched_by_reference_then_by_payer_and_number(books, payer):
    other = a_payer(books)
    first = a_claim(books, payer, clearinghouse_ref="CR1", payer_claim_no="A1")
    second = a_claim(books, payer, clearinghouse_ref="CR2", payer_claim_no="A2")
    third = a_claim(books, payer, payer_claim_no="A3")
    asked = [(payer, "CR1", "A2"), (other, "CR1", None), (payer, None, "A2"), (payer, "CR9", "A3"),
             (payer, "CR9", "A2"), (other, None, "A2"), (None, None, "A2"),
             (payer, None, None)]  # fmt: skip
    matched = match_claims(books, [ClaimReferences(*one) for one in asked])
    assert matched == [first, first, second, third, None, None, None, None]


def test_sessions_are_suggested_by_reference_then_amount_then_age(books, payer):
    young, old, exact, paid = (
        a_session(books, status, payer_id=payer, ins_charge=charge,
                  service_on=TODAY - timedelta(days=days), was_sent=False)
        for status, charge, days in [("pending", 130, 5), ("pending", 130, 50),
                                     ("pending", 75, 1), ("paid", 130, 60)]
    )  # fmt: skip
    claim = a_claim(books, payer, payer_claim_no="A7")
    named = a_session(books, "pending", payer_id=payer, claim_id=claim, was_sent=False)
    a_session(books, "pending", payer_id=a_payer(books))
    asked = {"payer_id": payer, "amount": Decimal(75), "reference": "A7"}
    found = [one.session_id for one in suggest_sessions(books, **asked)]
    assert found == [named, exact, old, young]
    found = suggest_sessions(books, **asked, include_closed=True)
    assert [one.session_id for one in found] == [named, exact, paid, old, young]
