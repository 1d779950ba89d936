"""Write-offs and transfers: who may, how much, and how they are undone."""

from decimal import Decimal

import pytest

from daysheet.desk.ledger.adjustments import adjust, adjust_payment, undo_adjustment
from daysheet.desk.lifecycle.changes import Details, change_status
from daysheet.desk.money.settlement import dispose, move, undo
from daysheet.desk.money.splits import correct_split
from tests.desk.invented import insert
from tests.desk.money import enter, open_items, part, refused, reverse
from tests.desk.stages import ADMIN, BILLER, LEAD, SYSTEM, VIEWER, a_payer, a_session, read

MONEY = ("billing_status", "write_off", "client_transfer", "outstanding")


@pytest.fixture
def payer(books):
    return a_payer(books)


@pytest.fixture
def costly(books, payer):
    """A session with 600.00 outstanding; 250.00 of it a lead may write off."""
    return a_session(books, "pending", payer_id=payer, ins_charge=Decimal(600))


@pytest.fixture
def part_paid(books, payer):
    """A session with 40.00 left of 130.00."""
    owed = a_session(books, "submitted", payer_id=payer)
    enter(books, payer, "90.00", part(owed, "90.00", remainder="leave_open"))
    return owed


def write_off(books, actor, session_id, amount, kind="write_off"):
    return adjust(books, actor, session_id, kind, Decimal(amount), reason="too small to chase")


@pytest.mark.parametrize(
    ("actor", "amount", "may"),
    [
        (VIEWER, "0.01", False), (BILLER, "0.01", False),
        (LEAD, "250.00", True), (LEAD, "250.01", False),
        (ADMIN, "600.00", True), (SYSTEM, "600.00", True),
    ],
)  # fmt: skip
def test_case_57_a_write_off_above_the_limit_needs_an_admin(books, costly, actor, amount, may):
    if may:
        write_off(books, actor, costly, amount)
    else:
        with refused(403):
            write_off(books, actor, costly, amount)
    assert read(books, costly, "write_off") == (Decimal(amount) if may else 0)


def test_case_57_the_limit_is_of_the_session_not_of_one_write_off(books, costly):
    write_off(books, LEAD, costly, "200.00")
    with refused(403):
        write_off(books, LEAD, costly, "50.01")
    write_off(books, LEAD, costly, "50.00")
    assert read(books, costly, "write_off") == 250


def test_case_57_a_session_with_live_money_is_not_voided(books, payer, part_paid):
    with refused(422):
        change_status(books, LEAD, part_paid, "voided", details=Details(reason="never took place"))
    assert read(books, part_paid, "billing_status") == "pending"


def test_a_biller_writes_off_by_contract_what_a_payment_left(books, part_paid, costly):
    assert dispose(books, BILLER, part_paid, "contractual").outstanding == 0
    assert read(books, part_paid, *MONEY) == ("paid", 40, 0, 0)
    assert read(books, part_paid, "needs_disposition") is False
    assert open_items(books, session_id=part_paid) == {}
    with refused(403):
        write_off(books, BILLER, costly, "1.00", "contractual")


def test_what_an_export_says_was_paid_in_part_can_be_decided_about(books, payer):
    reported = a_session(books, "pending", payer_id=payer, ins_paid_reported=70)
    dispose(books, BILLER, reported, "to_client")
    assert read(books, reported, *MONEY) == ("paid", 0, 60, 0)
    with refused(422, "nothing_left"):
        dispose(books, BILLER, reported, "to_client")


def test_what_a_contract_bars_is_moved_to_the_client_by_a_lead_only(books, part_paid):
    denial = {"session_id": part_paid, "denied_on": "2026-11-15", "category": "coding",
              "group_code": "CO", "by_user": "tests", "amount": 40}  # fmt: skip
    insert(books, "denials", denial, "denial_id")
    with refused(403):
        dispose(books, BILLER, part_paid, "to_client")
    dispose(books, LEAD, part_paid, "to_client")
    assert read(books, part_paid, *MONEY) == ("paid", 0, 40, 0)


def test_money_comes_back_from_the_client_up_to_what_went(books, costly):
    adjust(books, BILLER, costly, "to_client", Decimal(100), reason="deductible")
    with refused(422, "beyond_balance", "amount"):
        adjust(books, BILLER, costly, "from_client", Decimal("100.01"), reason="insured after all")
    adjust(books, BILLER, costly, "from_client", Decimal(100), reason="insured after all")
    assert read(books, costly, *MONEY) == ("pending", 0, 0, 600)


@pytest.mark.parametrize(
    ("amount", "reason", "field"),
    [("600.01", "x", "amount"), ("0.00", "x", "amount"), ("-1.00", "x", "amount"),
     ("0.001", "x", "amount"), ("1.00", " ", "reason")],
)  # fmt: skip
def test_an_adjustment_that_cannot_be_names_its_field(books, costly, amount, reason, field):
    with refused(422, field=field):
        adjust(books, ADMIN, costly, "write_off", Decimal(amount), reason=reason)


def test_an_adjustment_is_undone_once_by_its_opposite(books, costly):
    made = write_off(books, LEAD, costly, "100.00")
    with refused(403):
        undo_adjustment(books, BILLER, made, "wrong session")
    undone = undo_adjustment(books, LEAD, made, "wrong session")
    rows = books.execute("select amount from desk.adjustments order by amount").fetchall()
    assert rows == [(-100,), (100,)]
    assert read(books, costly, "write_off_posted", "outstanding") == (None, 600)
    with refused(409, "already_undone"):
        undo_adjustment(books, LEAD, made, "wrong session")
    with refused(422, "is_an_undoing"):
        undo_adjustment(books, LEAD, undone, "wrong session")


def test_what_the_client_was_given_back_is_not_undone_again(books, costly):
    moved = adjust(books, LEAD, costly, "to_client", Decimal("50.00"), reason="coinsurance")
    adjust(books, LEAD, costly, "from_client", Decimal("0.01"), reason="one cent too much")
    with refused(422, "beyond_balance", "amount"):
        undo_adjustment(books, LEAD, moved, "mistaken")
    assert read(books, costly, "client_transfer") == Decimal("49.99")


def test_undoing_what_settled_a_session_reopens_it(books, payer):
    owed = a_session(books, "submitted", payer_id=payer)
    enter(books, payer, "90.00", part(owed, "90.00", remainder="contractual"))
    assert read(books, owed, *MONEY) == ("paid", 40, 0, 0)
    made = books.execute("select adjustment_id from desk.adjustments").fetchone()
    undo(books, BILLER, made[0], "not by contract")
    assert read(books, owed, *MONEY) == ("pending", 0, 0, 40)
    assert read(books, owed, "needs_disposition") is True


def test_interest_is_set_aside_of_a_payment_and_never_spread(books, payer):
    owed = a_session(books, "submitted", payer_id=payer)
    payment = enter(books, payer, "131.25", part(owed, "130.00"))
    assert set(open_items(books, payment_id=payment.payment_id)) == {"unmatched_money"}
    with refused(422, "beyond_payment", "amount"):
        adjust_payment(books, BILLER, payment.payment_id, "interest", Decimal("1.26"), reason="x")
    adjust_payment(books, BILLER, payment.payment_id, "interest", Decimal("1.25"), reason="late")
    assert open_items(books, payment_id=payment.payment_id) == {}
    assert read(books, owed, "amount_paid") == 130
    reverse(books, payment)
    totals = "select (select sum(amount) from desk.adjustments), kept, unapplied"
    assert books.execute(f"{totals} from desk.payment_balances").fetchone() == (0, 0, 0)


@pytest.mark.parametrize(
    ("allowed", "paid", "client", "is_short"),
    [
        ("100.00", "98.00", "0", False), ("100.00", "97.99", "0", True),
        ("100.00", "77.99", "20.00", True), ("100.00", "78.00", "20.00", False),
        ("20.00", "19.00", "0", False), ("20.00", "18.99", "0", True),
        (None, "0.01", "0", False),
    ],
)  # fmt: skip
def test_underpaid_is_short_by_more_than_a_dollar_and_two_percent(
    books, payer, allowed, paid, client, is_short
):
    owed = a_session(books, "submitted", payer_id=payer, client_charge=Decimal(client),
                     expected_allowed=allowed and Decimal(allowed))  # fmt: skip
    enter(books, payer, paid, part(owed, paid, remainder="leave_open"))
    told = books.execute("select detail ->> 'underpaid' from desk.work_items").fetchone()
    assert told == ("true" if is_short else "false",)


@pytest.mark.parametrize(
    ("kind", "actor", "status"),
    [("write_off", LEAD, "written_off"), ("contractual", LEAD, "written_off"),
     ("to_client", BILLER, "client_responsibility")],
)  # fmt: skip
def test_a_session_ends_by_what_was_moved_when_nothing_was_paid(books, payer, kind, actor, status):
    owed = a_session(books, "pending", payer_id=payer)
    asked = {"reason": "small", "kind": kind}
    assert move(books, actor, owed, amount=Decimal(100), **asked).billing_status == "pending"
    assert move(books, actor, owed, amount=Decimal(30), **asked).billing_status == status
    assert read(books, owed, "outstanding", "in_ar") == (0, False)


def test_a_paid_session_is_owed_again_when_the_client_gets_money_back(books, part_paid):
    dispose(books, BILLER, part_paid, "to_client")
    version = read(books, part_paid, "row_version")
    asked = {"reason": "insured after all", "amount": Decimal(10), "row_version": version}
    assert move(books, BILLER, part_paid, "from_client", **asked).billing_status == "pending"
    with refused(409, "conflict"):
        move(books, BILLER, part_paid, "from_client", **asked)


def test_a_split_corrected_on_the_same_session_reopens_it(books, payer):
    owed = a_session(books, "submitted", payer_id=payer)
    payment = enter(books, payer, "130.00", part(owed, "130.00"), actor=LEAD)
    (wrong,) = books.execute("select allocation_id from desk.payment_allocations").fetchone()
    right = part(owed, "100.00", remainder="leave_open")
    correct_split(books, BILLER, payment.payment_id, [wrong], [right])
    assert read(books, owed, "billing_status", "outstanding") == ("pending", 30)


@pytest.mark.parametrize(
    ("status", "remainder"), [("paid", "contractual"), ("written_off", "write_off")]
)
def test_what_an_export_wrote_off_stays_off_when_the_rest_is_written_off_here(
    books, payer, status, remainder
):
    owed = a_session(books, "pending", payer_id=payer, write_off_reported=Decimal(30))
    if remainder == "contractual":
        enter(books, payer, "80.00", part(owed, "80.00", remainder=remainder))
    else:
        change_status(books, LEAD, owed, "written_off", details=Details(reason="too small"))
    paid = read(books, owed, "amount_paid")
    assert read(books, owed, *MONEY) == (status, 130 - paid, 0, 0)
    (made,) = books.execute(
        "select adjustment_id from desk.adjustments order by amount = 30 limit 1"
    ).fetchone()
    undo(books, LEAD, made, "mistaken")
    assert read(books, owed, "write_off", "outstanding") == (30, 100 - paid)


def test_nothing_is_written_off_while_an_appeal_is_undecided(books, payer):
    owed = a_session(books, "appealing", payer_id=payer)
    enter(books, payer, "50.00", part(owed, "50.00", remainder="leave_open"))
    with refused(422, "appeal_open"):
        move(books, LEAD, owed, "write_off", Decimal(80), reason="enough")
    assert books.execute("select decision from desk.appeals").fetchall() == [(None,)]


@pytest.mark.parametrize("status", ["scheduled", "voided"])
def test_what_did_not_take_place_is_not_written_off(books, payer, status):
    owed = a_session(books, status, payer_id=payer)
    with refused(422, "nothing_owed"):
        move(books, LEAD, owed, "write_off", Decimal(30), reason="small")
