"""Payments: what may be entered, once each, and what an allocation does to its sessions."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from daysheet.desk.money.payments import Allocation, allocate, record_payment, split_over_claim
from tests.desk.money import YESTERDAY, counted, enter, open_items, part, refused
from tests.desk.stages import BILLER, LEAD, SYSTEM, TODAY, VIEWER, a_claim, a_payer, a_session, read

MONEY = ("billing_status", "amount_paid", "write_off", "client_transfer", "outstanding")


@pytest.fixture
def payer(books):
    return a_payer(books)


@pytest.fixture
def owed(books, payer):
    """A session of that payer with 130.00 outstanding."""
    return a_session(books, "submitted", payer_id=payer)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"amount": "0.00"}, "amount"),
        ({"amount": "-20.00"}, "amount"),
        ({"amount": "20.001"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": "1e9"}, "amount"),
        ({"received_on": TODAY + timedelta(days=1)}, "received_on"),
        ({"received_on": date(2014, 12, 31)}, "received_on"),
        ({"reference": "  "}, "reference"),
        ({"reference": "x" * 201}, "reference"),
        ({"reference": "CHK\x001"}, "reference"),
        ({"method": "barter"}, "method"),
        ({"payer_id": uuid4()}, "payer_id"),
        ({"idempotency_key": ""}, "idempotency_key"),
    ],
)
def test_case_53_a_payment_that_cannot_be_names_its_field(books, payer, given, field):
    asked = {"payer_id": payer, "amount": "20.00"} | given
    with refused(422, field=field):
        enter(books, asked.pop("payer_id"), asked.pop("amount"), **asked)
    assert counted(books, "payments") == 0


@pytest.mark.parametrize(
    ("amount", "code"),
    [("100.01", "beyond_payment"), ("0.00", "wrong_sign"), ("-5.00", "wrong_sign"),
     ("1.005", "sub_cent_amount")],
)  # fmt: skip
def test_case_53_an_allocation_that_cannot_be_names_its_field(books, payer, owed, amount, code):
    payment = enter(books, payer, "100.00")
    with refused(422, code, "amount"):
        allocate(books, BILLER, payment.payment_id, [part(owed, amount, remainder="leave_open")])
    assert counted(books, "payment_allocations") == 0


def test_case_53_two_allocations_together_do_not_go_beyond_the_payment_either(books, payer):
    one, two = (a_session(books, "submitted", payer_id=payer) for _ in range(2))
    with refused(422, "beyond_payment", "amount"):
        enter(
            books, payer, "100.00", *(part(s, "60.00", remainder="leave_open") for s in (one, two))
        )
    assert counted(books, "payments") == 0, "the payment went with its allocations"


def test_case_54_the_same_key_gives_the_same_answer_and_does_nothing_again(books, payer, owed):
    version = read(books, owed, "row_version")
    form = {"reference": "CHK 7", "idempotency_key": "form-1"}
    whole = part(owed, "130.00", row_version=version)
    first = enter(books, payer, "130.00", whole, **form)
    again = enter(books, payer, "130.00", whole, **form)
    assert again == first
    assert (first.is_repeat, again.is_repeat) == (False, True)
    assert (counted(books, "payments"), counted(books, "payment_allocations")) == (1, 1)
    assert read(books, owed, "amount_paid") == Decimal("130.00")


def test_a_key_used_for_another_payment_is_a_conflict(books, payer):
    first = enter(books, payer, "50.00", idempotency_key="form-1")
    with refused(409, "key_used_before") as refusal:
        enter(books, payer, "51.00", idempotency_key="form-1")
    assert str(first.payment_id) in refusal.value.problem


def test_case_55_the_same_money_again_is_a_conflict_that_names_the_first(books, payer):
    first = enter(books, payer, "50.00", reference="chk 20-417")
    with refused(409, "duplicate_payment") as refusal:
        enter(books, payer, "50.00", reference="CHK20417")
    assert str(first.payment_id) in refusal.value.problem
    with refused(403):
        enter(books, payer, "50.00", reference="CHK20417", forced_reason="two checks")
    with refused(422, field="forced_reason"):
        enter(books, payer, "50.00", reference="CHK20417", forced_reason=" ", actor=LEAD)
    enter(books, payer, "50.00", reference="CHK20417", forced_reason="two checks", actor=LEAD)
    assert counted(books, "payments") == 2


@pytest.mark.parametrize(
    "other", [{"received_on": TODAY}, {"amount": "50.01"}, {"reference": "CHK 20418"}]
)
def test_money_that_differs_in_one_thing_is_other_money(books, payer, other):
    asked = {"amount": "50.00", "reference": "CHK 20417"} | other
    enter(books, payer, "50.00", reference="CHK 20417")
    enter(books, payer, asked.pop("amount"), **asked)
    assert counted(books, "payments") == 2


def test_money_left_over_is_kept_with_a_work_item_until_it_is_allocated(books, payer, owed):
    payment = enter(books, payer, "180.00", part(owed, "130.00"))
    item = open_items(books, payment_id=payment.payment_id)
    assert item == {"unmatched_money": (Decimal("50.00"), None)}
    other = a_session(books, "submitted", payer_id=payer, ins_charge=50)
    allocate(books, BILLER, payment.payment_id, [part(other, "50.00")])
    assert open_items(books, payment_id=payment.payment_id) == {}


@pytest.mark.parametrize(
    ("remainder", "expected", "decide", "items"),
    [
        ("leave_open", ("pending", 90, 0, 0, 40), True, {"disposition"}),
        ("contractual", ("paid", 90, 40, 0, 0), False, set()),
        ("to_client", ("paid", 90, 0, 40, 0), False, set()),
        ("underpaid", ("pending", 90, 0, 0, 40), False, {"follow_up"}),
    ],
)
def test_what_is_left_of_a_session_goes_where_the_person_says(
    books, payer, owed, remainder, expected, decide, items
):
    enter(books, payer, "90.00", part(owed, "90.00", remainder=remainder))
    assert read(books, owed, *MONEY) == expected
    assert read(books, owed, "needs_disposition") is decide
    assert set(open_items(books, session_id=owed)) == items


def test_what_is_left_must_be_decided_about(books, payer, owed):
    with refused(422, "remainder_undecided", "remainder"):
        enter(books, payer, "90.00", part(owed, "90.00"))
    assert read(books, owed, *MONEY) == ("submitted", 0, 0, 0, 130)


@pytest.mark.parametrize(
    "status",
    ["completed", "documented", "ready_to_bill", "submitted", "pending", "approved", "denied",
     "appealing"],
)  # fmt: skip
def test_a_session_with_nothing_outstanding_is_paid_on_the_day_of_the_money(books, payer, status):
    owed = a_session(books, status, payer_id=payer)
    enter(books, payer, "130.00", part(owed, "130.00"))
    told = read(books, owed, "billing_status", "paid_on", "paid_on_source")
    assert told == ("paid", YESTERDAY, "manual")


@pytest.mark.parametrize("status", ["scheduled", "voided"])
def test_what_did_not_take_place_is_not_paid(books, payer, status):
    nothing_owed = a_session(books, status, payer_id=payer)
    with refused(422, "not_payable", "session_id"):
        enter(books, payer, "130.00", part(nothing_owed, "130.00"))


@pytest.mark.parametrize(
    ("plan_class", "days"), [("medicare", 60), ("medicaid", 60), ("tricare", 60),
                             ("commercial", 90), ("other", 90)],
)  # fmt: skip
def test_more_than_is_owed_is_kept_as_credit_only_when_that_is_said(books, plan_class, days):
    payer = a_payer(books, plan_class=plan_class)
    owed = a_session(books, "submitted", payer_id=payer)
    with refused(422, "overpaid", "keep_credit"):
        enter(books, payer, "170.00", part(owed, "170.00"))
    enter(books, payer, "170.00", part(owed, "170.00", keep_credit=True))
    assert read(books, owed, "billing_status", "payer_credit", "keeps_credit") == ("paid", 40, True)
    credit = (Decimal("40.00"), TODAY + timedelta(days=days))
    assert open_items(books, session_id=owed) == {"credit": credit}


def test_a_remittance_leaves_the_rest_open_and_keeps_a_credit(books, payer):
    short, over = (a_session(books, "submitted", payer_id=payer) for _ in range(2))
    sent = enter(books, payer, "260.00", actor=SYSTEM, source="payment_report", method="eft")
    allocate(books, SYSTEM, sent.payment_id, [part(short, "90.00"), part(over, "170.00")])
    assert read(books, short, "billing_status", "needs_disposition") == ("pending", True)
    assert read(books, over, "billing_status", "payer_credit", "paid_on_source") == (
        "paid", 40, "remittance",
    )  # fmt: skip
    assert read(books, short, "first_outcome", "first_adjudicated_on") == ("partial", YESTERDAY)
    assert read(books, over, "first_outcome", "first_adjudicated_on") == ("paid", YESTERDAY)


def test_case_45_an_amount_for_no_known_claim_is_kept_unapplied(books, payer):
    sent = enter(books, payer, "55.50", actor=SYSTEM, source="payment_report", method="eft")
    assert split_over_claim(books, uuid4(), sent.amount) == []
    assert split_over_claim(books, a_claim(books, payer), sent.amount) == []
    assert set(open_items(books, payment_id=sent.payment_id)) == {"unmatched_money"}
    state = books.execute("select state, unapplied from desk.payment_balances").fetchone()
    assert state == ("unapplied", Decimal("55.50"))


def test_the_same_remittance_twice_is_posted_once(books, payer):
    once = {"actor": SYSTEM, "source": "payment_report", "idempotency_key": "remittance:1"}
    first = enter(books, payer, "20.00", reference="EFT-1", **once)
    again = enter(books, payer, "20.00", reference="EFT-1", **once)
    assert (again, counted(books, "payments")) == (first, 1)


def test_client_money_is_kept_but_never_allocated(books, owed):
    payment = enter(books, None, "25.00", method="card")
    with refused(422, "client_money", "payment_id"):
        allocate(books, BILLER, payment.payment_id, [part(owed, "25.00", remainder="leave_open")])
    assert open_items(books, payment_id=payment.payment_id) == {}


def test_cash_needs_no_reference(books):
    assert enter(books, None, "25.00", method="cash", reference=None).reference is None


def test_only_billers_post_and_the_system_posts_what_files_report(books, payer, owed):
    with refused(403):
        enter(books, payer, "20.00", actor=VIEWER)
    with refused(403):
        enter(books, payer, "20.00", actor=SYSTEM)
    payment = enter(books, payer, "20.00")
    with refused(403):
        allocate(books, VIEWER, payment.payment_id, [part(owed, "20.00")])


def test_a_claims_line_is_split_by_outstanding_to_the_cent(books, payer):
    claim = a_claim(books, payer)
    of_claim = {"payer_id": payer, "claim_id": claim}
    for number, charge in enumerate(("100.00", "100.00", "100.01")):
        a_session(books, "submitted", was_sent=False, service_on=TODAY - timedelta(days=9 - number),
                  ins_charge=Decimal(charge), first_submitted_on=TODAY, last_submitted_on=TODAY,
                  **of_claim)  # fmt: skip
    parts = split_over_claim(books, claim, Decimal("100.00"))
    assert [one.amount for one in parts] == [Decimal(x) for x in ("33.33", "33.33", "33.34")]
    assert {one.split for one in parts} == {"auto"}


def test_case_58_a_session_somebody_changed_meanwhile_is_a_conflict_with_its_balance(
    books, payer, owed
):
    seen = read(books, owed, "row_version")
    enter(books, payer, "90.00", part(owed, "90.00", row_version=seen, remainder="leave_open"))
    with refused(409, "conflict") as refusal:
        enter(books, payer, "40.00", part(owed, "40.00", row_version=seen))
    assert "outstanding is now 40.00" in refusal.value.problem


def test_a_paid_export_learns_its_day_from_the_payment(books, payer):
    paid = a_session(books, "paid", payer_id=payer)
    enter(books, payer, "130.00", part(paid, "130.00"))
    assert read(books, paid, "paid_on", "paid_on_source") == (YESTERDAY, "manual")


def test_nothing_is_known_of_an_unknown_session_or_payment(books, payer):
    with refused(404, "unknown_session"):
        enter(books, payer, "20.00", Allocation(uuid4(), Decimal("20.00")))
    with refused(404, "unknown_payment"):
        allocate(books, BILLER, uuid4(), [])


def test_a_refusal_and_a_payment_show_no_reference(books, payer):
    payment = record_payment(
        books, BILLER, payer_id=payer, method="check", reference="Ada Example", amount=Decimal(5),
        received_on=TODAY, idempotency_key="k",
    )  # fmt: skip
    assert "Ada" not in repr(payment)
