"""What stands in the way of a step, and who may set it aside."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from daysheet.desk.lifecycle.changes import Details, change_status
from daysheet.desk.refusals import Refused
from daysheet.desk.work.items import open_item
from tests.desk.invented import insert
from tests.desk.stages import (
    ADMIN,
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
)
from tests.desk.test_lifecycle_stamps import posted

WHY = Details(reason="because")
LATE = {"filing_days": 1}


@pytest.fixture
def db(scratch_db):
    return scratch_db


def refusal(db, actor, session_id, to, details=WHY):
    before = read(db, session_id, "billing_status", "row_version")
    with pytest.raises(Refused) as refused:
        change_status(db, actor, session_id, to, details=details)
    assert read(db, session_id, "billing_status", "row_version") == before
    return refused.value.status, refused.value.code


@pytest.mark.parametrize(
    ("columns", "payer", "code"),
    [
        ({"payer_id": None}, {}, "payer_missing"),
        ({}, {"active": False}, "payer_inactive"),
        ({"billing_code": "UNKNOWN"}, {}, "code_missing"),
        ({"ins_charge": 0}, {}, "nothing_to_bill"),
        ({"hold_reason": "needs amounts"}, {}, "on_hold"),
        ({}, LATE, "filing_deadline_passed"),
    ],
)
def test_what_keeps_a_session_from_being_ready(db, columns, payer, code):
    session_id = a_session(db, "documented", payer=payer, **columns)
    assert refusal(db, BILLER, session_id, "ready_to_bill") == (422, code)
    skipping = a_session(db, "completed", payer=payer, **columns | {"service_time": "10:00"})
    details = Details(on=SERVICE)
    assert refusal(db, BILLER, skipping, "ready_to_bill", details) == (422, code)


@pytest.mark.parametrize("kind", ["conflict", "possible_correction"])
def test_an_open_conflict_keeps_a_session_from_being_ready(db, kind):
    session_id = a_session(db, "documented")
    open_item(db, kind, session_id=session_id)
    assert refusal(db, LEAD, session_id, "ready_to_bill") == (422, "open_conflict")


def test_on_its_last_day_a_claim_can_still_be_made_ready(db):
    session_id = a_session(db, "documented", payer={"filing_days": 10})
    change_status(db, BILLER, session_id, "ready_to_bill")


def test_a_lead_sets_the_filing_deadline_aside_with_a_reason(db):
    session_id = a_session(db, "documented", payer=LATE)
    override = Details(override=True)
    assert refusal(db, LEAD, session_id, "ready_to_bill", override) == (422, "missing")
    override = Details(override=True, reason="the payer agreed by phone")
    assert refusal(db, BILLER, session_id, "ready_to_bill", override) == (403, "no_right")
    change_status(db, LEAD, session_id, "ready_to_bill", details=override)
    (detail,) = db.execute(
        "select detail from desk.session_status_history where transition = 5"
    ).fetchone()
    assert detail["entered"] == {"override": True}


def test_an_exception_is_for_the_deadline_only(db):
    session_id = a_session(db, "documented", payer=LATE, hold_reason="needs amounts")
    override = Details(override=True, reason="in a hurry")
    assert refusal(db, ADMIN, session_id, "ready_to_bill", override) == (422, "on_hold")


@pytest.mark.parametrize(
    ("on", "code"), [(None, "missing"), (SERVICE + timedelta(days=1), "note_of_another_day")]
)
def test_the_note_may_be_skipped_only_for_one_of_the_day(db, on, code):
    session_id = a_session(db, "completed")
    assert refusal(db, BILLER, session_id, "ready_to_bill", Details(on=on)) == (422, code)


def test_a_note_is_locked_or_attested(db):
    session_id = a_session(db, "completed", note_status="DRAFT")
    assert refusal(db, SYSTEM, session_id, "documented") == (422, "note_open")
    assert refusal(db, BILLER, session_id, "documented", Details()) == (422, "missing")


def test_a_visit_ahead_is_not_completed(db):
    session_id = a_session(db, "scheduled", service_on=TODAY + timedelta(days=1))
    assert refusal(db, SYSTEM, session_id, "completed") == (422, "service_ahead")


@pytest.mark.parametrize("route", ["simplepractice", "paper"])
def test_a_portal_is_not_needed_where_claims_go_another_way(db, route):
    session_id = a_session(db, "ready_to_bill", payer={"billing_route": route})
    change_status(db, BILLER, session_id, "submitted", details=Details(on=TODAY))


def test_a_portal_is_needed_where_claims_go_through_one(db):
    session_id = a_session(db, "ready_to_bill", payer={"billing_route": "portal"})
    details = Details(on=TODAY)
    assert refusal(db, BILLER, session_id, "submitted", details) == (422, "missing")
    payer_id = read(db, session_id, "payer_id")
    for owner, code in ((a_payer(db), "unknown_portal"), (payer_id, None)):
        portal = {"payer_id": owner, "name": "Portal", "url": "https://portal.example"}
        details = Details(on=TODAY, portal_id=insert(db, "insurance_portals", portal, "portal_id"))
        if code:
            assert refusal(db, BILLER, session_id, "submitted", details) == (422, code)
    change_status(db, BILLER, session_id, "submitted", details=details)
    kept = db.execute(
        "select claims.portal_id, submissions.portal_id from desk.claims"
        " inner join desk.submissions using (claim_id)"
    ).fetchall()
    assert kept == [(details.portal_id, details.portal_id)]


def test_a_submission_needs_its_day_and_goes_forward(db):
    session_id = a_session(db, "ready_to_bill", was_sent=True, service_on=SERVICE - timedelta(9))
    assert refusal(db, BILLER, session_id, "submitted", Details()) == (422, "missing")
    earlier = Details(on=SERVICE - timedelta(days=1))
    assert refusal(db, BILLER, session_id, "submitted", earlier) == (422, "before_last_submission")


@pytest.mark.parametrize("other", ["submitted", "pending", "approved", "appealing"])
def test_a_claim_that_is_with_the_payer_is_not_sent_again(db, other):
    payer_id = a_payer(db)
    claim_id = a_claim(db, payer_id)
    a_session(db, other, payer_id=payer_id, claim_id=claim_id)
    session_id = a_session(db, "ready_to_bill", payer_id=payer_id, claim_id=claim_id)
    details = Details(on=TODAY)
    assert refusal(db, BILLER, session_id, "submitted", details) == (422, "claim_open")
    override = Details(on=TODAY, override=True, reason="left out by mistake")
    change_status(db, LEAD, session_id, "submitted", details=override)


def test_a_denied_claim_is_not_open(db):
    payer_id = a_payer(db)
    claim_id = a_claim(db, payer_id)
    a_session(db, "denied", payer_id=payer_id, claim_id=claim_id)
    session_id = a_session(db, "ready_to_bill", payer_id=payer_id, claim_id=claim_id)
    change_status(db, BILLER, session_id, "submitted", details=Details(on=TODAY))


def test_only_a_reference_is_evidence_of_sending(db):
    session_id = a_session(db, "documented", claim={"payer_claim_no": "P1"})
    assert refusal(db, SYSTEM, session_id, "submitted") == (422, "no_evidence")


@pytest.mark.parametrize(
    ("reported", "unpaid", "code"),
    [(100, 30, "not_paid_at_source"), (0, 0, "not_paid_at_source"), (90, 0, "still_outstanding")],
)
def test_an_export_says_paid_only_with_money_and_nothing_unpaid(db, reported, unpaid, code):
    session_id = a_session(
        db, "submitted", ins_paid_reported=reported, ins_unpaid_reported=unpaid
    )  # fmt: skip
    assert refusal(db, SYSTEM, session_id, "paid") == (422, code)


def test_a_posting_that_leaves_money_outstanding_is_not_paid(db):
    session_id = a_session(db, "submitted")
    posted(db, session_id, 100)
    posting = Details(via="posting")
    assert refusal(db, BILLER, session_id, "paid", posting) == (422, "still_outstanding")


def test_the_system_reopens_what_is_paid_only_for_a_reversal(db):
    session_id = a_session(db, "paid")
    assert refusal(db, SYSTEM, session_id, "pending") == (422, "needs_reversal")
    assert refusal(db, BILLER, session_id, "pending") == (403, "no_right")
    change_status(db, SYSTEM, session_id, "pending", details=Details(via="reversal"))


@pytest.mark.parametrize(
    ("details", "field"),
    [
        (Details(category="coding"), "on"),
        (Details(on=TODAY), "category"),
        (Details(on=TODAY, category="moon"), "category"),
        (Details(on=TODAY, category="coding", group_code="XX"), "group_code"),
        (Details(on=TODAY, category="coding", carc="because"), "carc"),
    ],
)
def test_a_denial_needs_a_day_and_a_category(db, details, field):
    session_id = a_session(db, "submitted")
    with pytest.raises(Refused) as refused:
        change_status(db, BILLER, session_id, "denied", details=details)
    assert (refused.value.status, refused.value.field) == (422, field)


@pytest.mark.parametrize("status", ["client_responsibility", "completed", "denied", "submitted"])
def test_case_57_with_live_money_nothing_is_voided(db, status):
    session_id = a_session(db, status)
    posted(db, session_id, 30)
    assert refusal(db, LEAD, session_id, "voided") == (422, "live_money")


def test_case_57_a_lead_writes_off_up_to_the_limit_an_admin_more(db):
    details = Details(reason="not worth an appeal")
    at_limit = a_session(db, "denied", ins_charge=250)
    change_status(db, LEAD, at_limit, "written_off", details=details)
    above = a_session(db, "denied", ins_charge=Decimal("250.01"), service_time="10:00")
    assert refusal(db, LEAD, above, "written_off", details)[0] == 403
    assert db.execute("select count(*) from desk.adjustments").fetchone() == (1,)
    change_status(db, ADMIN, above, "written_off", details=details)


def test_what_can_still_be_billed_is_not_written_off(db):
    session_id = a_session(db, "completed", payer={"filing_days": 10})
    assert refusal(db, ADMIN, session_id, "written_off") == (422, "can_be_billed")
    late = a_session(db, "completed", payer={"filing_days": 9})
    change_status(db, LEAD, late, "written_off", details=WHY)


def test_an_open_appeal_keeps_a_session_from_being_written_off(db):
    session_id = a_session(db, "appealing")
    assert refusal(db, ADMIN, session_id, "written_off") == (422, "appeal_open")


def test_the_system_writes_off_only_what_the_export_wrote_off(db):
    session_id = a_session(db, "submitted")
    assert refusal(db, SYSTEM, session_id, "written_off") == (422, "not_written_off_at_source")


@pytest.mark.parametrize("group_code", ["CO", None])
def test_what_the_contract_bars_only_a_lead_bills_to_the_client(db, group_code):
    session_id = a_session(db, "submitted")
    denied = Details(on=TODAY, category="non_covered", group_code="CO")
    change_status(db, BILLER, session_id, "denied", details=denied)
    details = Details(group_code=group_code)  # the denial's own counts if none is entered
    assert refusal(db, BILLER, session_id, "client_responsibility", details) == (403, "no_right")
    assert refusal(db, SYSTEM, session_id, "client_responsibility", details) == (403, "no_right")
    change_status(db, LEAD, session_id, "client_responsibility", details=details)
    assert read(db, session_id, "client_transfer") == CHARGE


def test_the_whole_balance_goes_to_the_client(db):
    session_id = a_session(db, "submitted")
    details = Details(amount=Decimal(30))
    assert refusal(db, BILLER, session_id, "client_responsibility", details) == (
        422, "not_the_balance",
    )  # fmt: skip


def test_the_system_calls_it_the_clients_only_if_insurance_was_charged_nothing(db):
    session_id = a_session(db, "completed")
    assert refusal(db, SYSTEM, session_id, "client_responsibility") == (422, "insurance_charged")


def test_insurance_found_is_of_a_known_payer(db):
    session_id = a_session(db, "client_responsibility")
    found = Details(payer_id=uuid4())
    assert refusal(db, BILLER, session_id, "documented", found) == (422, "unknown_payer")


def test_insurance_found_has_a_payer(db):
    session_id = a_session(db, "client_responsibility", payer_id=None)
    assert refusal(db, BILLER, session_id, "documented") == (422, "missing")


@pytest.mark.parametrize(
    ("status", "to"),
    [
        ("completed", "voided"), ("ready_to_bill", "documented"), ("submitted", "ready_to_bill"),
        ("approved", "pending"), ("denied", "ready_to_bill"), ("denied", "written_off"),
        ("completed", "client_responsibility"), ("written_off", "pending"), ("paid", "pending"),
        ("denied", "voided"), ("voided", "completed"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("reason", [None, "  ", "x" * 501])
def test_a_reason_is_given_and_short(db, status, to, reason):
    session_id = a_session(db, status)
    with pytest.raises(Refused) as refused:
        change_status(db, ADMIN, session_id, to, details=Details(reason=reason))
    assert (refused.value.status, refused.value.field) == (422, "reason")


def test_an_unknown_session_or_status_is_refused(db):
    with pytest.raises(Refused) as refused:
        change_status(db, BILLER, uuid4(), "documented")
    assert refused.value.status == 404
    session_id = a_session(db, "completed")
    assert refusal(db, BILLER, session_id, "forgiven") == (422, "not_allowed")


def test_what_the_contract_bars_stays_a_leads_to_bill_when_the_claim_is_mended_first(db):
    session_id = a_session(db, "pending")
    denied = Details(on=TODAY, category="coding", group_code="CO")
    change_status(db, BILLER, session_id, "denied", details=denied)
    change_status(db, BILLER, session_id, "ready_to_bill", details=WHY)
    assert refusal(db, BILLER, session_id, "client_responsibility") == (403, "no_right")
    change_status(db, LEAD, session_id, "client_responsibility", details=WHY)


@pytest.mark.parametrize("amount", ["NaN", "-5.00", "1.005", "1e15"])
def test_what_a_payer_allows_is_a_sum_of_money(db, amount):
    session_id = a_session(db, "pending")
    status, _ = refusal(db, BILLER, session_id, "approved", Details(amount=Decimal(amount)))
    assert status == 422


def test_an_appeal_is_not_due_before_it_is_filed(db):
    session_id = a_session(db, "denied")
    filed = {"on": TODAY, "level": 1, "method": "fax"}
    early = Details(**filed, due_on=TODAY - timedelta(days=1))
    assert refusal(db, BILLER, session_id, "appealing", early) == (422, "before_filing")
    change_status(db, BILLER, session_id, "appealing", details=Details(**filed, due_on=TODAY))
