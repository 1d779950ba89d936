"""The history: complete, append-only, and enough to know the current state from."""

from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from daysheet.desk.cases import STAMPED
from daysheet.desk.lifecycle.changes import (
    Change,
    Details,
    Origin,
    change_each,
    change_many,
    change_status,
    record_first_status,
)
from daysheet.desk.refusals import Refused
from daysheet.warehouse import DatabaseFault
from tests.desk.stages import BILLER, LEAD, SERVICE, SYSTEM, TODAY, a_session, read, staff


def replay(db, session_id):
    """The status and every stamp, from the history alone."""
    steps = db.execute(
        "select from_status, to_status, detail from desk.session_status_history"
        " where session_id = %s order by history_id",
        [session_id],
    ).fetchall()
    status, stamps = None, {}
    for from_status, to_status, detail in steps:
        assert from_status == status
        assert {name: stamps.get(name) for name in detail["was"]} == detail["was"]
        status, stamps = to_status, stamps | detail["is"]
    return status, {name: value for name, value in stamps.items() if value is not None}


def current(db, session_id):
    """The same as the session says it is."""
    columns = ", ".join(STAMPED)
    row = db.execute(
        "select billing_status, jsonb_strip_nulls(to_jsonb(stamps)) from desk.sessions"
        f" cross join lateral (select {columns}) as stamps where session_id = %s",
        [session_id],
    ).fetchone()
    return row[0], row[1]


def test_the_current_state_is_replayed_from_the_history(db):
    staff(db)
    session_id = a_session(db, "completed", claim={"clearinghouse_ref": "CR1"})
    for actor, to, details in (
        (BILLER, "ready_to_bill", Details(on=SERVICE)),
        (BILLER, "submitted", Details(on=SERVICE + timedelta(days=1))),
        (SYSTEM, "denied", Details(on=TODAY, category="coding", is_estimated=True)),
        (BILLER, "appealing", Details(on=TODAY, level=1, method="fax")),
        (BILLER, "denied", Details(decision="upheld")),
        (BILLER, "ready_to_bill", Details(reason="new modifier")),
        (SYSTEM, "submitted", Details()),
        (LEAD, "written_off", Details(reason="too little to go on")),
        (LEAD, "pending", Details(reason="the payer called")),
        (LEAD, "voided", Details(reason="double entry")),
        (LEAD, "completed", Details(reason="no double entry")),
    ):
        change_status(db, actor, session_id, to, details=details)
        assert replay(db, session_id) == current(db, session_id)


@pytest.mark.parametrize(
    "statement",
    [
        "update desk.session_status_history set actor = 'nobody'",
        "delete from desk.session_status_history",
        "truncate desk.session_status_history",
        "update desk.submissions set submitted_on = null",
        "delete from desk.submissions",
        "delete from desk.submission_outcomes",
        "update desk.notes set body = 'other'",
        "delete from desk.notes",
    ],
)
@pytest.mark.parametrize("role", ["desk", "admin"])
def test_what_happened_is_never_rewritten(desk, db, statement, role):
    session_id = a_session(db, "submitted")
    change_status(db, SYSTEM, session_id, "pending")
    if role == "desk":
        with pytest.raises(psycopg.Error) as refused:
            db.execute(statement)
        assert refused.value.sqlstate in ("42501", "23001")
        return
    with psycopg.connect(desk.warehouse.admin) as admin, pytest.raises(psycopg.Error) as refused:
        admin.execute(statement)
    assert refused.value.sqlstate == "23001"


def test_a_history_row_has_an_actor(db):
    session_id = a_session(db, "submitted")
    with pytest.raises(psycopg.errors.CheckViolation):
        db.execute(
            "insert into desk.session_status_history (session_id, to_status, actor, source)"
            " values (%s, 'submitted', '', 'ui')",
            [session_id],
        )


@pytest.mark.parametrize(
    "statement",
    [
        "update desk.sessions set billing_status = 'pending' where session_id = %(id)s",
        "insert into desk.session_status_history (session_id, to_status, actor, source)"
        " values (%(id)s, 'pending', 'tests', 'ui')",
    ],
    ids=["status without history", "history without status"],
)
def test_status_and_history_change_together_or_not_at_all(desk, db, statement):
    session_id = a_session(db, "submitted")
    with pytest.raises(DatabaseFault) as fault, desk.open() as other, other.transaction():
        other.execute(statement, {"id": session_id})
    assert fault.value.sqlstate == "23000"
    assert read(db, session_id, "billing_status") == "submitted"
    assert replay(db, session_id)[0] == "submitted"


def test_a_session_without_a_history_is_not_kept(db):
    session_id = a_session(db, "submitted")
    with pytest.raises(psycopg.errors.IntegrityError), db.transaction():
        db.execute(
            "insert into desk.sessions (service_on, client_id, clinician_id, billing_code,"
            " billing_status) select service_on, client_id, clinician_id, 'OTHER', 'completed'"
            " from desk.sessions where session_id = %s",
            [session_id],
        )


def test_a_first_status_is_recorded_once_with_its_line(db):
    session_id = a_session(db, "paid")
    origin = {session_id: Origin(None, 12, uuid4())}
    assert record_first_status(db, SYSTEM, [session_id], origin) == 0
    (row,) = db.execute(
        "select from_status, to_status, transition, detail from desk.session_status_history"
    ).fetchall()
    assert row[:3] == (None, "paid", None)
    assert row[3]["is"]["paid_on_source"] == "unknown"


def test_case_58_of_two_who_edit_one_session_the_second_gets_a_conflict(db):
    session_id = a_session(db, "submitted")
    seen = read(db, session_id, "row_version")
    change_status(db, BILLER, session_id, "pending", row_version=seen)
    with pytest.raises(Refused) as refused:
        change_status(db, LEAD, session_id, "approved", row_version=seen)
    assert refused.value.status == 409
    assert read(db, session_id, "billing_status", "row_version") == ("pending", seen + 1)


def test_case_58_two_at_the_same_moment_too(desk, db):
    session_id = a_session(db, "submitted")
    with desk.open() as other, other.transaction():
        change_status(other, BILLER, session_id, "pending", row_version=1)
        db.execute("set lock_timeout = '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            change_status(db, LEAD, session_id, "approved", row_version=1)
    with pytest.raises(Refused) as refused:
        change_status(db, LEAD, session_id, "approved", row_version=1)
    assert refused.value.status == 409


def test_case_59_more_than_500_at_once_are_too_many(db):
    session_id = a_session(db, "scheduled")
    with pytest.raises(Refused) as refused:
        change_many(db, BILLER, [(session_id, 1)] * 501, "completed")
    assert refused.value.status == 413
    assert read(db, session_id, "billing_status") == "scheduled"


def test_case_59_a_bulk_of_valid_and_invalid_answers_row_by_row(db):
    fine = [a_session(db, "approved") for _ in range(2)]
    wrong, stale, unknown = a_session(db, "completed"), a_session(db, "approved"), uuid4()
    asked = [(fine[0], 1), (wrong, 1), (stale, 7), (unknown, None), (fine[1], None)]
    results = change_many(db, BILLER, asked, "pending", details=Details(reason="withdrawn"))
    assert [result.session_id for result in results] == [one for one, _ in asked]
    assert [result.refusal and result.refusal.status for result in results] == [
        None, 422, 409, 404, None,
    ]  # fmt: skip
    written = db.execute(
        "select history_id, session_id, batch_id from desk.session_status_history"
        " where to_status = 'pending' order by history_id"
    ).fetchall()
    made = [(each.history_id, each.session_id) for each in results if each.history_id]
    assert [row[:2] for row in written] == made
    assert len({batch for _, _, batch in written}) == 1
    assert written[0][2] is not None
    assert [read(db, one, "billing_status") for one in (wrong, stale)] == ["completed", "approved"]


def test_a_refused_write_off_in_a_bulk_leaves_no_adjustment(db):
    small, big = a_session(db, "denied"), a_session(db, "denied", ins_charge=1000)
    results = change_many(
        db, LEAD, [(big, None), (small, None)], "written_off", details=Details(reason="given up")
    )
    assert [result.refusal and result.refusal.status for result in results] == [403, None]
    touched = db.execute("select session_id from desk.adjustments").fetchall()
    assert touched == [(small,)]


def test_a_file_may_take_a_session_through_several_steps_at_once(db):
    session_id = a_session(db, "completed", claim={"clearinghouse_ref": "CR1"})
    origin = Origin(None, 3)
    steps = [
        Change(session_id, "submitted", Details(on=SERVICE), origin),
        Change(session_id, "denied", Details(on=TODAY, category="other"), origin),
    ]
    assert all(result.refusal is None for result in change_each(db, SYSTEM, steps))
    told = db.execute(
        "select transition, line from desk.session_status_history where from_status is not null"
        " order by history_id"
    ).fetchall()
    assert told == [(8, 3), (14, 3)]


def test_thousands_change_in_a_few_statements(db):
    first = a_session(db, "scheduled")
    db.execute("set session statement_timeout = '60s'")
    with db.transaction():
        ids = db.execute(
            "insert into desk.sessions (service_on, client_id, clinician_id, billing_code,"
            " billing_status, payer_id, ins_charge) select service_on, client_id, clinician_id,"
            " 'N' || n, 'scheduled', payer_id, 130 from desk.sessions"
            " cross join generate_series(1, 2000) as n where session_id = %s"
            " returning session_id",
            [first],
        ).fetchall()
        record_first_status(db, SYSTEM, [one for (one,) in ids])
    results = change_each(db, SYSTEM, [Change(one, "completed") for (one,) in ids])
    assert len({result.history_id for result in results}) == 2000
