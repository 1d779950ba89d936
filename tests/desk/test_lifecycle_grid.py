"""Who may move a session from where to where: every step of the grid, and nothing else."""

from dataclasses import replace
from datetime import timedelta

import pytest

from daysheet.desk.lifecycle.changes import Details, allowed_next, change_status
from daysheet.desk.lifecycle.transitions import STATUSES
from daysheet.desk.refusals import Refused
from tests.desk.stages import ACTORS, BILLER, LEAD, SERVICE, VIEWER, a_session, read, staff

# By hand from the rules, with everything entered and nothing in the way: S system, B biller,
# L lead, A admin. "again" is ready_to_bill of what was sent before. Nobody enters "paid".
GRID = {
    "scheduled": {"completed": "SBLA", "voided": "BLA"},
    "completed": {
        "documented": "SBLA", "ready_to_bill": "BLA", "submitted": "S", "paid": "S",
        "client_responsibility": "SBLA", "written_off": "SLA", "voided": "BLA",
    },
    "documented": {
        "ready_to_bill": "BLA", "submitted": "S", "paid": "S",
        "client_responsibility": "SBLA", "written_off": "SLA", "voided": "BLA",
    },
    "ready_to_bill": {
        "documented": "BLA", "submitted": "SBLA", "paid": "S",
        "client_responsibility": "SBLA", "written_off": "SLA", "voided": "BLA",
    },
    "again": {
        "submitted": "SBLA", "paid": "S",
        "client_responsibility": "SBLA", "written_off": "SLA", "voided": "LA",
    },
    "submitted": {
        "ready_to_bill": "SBLA", "pending": "SBLA", "approved": "SBLA", "paid": "S",
        "denied": "SBLA", "client_responsibility": "SBLA", "written_off": "SLA", "voided": "LA",
    },
    "pending": {
        "ready_to_bill": "SBLA", "approved": "SBLA", "paid": "S", "denied": "SBLA",
        "client_responsibility": "SBLA", "written_off": "SLA", "voided": "LA",
    },
    "approved": {
        "pending": "BLA", "paid": "S", "denied": "SBLA",
        "client_responsibility": "SBLA", "written_off": "SLA", "voided": "LA",
    },
    "denied": {
        "ready_to_bill": "BLA", "appealing": "BLA", "paid": "S",
        "client_responsibility": "SBLA", "written_off": "SLA", "voided": "LA",
    },
    # an undecided appeal keeps it from being written off
    "appealing": {
        "submitted": "BLA", "pending": "BLA", "approved": "BLA", "denied": "BLA", "paid": "S",
        "client_responsibility": "SBLA", "voided": "LA",
    },
    "client_responsibility": {"documented": "BLA", "voided": "BLA"},
    "written_off": {"pending": "LA", "denied": "LA"},
    "paid": {"pending": "LA", "denied": "LA"},
    "voided": {"completed": "LA"},
}  # fmt: skip


@pytest.fixture
def db(scratch_db):
    staff(scratch_db)
    return scratch_db


def stage(db, status, to=None, who=""):
    """A session at that status, in every way fit for the step if the step is there at all."""
    columns, payer = {}, {}
    if to == "written_off":
        payer = {"filing_days": 1}  # too late to bill
    if who == "S":
        columns |= {
            "written_off": {"write_off_reported": 130, "ins_unpaid_reported": 0},
            "paid": {"ins_paid_reported": 130, "ins_unpaid_reported": 0},
            "documented": {"note_status": "LOCKED"},
        }.get(to, {})
        if to == "client_responsibility" and status in (
            "completed",
            "documented",
            "ready_to_bill",
            "again",
        ):
            columns |= {"ins_charge": 0, "ins_unpaid_reported": 0}
    reference = {"clearinghouse_ref": "CR1"} if who == "S" else {}
    if status == "again":
        return a_session(
            db, "ready_to_bill", was_sent=True, payer=payer, claim=reference, **columns
        )
    return a_session(db, status, payer=payer, claim=reference, **columns)


def everything(to):
    decision = {"approved": "overturned", "denied": "upheld"}.get(to)
    return Details(
        on=SERVICE, reason="because", category="coding", level=1, method="fax", decision=decision,
    )  # fmt: skip


@pytest.mark.parametrize("who", ACTORS)
@pytest.mark.parametrize("status", GRID)
def test_only_listed_steps_are_taken_and_only_by_who_may(db, status, who):
    taken = {}
    for to in STATUSES:
        with db.transaction(force_rollback=True):
            session_id = stage(db, status, to, who)
            try:
                change_status(db, ACTORS[who], session_id, to, details=everything(to))
                db.execute("set constraints all immediate")
            except Refused as refused:
                untouched = read(db, session_id, "row_version") == 1
                if refused.status not in (403, 422) or not untouched:
                    taken[to] = str(refused)
            else:
                taken[to] = read(db, session_id, "billing_status")
    allowed = {to for to, actors in GRID[status].items() if who in actors}
    assert taken == {to: to for to in allowed}


@pytest.mark.parametrize("status", GRID)
def test_a_step_not_listed_says_where_one_can_go(db, status):
    session_id = stage(db, status)
    offered = allowed_next(db, LEAD, session_id)
    listed = {to for to in STATUSES if to in GRID[status]}
    current = read(db, session_id, "billing_status")
    for to in set(STATUSES) - listed - {current, "written_off"}:
        with pytest.raises(Refused) as refused:
            change_status(db, LEAD, session_id, to, details=everything(to))
        was_sent = (status, to) == ("again", "documented")
        code = "was_submitted" if was_sent else "not_allowed"
        assert (refused.value.status, refused.value.code) == (422, code)
        assert refused.value.allowed == offered
    with pytest.raises(Refused) as refused:
        change_status(db, LEAD, session_id, current)
    assert (refused.value.status, refused.value.code) == (422, "no_change")
    assert refused.value.allowed == offered


@pytest.mark.parametrize("who", "VBLA")
@pytest.mark.parametrize("status", GRID)
def test_allowed_next_offers_what_can_be_done_now(db, status, who):
    session_id = stage(db, status)
    expected = {to for to, actors in GRID[status].items() if who in actors}
    if status in ("completed", "documented", "ready_to_bill"):
        expected.discard("written_off")  # it can still be billed
    offered = allowed_next(db, ACTORS[who], session_id)
    assert offered == tuple(to for to in STATUSES if to in expected)


def test_case_50_a_jump_from_completed_to_approved_is_refused_with_what_is_allowed(db):
    session_id = a_session(db, "completed")
    with pytest.raises(Refused) as refused:
        change_status(db, BILLER, session_id, "approved")
    assert refused.value.status == 422
    assert refused.value.allowed == (
        "documented", "ready_to_bill", "client_responsibility", "voided",
    )  # fmt: skip


@pytest.mark.parametrize("who", "BLA")
def test_case_51_nobody_marks_a_session_paid_from_a_list(db, who):
    session_id = a_session(db, "approved", ins_paid_reported=130, ins_unpaid_reported=0)
    assert "paid" not in allowed_next(db, ACTORS[who], session_id)
    with pytest.raises(Refused) as refused:
        change_status(db, ACTORS[who], session_id, "paid")
    assert (refused.value.status, refused.value.code) == (422, "needs_posting")


def test_case_52_an_unsent_claim_is_not_denied(db):
    session_id = a_session(db, "ready_to_bill")
    with pytest.raises(Refused) as refused:
        change_status(db, LEAD, session_id, "denied", details=everything("denied"))
    assert (refused.value.status, refused.value.code) == (422, "not_allowed")


def test_case_60_a_viewer_changes_nothing(db):
    session_id = a_session(db, "completed", note_status="LOCKED")
    with pytest.raises(Refused) as refused:
        change_status(db, VIEWER, session_id, "documented", details=everything("documented"))
    assert refused.value.status == 403


@pytest.mark.parametrize(
    ("on", "code"),
    [
        (SERVICE - timedelta(days=1), "before_service"),
        (SERVICE + timedelta(days=11), "future_date"),
    ],
)
def test_a_day_that_cannot_be_is_refused(db, on, code):
    session_id = a_session(db, "submitted")
    details = replace(everything("denied"), on=on)
    for actor in (BILLER, ACTORS["S"]):
        with pytest.raises(Refused) as refused:
            change_status(db, actor, session_id, "denied", details=details)
        assert (refused.value.status, refused.value.code) == (422, code)
        assert refused.value.field == "on"
