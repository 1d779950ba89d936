"""What each step writes on the session, beside it, and in its history."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from daysheet.desk.lifecycle.changes import Details, Origin, change_status
from daysheet.desk.refusals import Refused
from daysheet.desk.work.items import open_item
from tests.desk.invented import insert
from tests.desk.stages import (
    BILLER,
    CHARGE,
    LEAD,
    SERVICE,
    SYSTEM,
    TODAY,
    a_claim,
    a_payer,
    a_session,
    read,
    staff,
)

YESTERDAY = TODAY - timedelta(days=1)
LATER = SERVICE + timedelta(days=3)


@pytest.fixture
def db(scratch_db):
    return scratch_db


def rows(db, query, *values):
    return db.execute(query, values).fetchall()


def denial(db, session_id):
    return rows(
        db,
        "select denied_on, category, group_code, amount, resolved_on, resolution"
        " from desk.denials where session_id = %s order by created_at",
        session_id,
    )


def open_kinds(db, session_id):
    found = rows(
        db, "select kind from desk.work_items where session_id = %s and done_at is null", session_id
    )
    return {kind for (kind,) in found}


def posted(db, session_id, amount, source="manual", on=YESTERDAY):
    """Money as the payments module posts it."""
    payer_id = read(db, session_id, "payer_id")
    payment = {
        "payer_id": payer_id, "method": "eft", "reference": uuid4().hex, "received_on": on,
        "amount": amount, "source": source, "idempotency_key": uuid4().hex, "by_user": "tests",
    }  # fmt: skip
    payment_id = insert(db, "payments", payment, "payment_id")
    allocation = {
        "payment_id": payment_id, "session_id": session_id, "amount": amount, "split": "exact",
        "by_user": "tests",
    }  # fmt: skip
    insert(db, "payment_allocations", allocation, "allocation_id")


def test_every_change_has_its_row_and_its_version(db):
    session_id = a_session(db, "submitted")
    batch = uuid4()
    history_id = change_status(
        db, BILLER, session_id, "ready_to_bill",
        details=Details(reason="wrong modifier"), origin=Origin(batch_id=batch), row_version=1,
    )  # fmt: skip
    assert read(db, session_id, "row_version", "status_since") == (2, TODAY)
    (row,) = rows(
        db,
        "select history_id, from_status, to_status, transition, actor, source, reason, batch_id,"
        " as_of, detail from desk.session_status_history where session_id = %s"
        " and from_status is not null",
        session_id,
    )
    assert row[:9] == (
        history_id, "submitted", "ready_to_bill", 9, "biller", "ui", "wrong modifier", batch, TODAY,
    )  # fmt: skip
    assert row[9] == {"was": {"clean_claim": None}, "is": {"clean_claim": False}}


@pytest.mark.parametrize("note_status", ["LOCKED", "Signed"])
def test_3_a_locked_note_or_an_attested_one_documents(db, note_status):
    locked = a_session(db, "completed", note_status=note_status)
    change_status(db, SYSTEM, locked, "documented")
    attested = a_session(db, "completed")
    change_status(db, BILLER, attested, "documented", details=Details(on=YESTERDAY))
    assert read(db, attested, "note_attested_on") == YESTERDAY


def test_4_and_5_making_ready_gives_it_to_who_made_it_ready(db):
    staff(db)
    skipped = a_session(db, "completed")
    change_status(db, BILLER, skipped, "ready_to_bill", details=Details(on=SERVICE))
    assert read(db, skipped, "assigned_to", "note_attested_on") == ("biller", SERVICE)
    owned = a_session(db, "documented", assigned_to="lead")
    change_status(db, BILLER, owned, "ready_to_bill")
    assert read(db, owned, "assigned_to") == "lead"


def test_7_the_first_sending_makes_a_claim_with_one_submission(db):
    session_id = a_session(db, "ready_to_bill")
    open_item(db, "bill_it", session_id=session_id)
    change_status(db, BILLER, session_id, "submitted", details=Details(on=LATER))
    assert read(db, session_id, "first_submitted_on", "last_submitted_on") == (LATER, LATER)
    claim = rows(
        db,
        "select claims.payer_id = sessions.payer_id, claims.client_id = sessions.client_id,"
        " claims.submitted_on, n, kind, submissions.submitted_on, by_user from desk.claims"
        " inner join desk.sessions using (claim_id) inner join desk.submissions using (claim_id)"
        " where session_id = %s",
        session_id,
    )
    assert claim == [(True, True, LATER, 1, "original", LATER, "biller")]
    assert open_kinds(db, session_id) == set()


def test_7_sending_again_keeps_the_first_day(db):
    session_id = a_session(db, "ready_to_bill", was_sent=True)
    change_status(db, BILLER, session_id, "submitted", details=Details(on=LATER))
    assert read(db, session_id, "first_submitted_on", "last_submitted_on") == (SERVICE, LATER)
    sent = rows(
        db,
        "select n, kind, submitted_on from desk.submissions inner join desk.sessions"
        " using (claim_id) where session_id = %s order by n",
        session_id,
    )
    assert sent == [(1, "original", SERVICE), (2, "corrected", LATER)]


def test_7_sessions_of_one_claim_that_go_on_one_day_are_one_submission(db):
    payer_id = a_payer(db)
    claim_id = a_claim(db, payer_id)
    both = [
        a_session(db, "ready_to_bill", payer_id=payer_id, claim_id=claim_id, claim=None)
        for _ in range(2)
    ]
    for session_id in both:
        change_status(db, BILLER, session_id, "submitted", details=Details(on=LATER))
    assert rows(db, "select n from desk.submissions where claim_id = %s", claim_id) == [(1,)]
    assert [read(db, one, "claim_id") for one in both] == [claim_id, claim_id]


def test_7_another_payer_means_another_claim(db):
    session_id = a_session(db, "ready_to_bill", claim={})
    old = read(db, session_id, "claim_id")
    db.execute(
        "update desk.sessions set payer_id = %s where session_id = %s", [a_payer(db), session_id]
    )
    change_status(db, BILLER, session_id, "submitted", details=Details(on=LATER))
    assert read(db, session_id, "claim_id") not in (old, None)


def test_8_evidence_of_an_unknown_day_leaves_the_age_to_the_service(db):
    dated = a_session(db, "documented", claim={"clearinghouse_ref": "CR1"})
    change_status(db, SYSTEM, dated, "submitted", details=Details(on=LATER))
    assert read(db, dated, "first_submitted_on", "last_submitted_on") == (LATER, LATER)
    undated = a_session(db, "completed", claim={"clearinghouse_ref": "CR2"})
    change_status(db, SYSTEM, undated, "submitted")
    assert read(db, undated, "first_submitted_on", "in_ar") == (None, True)


def test_9_a_rejection_is_no_clean_claim_and_stays_in_ar(db):
    session_id = a_session(db, "submitted")
    change_status(db, SYSTEM, session_id, "ready_to_bill")
    assert read(db, session_id, "clean_claim", "first_submitted_on", "in_ar") == (
        False, SERVICE, True,
    )  # fmt: skip
    answered = rows(
        db,
        "select outcome from desk.submission_outcomes inner join desk.sessions using (claim_id)"
        " where session_id = %s",
        session_id,
    )
    assert answered == [("rejected",)]
    assert open_kinds(db, session_id) == {"rejection"}


def test_10_a_part_paid_is_a_first_outcome(db):
    session_id = a_session(db, "submitted")
    posted(db, session_id, 30)
    change_status(db, BILLER, session_id, "pending", details=Details(via="posting"))
    assert read(db, session_id, "first_outcome", "first_adjudicated_on", "needs_disposition") == (
        "partial", YESTERDAY, True,
    )  # fmt: skip
    acknowledged = a_session(db, "submitted")
    change_status(db, SYSTEM, acknowledged, "pending")
    assert read(db, acknowledged, "first_outcome", "needs_disposition") == (None, False)


def test_11_an_approval_is_a_first_outcome_with_what_is_allowed(db):
    session_id = a_session(db, "pending")
    details = Details(on=LATER, amount=Decimal("90.26"))
    change_status(db, BILLER, session_id, "approved", details=details)
    assert read(db, session_id, "first_outcome", "first_adjudicated_on", "expected_allowed") == (
        "approved", LATER, Decimal("90.26"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("known", "told", "kept"),
    [
        # (day, is estimated) known, told, and which stays
        ((LATER, False), (SERVICE, False), SERVICE),
        ((SERVICE, False), (LATER, False), SERVICE),
        ((SERVICE, True), (LATER, False), LATER),
        ((LATER, False), (SERVICE, True), LATER),
        ((LATER, True), (SERVICE, True), SERVICE),
    ],
)
def test_a_known_day_of_the_first_outcome_beats_an_estimate_then_the_earlier(db, known, told, kept):
    session_id = a_session(
        db, "submitted", first_outcome="partial", first_adjudicated_on=known[0],
        first_outcome_is_estimated=known[1],
    )  # fmt: skip
    details = Details(on=told[0], is_estimated=told[1], category="coding")
    change_status(db, SYSTEM, session_id, "denied", details=details)
    assert read(db, session_id, "first_adjudicated_on") == kept


def test_a_denial_of_an_estimated_day_stays_the_first_outcome_of_what_is_paid_later(db):
    session_id = a_session(
        db, "denied", first_outcome="denied", first_adjudicated_on=SERVICE, denied_on=SERVICE,
        first_outcome_is_estimated=True,
    )  # fmt: skip
    posted(db, session_id, CHARGE, on=LATER)
    change_status(db, SYSTEM, session_id, "paid", details=Details(via="posting"))
    assert read(db, session_id, "first_outcome", "first_adjudicated_on") == ("denied", SERVICE)


@pytest.mark.parametrize(
    ("source", "said"), [("manual", "manual"), ("payment_report", "remittance")]
)
def test_13_paid_on_the_day_of_the_money(db, source, said):
    session_id = a_session(db, "pending", needs_disposition=True)
    posted(db, session_id, 100, on=LATER)
    posted(db, session_id, 30, source)
    change_status(db, BILLER, session_id, "paid", details=Details(via="posting"))
    assert read(
        db, session_id, "paid_on", "paid_on_source", "clean_claim", "first_outcome",
        "first_adjudicated_on", "needs_disposition",
    ) == (YESTERDAY, said, True, "paid", YESTERDAY, False)  # fmt: skip


def test_13_an_export_alone_knows_no_day_of_payment(db):
    session_id = a_session(db, "submitted", ins_paid_reported=130, ins_unpaid_reported=0)
    change_status(db, SYSTEM, session_id, "paid")
    assert read(db, session_id, "paid_on", "paid_on_source", "first_adjudicated_on") == (
        None, "unknown", None,
    )  # fmt: skip


@pytest.mark.parametrize("spoiled", ["rejected", "denied", "sent_twice"])
def test_13_a_claim_is_clean_only_if_it_passed_at_once(db, spoiled):
    session_id = a_session(db, "denied" if spoiled == "denied" else "submitted")
    if spoiled == "rejected":
        change_status(db, BILLER, session_id, "ready_to_bill", details=Details(reason="modifier"))
    if spoiled == "sent_twice":
        claim_id = read(db, session_id, "claim_id")
        submission = {"claim_id": claim_id, "n": 2, "kind": "corrected", "by_user": "tests"}
        insert(db, "submissions", submission, "n")
    posted(db, session_id, CHARGE)
    change_status(db, SYSTEM, session_id, "paid", details=Details(via="posting"))
    assert read(db, session_id, "clean_claim") is False


def test_20_all_that_is_left_moves_to_the_client(db):
    session_id = a_session(db, "denied")
    change_status(db, BILLER, session_id, "client_responsibility", details=Details(on=LATER))
    assert read(db, session_id, "client_transfer", "outstanding", "first_outcome") == (
        CHARGE, 0, "patient",
    )  # fmt: skip
    assert denial(db, session_id)[0][5] == "client"


def test_22_insurance_found_bills_the_payer_again_from_the_start(db):
    session_id = a_session(db, "submitted")
    change_status(db, BILLER, session_id, "client_responsibility")
    payer_id = a_payer(db)
    details = Details(payer_id=payer_id)
    change_status(db, BILLER, session_id, "documented", details=details)
    assert read(
        db, session_id, "payer_id", "client_transfer", "outstanding", "first_submitted_on",
        "unbilled",
    ) == (payer_id, 0, CHARGE, None, True)  # fmt: skip


def test_23_a_write_off_takes_what_is_outstanding_and_ends_the_denial(db):
    session_id = a_session(db, "denied")
    details = Details(reason="appeals exhausted")
    change_status(db, LEAD, session_id, "written_off", details=details)
    assert read(db, session_id, "outstanding", "write_off_posted") == (0, CHARGE)
    assert denial(db, session_id)[0][5] == "written_off"
    made = rows(db, "select kind, amount, reason, by_user from desk.adjustments")
    assert made == [("write_off", CHARGE, "appeals exhausted", "lead")]


@pytest.mark.parametrize("to", ["pending", "denied"])
def test_24_reinstating_undoes_the_write_off(db, to):
    session_id = a_session(db, "denied")
    change_status(db, LEAD, session_id, "written_off", details=Details(reason="given up"))
    change_status(db, LEAD, session_id, to, details=Details(reason="payer called"))
    assert read(db, session_id, "outstanding", "denied_on") == (CHARGE, SERVICE)
    amounts = rows(db, "select amount from desk.adjustments order by amount")
    assert amounts == [(-CHARGE,), (CHARGE,)]
    assert len(denial(db, session_id)) == 1
    assert (denial(db, session_id)[0][5] is None) == (to == "denied")


def test_24_reinstated_as_denied_it_needs_a_denial(db):
    session_id = a_session(db, "written_off")
    with pytest.raises(Refused) as refused:
        change_status(db, LEAD, session_id, "denied", details=Details(reason="payer called"))
    assert refused.value.field == "on"


def test_25_a_reversal_reopens_and_the_history_keeps_the_day(db):
    session_id = a_session(db, "paid", paid_on=date(2026, 11, 12), paid_on_source="manual")
    details = Details(reason="payment reversed", via="reversal")
    change_status(db, BILLER, session_id, "pending", details=details)
    assert read(db, session_id, "paid_on", "paid_on_source") == (None, None)
    (detail,) = db.execute(
        "select detail from desk.session_status_history where transition = 25"
    ).fetchone()
    assert detail["was"] == {"paid_on": "2026-11-12", "paid_on_source": "manual"}


def test_26_money_taken_back_with_a_denial(db):
    session_id = a_session(db, "paid")
    details = Details(on=YESTERDAY, category="eligibility")
    change_status(db, LEAD, session_id, "denied", details=details)
    assert read(db, session_id, "paid_on_source", "denied_on") == (None, YESTERDAY)
    assert denial(db, session_id)[0][1] == "eligibility"


@pytest.mark.parametrize(("status", "who"), [("ready_to_bill", BILLER), ("denied", LEAD)])
def test_voiding_closes_what_was_to_be_done(db, status, who):
    session_id = a_session(db, status)
    open_item(db, "follow_up", session_id=session_id)
    open_item(db, "denial", session_id=session_id)
    change_status(db, who, session_id, "voided", details=Details(reason="double entry"))
    assert open_kinds(db, session_id) == set()
    assert all(row[5] == "voided" for row in denial(db, session_id))


def test_28_what_is_restored_is_billed_again(db):
    session_id = a_session(db, "voided", was_sent=True)
    change_status(db, LEAD, session_id, "completed", details=Details(reason="voided by mistake"))
    assert read(db, session_id, "first_submitted_on", "unbilled") == (None, True)


def test_a_change_wakes_what_was_snoozed(db):
    session_id = a_session(db, "submitted")
    open_item(db, "follow_up", session_id=session_id)
    db.execute("update desk.work_items set snoozed_until = '2026-11-25', snooze_reason = 'waiting'")
    change_status(db, SYSTEM, session_id, "pending")
    assert rows(db, "select snoozed_until from desk.work_items") == [(None,)]
