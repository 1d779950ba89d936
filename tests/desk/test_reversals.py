"""Money taken back: opposite rows, sessions that are owed again, and splits put right."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import psycopg
import pytest

from daysheet.desk.ledger.adjustments import adjust_payment
from daysheet.desk.money.payments import allocate, split_over_claim
from daysheet.desk.money.reversals import take_back
from daysheet.desk.money.splits import correct_split
from tests.desk.money import YESTERDAY, counted, enter, open_items, part, refused, reverse
from tests.desk.stages import (
    BILLER,
    LEAD,
    SYSTEM,
    TODAY,
    VIEWER,
    a_claim,
    a_payer,
    a_session,
    read,
)

TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def payer(books):
    return a_payer(books)


@pytest.fixture
def claim(books, payer):
    return a_claim(books, payer)


@pytest.fixture
def two(books, payer, claim):
    """Two sessions of one claim, each with 130.00 outstanding."""
    of_claim = {"payer_id": payer, "claim_id": claim, "was_sent": False}
    return [a_session(books, "submitted", **of_claim) for _ in range(2)]


@pytest.fixture
def paid(books, payer, two):
    """One payment that paid both."""
    return enter(books, payer, "260.00", *(part(one, "130.00") for one in two))


def balance(books, payment):
    return books.execute(
        "select kept, allocated, unapplied, state from desk.payment_balances where payment_id = %s",
        [payment.payment_id],
    ).fetchone()


def allocations(books, payment):
    rows = books.execute(
        "select allocation_id, session_id from desk.payment_allocations where payment_id = %s"
        " and reverses_allocation_id is null order by created_at, allocation_id",
        [payment.payment_id],
    )
    return {session_id: allocation_id for allocation_id, session_id in rows}


def test_a_reversal_is_an_opposite_payment_and_its_sessions_are_owed_again(books, two, paid):
    back = reverse(books, paid)
    assert (back.amount, back.reverses_payment_id) == (Decimal("-260.00"), paid.payment_id)
    assert balance(books, paid) == (0, 0, 0, "reversed")
    for one in two:
        told = read(books, one, "billing_status", "amount_paid", "outstanding", "paid_on")
        assert told == ("pending", 0, 130, None)
    assert counted(books, "payments") == 2


def test_case_56_a_second_reversal_is_a_conflict(books, paid):
    reverse(books, paid)
    with refused(409, "already_reversed"):
        reverse(books, paid)
    assert counted(books, "payments") == 2


def test_the_same_reversal_sent_twice_is_one(books, paid):
    key = {"idempotency_key": "undo-1"}
    first = reverse(books, paid, **key)
    assert reverse(books, paid, **key) == first
    assert counted(books, "payments") == 2


def test_a_part_is_taken_from_each_by_what_it_got(books, two, paid):
    reverse(books, paid, "100.01")
    assert balance(books, paid) == (Decimal("159.99"), Decimal("159.99"), 0, "applied")
    assert sorted(read(books, one, "outstanding") for one in two) == [50, Decimal("50.01")]
    assert {read(books, one, "billing_status") for one in two} == {"pending"}
    reverse(books, paid, "159.99")
    assert balance(books, paid)[3] == "reversed"
    with refused(409, "already_reversed"):
        reverse(books, paid, "0.01")


def test_a_part_is_taken_from_the_session_that_is_named(books, two, paid):
    reverse(books, paid, "30.00", session_ids=two[:1])
    assert [read(books, one, "outstanding") for one in two] == [30, 0]
    with refused(422, "beyond_allocations", "amount"):
        reverse(books, paid, "100.01", session_ids=two[:1])


def test_what_is_unapplied_goes_back_first(books, payer, two):
    payment = enter(books, payer, "200.00", part(two[0], "130.00"))
    reverse(books, payment, "80.00")
    assert read(books, two[0], "outstanding") == 10
    assert balance(books, payment) == (120, 120, 0, "applied")
    assert open_items(books, payment_id=payment.payment_id) == {}


def test_what_was_reversed_cannot_be_allocated(books, payer, two):
    payment = enter(books, payer, "200.00")
    reverse(books, payment, "150.00")
    with refused(422, "beyond_payment", "amount"):
        allocate(books, BILLER, payment.payment_id, [part(two[0], "50.01")])
    reverse(books, payment)
    with refused(409, "already_reversed"):
        allocate(books, BILLER, payment.payment_id, [part(two[0], "50.00")])


@pytest.mark.parametrize(
    ("amount", "given", "status", "field"),
    [
        ("260.01", {}, 422, "amount"),
        ("0.00", {}, 422, "amount"),
        ("-1.00", {}, 422, "amount"),
        ("1.001", {}, 422, "amount"),
        (None, {"reason": " "}, 422, "reason"),
        (None, {"received_on": TOMORROW}, 422, "received_on"),
        (None, {"received_on": YESTERDAY - timedelta(days=1)}, 422, "received_on"),
        (None, {"actor": VIEWER}, 403, None),
    ],
)
def test_a_reversal_that_cannot_be_changes_nothing(books, paid, amount, given, status, field):
    with refused(status, field=field):
        reverse(books, paid, amount, **given)
    assert balance(books, paid)[3] == "applied"


def test_a_reversal_is_not_reversed(books, paid):
    with refused(422, "is_a_reversal", "payment_id"):
        reverse(books, reverse(books, paid))


def test_a_biller_reverses_their_own_payment_on_its_day_and_a_lead_any(books, payer):
    own, others = enter(books, payer, "10.00"), enter(books, payer, "20.00", actor=LEAD)
    reverse(books, own, actor=BILLER)
    with refused(403):
        reverse(books, others, actor=BILLER)
    old = enter(books, payer, "30.00")
    books.execute("set local daysheet.as_of = '2026-11-21'")
    with refused(403):
        reverse(books, old, actor=BILLER)
    reverse(books, old, actor=LEAD)
    reverse(books, others, actor=LEAD)


def test_the_same_money_may_be_entered_again_after_its_reversal(books, payer):
    reverse(books, enter(books, payer, "50.00", reference="CHK 1"))
    enter(books, payer, "50.00", reference="CHK 1")


def test_a_reversed_payment_is_in_no_months_collections(books, paid):
    reverse(books, paid)
    assert books.execute("select sum(amount) from desk.payments").fetchone() == (0,)


def remittance(books, payer, amount, *parts):
    """A remittance and one line of it."""
    sent = enter(books, payer, amount, actor=SYSTEM, source="payment_report", method="eft")
    allocate(books, SYSTEM, sent.payment_id, parts)
    return sent


def taken(books, payer, claim, amount, **given):
    filled = {"reference": "EFT-2", "received_on": TODAY, "idempotency_key": uuid4().hex}
    return take_back(
        books, SYSTEM, payer_id=payer, claim_id=claim, amount=Decimal(amount), **filled | given
    )


def test_a_take_back_undoes_the_line_of_its_claim_and_amount(books, payer, claim, two):
    other = remittance(books, payer, "50.00", part(two[0], "50.00"))
    line = remittance(books, payer, "80.00", *split_over_claim(books, claim, Decimal("80.00")))
    back = taken(books, payer, claim, "-80.00")
    assert (back.undoes, set(back.session_ids)) == (line.payment_id, set(two))
    assert [read(books, one, "amount_paid") for one in two] == [50, 0]
    assert balance(books, line)[3] == "reversed"
    assert balance(books, other)[3] == "applied"


def test_a_take_back_may_undo_one_line_of_a_larger_payment(books, payer, claim, two):
    sent = remittance(books, payer, "200.00", part(two[0], "80.00"))
    back = taken(books, payer, claim, "-80.00")
    assert back.undoes == sent.payment_id
    assert balance(books, sent) == (120, 0, 120, "unapplied")


def test_case_45_a_take_back_without_its_line_is_kept_unmatched(books, payer, claim, two):
    remittance(books, payer, "80.00", part(two[0], "80.00"))
    for where, amount in ((claim, "-80.01"), (None, "-80.00"), (a_claim(books, payer), "-80.00")):
        back = taken(books, payer, where, amount, reference=uuid4().hex)
        assert back.undoes is None
        items = open_items(books, payment_id=back.payment.payment_id)
        assert items == {"unmatched_takeback": (Decimal(amount), None)}
    assert read(books, two[0], "amount_paid") == 80


def test_a_line_is_taken_back_once(books, payer, claim, two):
    remittance(books, payer, "80.00", part(two[0], "80.00"))
    first = taken(books, payer, claim, "-80.00", idempotency_key="line-9")
    assert taken(books, payer, claim, "-80.00", idempotency_key="line-9").payment == first.payment
    assert taken(books, payer, claim, "-80.00", reference="EFT-3").undoes is None


def test_two_unmatched_lines_may_say_the_same(books, payer):
    first, second = (taken(books, payer, None, "-80.00") for _ in range(2))
    assert first.payment.payment_id != second.payment.payment_id


def test_an_unmatched_take_back_is_allocated_by_a_person_or_set_aside(books, payer, claim, two):
    enter(books, payer, "130.00", part(two[0], "130.00"))
    back = taken(books, payer, None, "-50.00").payment
    allocate(books, BILLER, back.payment_id, [part(two[0], "-30.00")])
    assert read(books, two[0], "billing_status", "outstanding") == ("pending", 30)
    adjust_payment(books, BILLER, back.payment_id, "takeback", Decimal(20), reason="by contract")
    assert balance(books, back) == (-50, -30, 0, "applied")
    assert open_items(books, payment_id=back.payment_id) == {}


def test_an_auto_split_is_put_right_by_opposite_rows(books, payer, claim, two):
    parts = split_over_claim(books, claim, Decimal("100.00"))
    assert [(one.amount, one.split) for one in parts] == [(50, "auto"), (50, "auto")]
    sent = remittance(books, payer, "100.00", *parts)
    wrong = allocations(books, sent)
    right = [part(two[1], "100.00", remainder="leave_open")]
    correct_split(books, BILLER, sent.payment_id, set(wrong.values()), right)
    assert [read(books, one, "amount_paid") for one in two] == [0, 100]
    assert counted(books, "payment_allocations") == 5
    assert balance(books, sent) == (100, 100, 0, "applied")
    with refused(409, "already_undone"):
        correct_split(books, BILLER, sent.payment_id, set(wrong.values()), right)


def test_a_corrected_split_reopens_what_it_no_longer_pays(books, payer, two, paid):
    more = a_session(books, "submitted", payer_id=payer)
    wrong = allocations(books, paid)
    correct_split(books, BILLER, paid.payment_id, [wrong[two[0]]], [part(more, "130.00")])
    told = [read(books, one, "billing_status") for one in (*two, more)]
    assert told == ["pending", "paid", "paid"]


@pytest.mark.parametrize(
    "statement",
    [
        "update desk.payments set amount = 1",
        "update desk.payments set is_reversed = false",
        "delete from desk.payments",
        "update desk.payment_allocations set amount = 1",
        "delete from desk.payment_allocations",
        "truncate desk.payment_allocations",
        "update desk.adjustments set amount = 1",
    ],
)
def test_posted_money_is_not_edited_by_anybody(desk, statement):
    with desk.open() as db:
        payer = a_payer(db)
        owed = a_session(db, "submitted", payer_id=payer)
        reverse(db, enter(db, payer, "90.00", part(owed, "90.00", remainder="contractual")))
    with psycopg.connect(desk.warehouse.admin) as owner, pytest.raises(psycopg.Error) as error:
        owner.execute(statement)
    assert error.value.sqlstate == "23001"


def test_the_database_keeps_allocations_within_their_payment(books, payer, two, paid):
    """Whoever writes them: the last line of defense is not the code that usually writes."""
    reversed_in_part = reverse(books, paid, "100.00")
    insert = (
        "insert into desk.payment_allocations (payment_id, session_id, amount, split, by_user,"
        " reverses_allocation_id) values (%s, %s, %s, 'exact', 'x', %s)"
    )
    of_two = allocations(books, paid)
    for payment_id, amount, undoes in [
        (paid.payment_id, "0.01", None),
        (reversed_in_part.payment_id, "-0.01", None),
        (paid.payment_id, "-80.01", of_two[two[0]]),
        (paid.payment_id, "1.00", of_two[two[0]]),
    ]:
        with pytest.raises(psycopg.errors.CheckViolation), books.transaction():
            books.execute(insert, [payment_id, two[0], amount, undoes])
