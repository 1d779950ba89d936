"""What comes of a session once it is closed: its status stays, and a person is asked, or not."""

import pytest

from daysheet.desk import daily
from daysheet.desk.lifecycle.changes import Details, change_status
from daysheet.desk.money.settlement import move, undo
from tests.desk.money import enter, open_items, part, reverse
from tests.desk.stages import ADMIN, SYSTEM, a_payer, a_session, read


def client_gives_back(db, session_id):
    move(db, ADMIN, session_id, "from_client", read(db, session_id, "client_transfer"), reason="no")


def adjustment_is_undone(db, session_id):
    (adjustment_id,) = db.execute(
        "select adjustment_id from desk.adjustments where session_id = %s", [session_id]
    ).fetchone()
    undo(db, ADMIN, adjustment_id, "mistaken")


@pytest.mark.parametrize(
    ("status", "reopen"),
    [
        ("client_responsibility", client_gives_back),
        ("client_responsibility", adjustment_is_undone),
        ("written_off", adjustment_is_undone),
    ],
)
def test_what_is_owed_again_after_closing_is_a_conflict(books, status, reopen):
    session_id = a_session(books, "submitted")
    change_status(books, ADMIN, session_id, status, details=Details(reason="because"))
    assert "conflict" not in open_items(books, session_id=session_id)
    reopen(books, session_id)
    assert read(books, session_id, "billing_status", "outstanding") == (status, 130)
    assert "conflict" in open_items(books, session_id=session_id)


def test_a_payment_that_bounces_after_closing_is_a_conflict(books):
    payer = a_payer(books)
    session_id = a_session(books, "submitted", payer_id=payer)
    check = enter(books, payer, "40.00", part(session_id, "40.00", remainder="leave_open"))
    details = Details(reason="deductible")
    change_status(books, SYSTEM, session_id, "client_responsibility", details=details)
    reverse(books, check)
    assert read(books, session_id, "billing_status", "outstanding") == (
        "client_responsibility", 40,
    )  # fmt: skip
    assert "conflict" in open_items(books, session_id=session_id)


def test_a_voided_session_is_not_asked_about_every_morning(books):
    given = {"ins_paid_reported": 40, "ins_unpaid_reported": 90, "needs_disposition": True}
    session_id = a_session(books, "pending", **given)
    daily.refresh(books, SYSTEM)
    assert set(open_items(books, session_id=session_id)) == {"disposition"}
    change_status(books, ADMIN, session_id, "voided", details=Details(reason="no visit"))
    assert daily.refresh(books, SYSTEM).opened == 0
    assert open_items(books, session_id=session_id) == {}
