"""Denials and appeals: what is kept, until when one can appeal, and how each ends."""

from datetime import timedelta
from decimal import Decimal

import pytest

from daysheet.desk.lifecycle.changes import Details, allowed_next, change_status
from daysheet.desk.lifecycle.denials import CATEGORIES, suggestion
from daysheet.desk.reading.denial_report import denial_report
from daysheet.desk.refusals import Refused
from tests.desk.money import enter, part, reverse
from tests.desk.stages import (
    BILLER,
    CHARGE,
    LEAD,
    SERVICE,
    SYSTEM,
    TODAY,
    VIEWER,
    a_payer,
    a_session,
    read,
)
from tests.desk.test_lifecycle_stamps import denial, posted, rows

LATER = SERVICE + timedelta(days=3)
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def db(scratch_db):
    return scratch_db


def appeals(db, session_id):
    return rows(
        db,
        "select level, filed_on, decided_on, decision from desk.appeals"
        " inner join desk.denials using (denial_id) where session_id = %s order by level",
        session_id,
    )


def file_appeal(db, session_id, level=1, actor=BILLER, **details):
    given = Details(**{"on": TODAY, "level": level, "method": "fax"} | details)
    change_status(db, actor, session_id, "appealing", details=given)


def decide(db, session_id, decision, on=TODAY):
    to = "approved" if decision in ("overturned", "partial") else "denied"
    change_status(db, BILLER, session_id, to, details=Details(on=on, decision=decision))


SUGGESTED = {
    "eligibility": "corrected_claim", "coding": "corrected_claim", "duplicate": "corrected_claim",
    "medical_necessity": "appeal", "authorization": "appeal",
}  # fmt: skip


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("group_code", [None, "CO", "PR"])
@pytest.mark.parametrize("was_sent", [True, False])
def test_what_is_suggested_by_category(category, group_code, was_sent):
    expected = SUGGESTED.get(category)
    if category == "non_covered" and group_code == "PR":
        expected = "bill_client"
    if category == "timely_filing" and was_sent:
        expected = "appeal"
    assert suggestion(category, group_code, was_sent=was_sent) == expected


def test_14_a_denial_has_its_day_its_deadline_and_its_item(db):
    session_id = a_session(db, "pending", payer={"appeal_days": 45})
    posted(db, session_id, 30)
    details = Details(on=LATER, category="medical_necessity", carc="50", group_code="CO")
    change_status(db, BILLER, session_id, "denied", details=details)
    assert read(
        db, session_id, "denied_on", "appeal_deadline", "first_outcome", "first_adjudicated_on"
    ) == (LATER, LATER + timedelta(days=45), "denied", LATER)
    assert denial(db, session_id) == [(LATER, "medical_necessity", "CO", 100, None, None)]
    (item,) = rows(
        db, "select kind, amount, due_on, detail from desk.work_items where session_id = %s",
        session_id,
    )  # fmt: skip
    assert item == (
        "denial", 100, LATER + timedelta(days=45),
        {"category": "medical_necessity", "suggestion": "appeal"},
    )  # fmt: skip


def test_16_a_corrected_claim_ends_the_denial_and_keeps_the_age(db):
    session_id = a_session(db, "denied")
    change_status(db, BILLER, session_id, "ready_to_bill", details=Details(reason="new modifier"))
    assert read(db, session_id, "clean_claim", "first_submitted_on") == (False, SERVICE)
    assert denial(db, session_id)[0][4:] == (TODAY, "corrected_claim")


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"level": None}, "level"),
        ({"level": 2}, "level"),
        ({"on": None}, "on"),
        ({"method": " "}, "method"),
        ({"on": SERVICE - timedelta(days=1)}, "on"),
        ({"on": SERVICE}, "on"),
    ],
)
def test_15_an_appeal_has_its_level_its_day_and_its_method(db, details, field):
    session_id = a_session(db, "denied", denied_on=LATER)
    with pytest.raises(Refused) as refused:
        file_appeal(db, session_id, **details)
    assert (refused.value.status, refused.value.field) == (422, field)


def test_case_52_after_the_deadline_only_a_lead_appeals_with_a_reason(db):
    session_id = a_session(db, "denied", appeal_deadline=YESTERDAY)
    assert "appealing" not in allowed_next(db, BILLER, session_id)
    assert "appealing" in allowed_next(db, LEAD, session_id)
    for actor, details in (
        (BILLER, {}),
        (LEAD, {}),
        (LEAD, {"override": True}),
        (LEAD, {"reason": "the letter came late"}),
    ):
        with pytest.raises(Refused) as refused:
            file_appeal(db, session_id, actor=actor, **details)
        assert refused.value.status == 422
    with pytest.raises(Refused) as refused:
        file_appeal(db, session_id, override=True, reason="the letter came late")
    assert refused.value.status == 403
    file_appeal(db, session_id, actor=LEAD, override=True, reason="the letter came late")
    assert appeals(db, session_id) == [(1, TODAY, None, None)]


def test_an_appeal_can_be_filed_on_the_day_of_the_deadline(db):
    session_id = a_session(db, "denied", appeal_deadline=TODAY)
    file_appeal(db, session_id)


@pytest.mark.parametrize("due_on", [None, TODAY + timedelta(days=30)])
def test_a_decision_is_due(db, due_on):
    session_id = a_session(db, "denied")
    file_appeal(db, session_id, due_on=due_on)
    expected = due_on or TODAY + timedelta(days=60)
    assert rows(db, "select due_on from desk.appeals") == [(expected,)]
    assert rows(db, "select kind from desk.work_items where done_at is null") == []


@pytest.mark.parametrize("decision", ["overturned", "partial"])
def test_18_a_won_appeal_is_approved(db, decision):
    session_id = a_session(db, "appealing")
    decide(db, session_id, decision, YESTERDAY)
    assert read(db, session_id, "billing_status") == "approved"
    assert appeals(db, session_id) == [(1, SERVICE, YESTERDAY, decision)]
    assert denial(db, session_id)[0][4:] == (TODAY, decision)


def test_19_three_levels_each_with_its_deadline_then_no_more(db):
    session_id = a_session(db, "denied", payer={"appeal_days": 45})
    for level in (1, 2, 3):
        file_appeal(db, session_id, level)
        decide(db, session_id, "upheld")
        deadline = TODAY + timedelta(days=45) if level < 3 else None
        assert read(db, session_id, "billing_status", "appeal_deadline", "denied_on") == (
            "denied", deadline, SERVICE,
        )  # fmt: skip
        (item,) = rows(db, "select due_on, detail from desk.work_items where done_at is null")
        helps = "appeal" if level < 3 else "write_off"
        assert item[1]["suggestion"] == helps
    assert "appealing" not in allowed_next(db, LEAD, session_id)
    with pytest.raises(Refused) as refused:
        file_appeal(db, session_id, 4, LEAD, override=True, reason="once more")
    assert (refused.value.status, refused.value.code) == (422, "no_level_left")
    change_status(db, LEAD, session_id, "written_off", details=Details(reason="upheld thrice"))


def test_a_withdrawn_appeal_wins_no_new_days(db):
    session_id = a_session(db, "appealing", appeal_deadline=TODAY)
    decide(db, session_id, "withdrawn")
    assert read(db, session_id, "appeal_deadline") == TODAY
    assert appeals(db, session_id)[0][3] == "withdrawn"
    assert denial(db, session_id)[0][4] is None


@pytest.mark.parametrize(
    ("to", "decision"),
    [
        ("approved", None), ("approved", "upheld"), ("denied", "overturned"), ("denied", "maybe"),
    ],
)  # fmt: skip
def test_a_decision_fits_its_status(db, to, decision):
    session_id = a_session(db, "appealing")
    with pytest.raises(Refused) as refused:
        change_status(db, BILLER, session_id, to, details=Details(decision=decision))
    assert (refused.value.status, refused.value.field) == (422, "decision")


def test_an_appeal_is_not_decided_before_it_was_filed(db):
    session_id = a_session(db, "denied")
    file_appeal(db, session_id)
    with pytest.raises(Refused) as refused:
        decide(db, session_id, "overturned", YESTERDAY)
    assert (refused.value.status, refused.value.code) == (422, "before_filing")


def test_17_denied_again_after_reprocessing_is_the_same_denial_and_the_next_level(db):
    session_id = a_session(db, "appealing")
    change_status(db, BILLER, session_id, "pending")
    details = Details(on=YESTERDAY, category="medical_necessity")
    change_status(db, SYSTEM, session_id, "denied", details=details)
    assert denial(db, session_id) == [
        (YESTERDAY, "medical_necessity", None, CHARGE, None, None)
    ]  # fmt: skip
    assert appeals(db, session_id) == [(1, SERVICE, YESTERDAY, "upheld")]
    file_appeal(db, session_id, 2)


@pytest.mark.parametrize("to", ["approved", "paid"])
def test_17_paid_after_reprocessing_means_overturned(db, to):
    session_id = a_session(db, "appealing")
    change_status(db, BILLER, session_id, "pending")
    if to == "paid":
        posted(db, session_id, CHARGE)
    change_status(db, SYSTEM, session_id, to, details=Details(via="posting"))
    assert appeals(db, session_id)[0][2:] == (TODAY, "overturned")
    assert denial(db, session_id)[0][5] == to


def test_a_second_denial_after_a_corrected_claim_begins_at_level_1(db):
    session_id = a_session(db, "denied")
    file_appeal(db, session_id)
    decide(db, session_id, "upheld")
    change_status(db, BILLER, session_id, "ready_to_bill", details=Details(reason="modifier"))
    change_status(db, BILLER, session_id, "submitted", details=Details(on=TODAY))
    change_status(db, SYSTEM, session_id, "denied", details=Details(on=TODAY, category="coding"))
    assert len(denial(db, session_id)) == 2
    file_appeal(db, session_id, 1)


def test_only_one_denial_is_open(db):
    session_id = a_session(db, "denied")
    refused = db.execute(
        "insert into desk.denials (session_id, denied_on, category, by_user)"
        " select session_id, denied_on, category, by_user from desk.denials where session_id = %s"
        " on conflict do nothing",
        [session_id],
    )
    assert refused.rowcount == 0


def test_the_report_counts_decisions_and_follows_the_money(db):
    payer_id = None
    made = []
    for outcome in ("paid", "denied", "denied", "denied"):
        columns = {} if payer_id is None else {"payer_id": payer_id}
        session_id = a_session(db, "submitted", **columns)
        payer_id = read(db, session_id, "payer_id")
        made.append(session_id)
        if outcome == "denied":
            details = Details(on=YESTERDAY, category="coding")
            change_status(db, SYSTEM, session_id, "denied", details=details)
    posted(db, made[0], CHARGE)
    change_status(db, SYSTEM, made[0], "paid", details=Details(via="posting"))
    posted(db, made[1], 100)
    change_status(db, LEAD, made[1], "written_off", details=Details(reason="small balance"))
    (by_payer,) = denial_report(db, VIEWER, "payer")
    assert (by_payer.decided, by_payer.denied, by_payer.rate_pct) == (4, 3, Decimal("75.0"))
    assert (by_payer.denied_amount, by_payer.recovered, by_payer.written_off) == (390, 100, 30)
    assert (by_payer.name, by_payer.group_key) == ("Acme Health", str(payer_id))
    (by_category,) = denial_report(db, VIEWER, "category")
    assert (by_category.name, by_category.decided, by_category.denied) == ("coding", 4, 3)
    (by_clinician,) = denial_report(db, LEAD, "clinician")
    assert by_clinician.name == "Cleo Clinician"
    assert (by_clinician.is_small, by_clinician.is_high) == (True, False)


def test_what_a_payer_takes_back_with_a_denial_is_denied_and_not_recovered(db):
    payer = a_payer(db)
    session_id = a_session(db, "submitted", payer_id=payer)
    check = enter(db, payer, "100.00", part(session_id, "100.00", remainder="contractual"))
    details = Details(on=TODAY, category="eligibility")
    change_status(db, LEAD, session_id, "denied", details=details)
    reverse(db, check)
    (rate,) = denial_report(db, VIEWER, "payer")
    assert (rate.denied_amount, rate.recovered) == (100, 0)
    enter(db, payer, "100.00", part(session_id, "100.00"))
    (rate,) = denial_report(db, VIEWER, "payer")
    assert (rate.denied_amount, rate.recovered) == (100, 100)


def test_the_report_by_clinician_is_the_leads(db):
    with pytest.raises(Refused) as refused:
        denial_report(db, BILLER, "clinician")
    assert refused.value.status == 403


@pytest.mark.parametrize(
    ("denied", "decided", "is_high"), [(2, 20, False), (3, 20, True), (3, 19, False)]
)
def test_a_high_rate_needs_20_decisions(db, denied, decided, is_high):
    for number in range(decided):
        outcome = "denied" if number < denied else "paid"
        columns = {"first_outcome": outcome, "first_adjudicated_on": TODAY - timedelta(days=89)}
        a_session(db, "approved", **columns)
    old = TODAY - timedelta(days=90)
    a_session(db, "denied", first_outcome="denied", first_adjudicated_on=old)
    (rate,) = denial_report(db, LEAD, "clinician")
    assert (rate.denied, rate.decided, rate.is_high) == (denied, decided, is_high)
