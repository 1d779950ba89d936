"""Notes: who writes them, and what a follow-up needs."""

from datetime import timedelta
from uuid import uuid4

import pytest

from daysheet.desk.refusals import Refused
from daysheet.desk.work.notes import add_note
from tests.desk.invented import insert
from tests.desk.stages import BILLER, LEAD, TODAY, VIEWER, a_session, read

TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def db(scratch_db):
    return scratch_db


@pytest.mark.parametrize("subject", ["session_id", "dental_claim_id"])
def test_a_follow_up_plans_the_next_step(db, subject):
    if subject == "session_id":
        key, table = a_session(db, "submitted"), "sessions"
    else:
        key = insert(db, "dental_claims", {"claim_id": 7}, subject)
        table = "dental_claims"
    note_id = add_note(
        db, BILLER, "  asked for the check number ", kind="follow_up", outcome="will call back",
        next_action_on=TOMORROW, row_version=1, **{subject: key},
    )  # fmt: skip
    kept = db.execute(
        "select kind, body, outcome, next_action_on, by_user from desk.notes where note_id = %s",
        [note_id],
    ).fetchone()
    assert kept == (
        "follow_up", "asked for the check number", "will call back", TOMORROW, "biller",
    )  # fmt: skip
    planned = db.execute(f"select next_action_on from desk.{table}").fetchone()
    assert planned == (TOMORROW,)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"body": " "}, "body"),
        ({"body": "x" * 4001}, "body"),
        ({"kind": "rumor"}, "kind"),
        ({"kind": "follow_up", "next_action_on": TOMORROW}, "outcome"),
        ({"kind": "follow_up", "outcome": " ", "next_action_on": TOMORROW}, "outcome"),
        ({"kind": "follow_up", "outcome": "called"}, "next_action_on"),
        ({"next_action_on": TODAY}, "next_action_on"),
    ],
)
def test_what_a_note_lacks_is_named(db, given, field):
    session_id = a_session(db, "submitted")
    with pytest.raises(Refused) as refused:
        add_note(db, BILLER, **{"body": "called"} | given, session_id=session_id)
    assert (refused.value.status, refused.value.field) == (422, field)
    assert db.execute("select count(*) from desk.notes").fetchone() == (0,)


def test_a_plain_note_leaves_the_plan_and_the_version(db):
    session_id = a_session(db, "submitted", next_action_on=TOMORROW)
    add_note(db, BILLER, "x" * 4000, kind="call", session_id=session_id)
    assert read(db, session_id, "next_action_on", "row_version") == (TOMORROW, 1)


def test_a_viewer_writes_none_and_a_stale_page_gets_a_conflict(db):
    session_id = a_session(db, "submitted")
    for actor, version, about, status in (
        (VIEWER, 1, session_id, 403), (BILLER, 7, session_id, 409), (BILLER, None, uuid4(), 404),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            add_note(db, actor, "called", row_version=version, session_id=about)
        assert refused.value.status == status


@pytest.mark.parametrize(
    "text", ["'; drop table desk.notes; --", "<script>alert(1)</script>", "%s {0} $1 \\x00"]
)
def test_case_61_text_stays_text_in_notes_and_payers(db, text):
    session_id = a_session(db, "submitted", payer={"name": text})
    add_note(db, BILLER, text, session_id=session_id)
    kept = db.execute(
        "select payers.name, notes.body from desk.notes"
        " inner join desk.sessions using (session_id) inner join desk.payers using (payer_id)"
    ).fetchall()
    assert kept == [(text, text)]


@pytest.mark.parametrize("kind", ["call", "follow_up"])
def test_case_54_a_note_sent_twice_is_one_note(db, kind):
    session_id = a_session(db, "submitted")
    (version,) = db.execute(
        "select row_version from desk.sessions where session_id = %s", [session_id]
    ).fetchone()
    asked = {"kind": kind, "outcome": "will call back", "next_action_on": TOMORROW}

    def keep(actor=BILLER, body="asked for the check number", row_version=version, **given):
        given = {"session_id": session_id, "row_version": row_version} | asked | given
        return add_note(db, actor, body, **given)

    first = keep()
    assert keep() == first
    assert keep(body=" asked for the check number ") == first
    others = [
        keep(body="asked again", row_version=None),
        keep(outcome="no answer", row_version=None),
        keep(next_action_on=TOMORROW + timedelta(days=1), row_version=None),
        keep(kind="portal_check", row_version=None),
        keep(LEAD, row_version=None),
        keep(session_id=a_session(db, "submitted"), row_version=None),
    ]
    assert len({first, *others}) == 7


@pytest.mark.parametrize(("seconds", "is_same"), [(59, True), (61, False)])
def test_the_same_note_a_minute_later_is_another_one(db, seconds, is_same):
    about = {"session_id": a_session(db, "submitted")}
    (at,) = db.execute(f"select now() - interval '{seconds} seconds'").fetchone()
    row = {"kind": "call", "body": "called", "by_user": "biller", "at": at} | about
    known = insert(db, "notes", row, "note_id")
    assert (add_note(db, BILLER, "called", kind="call", **about) == known) is is_same
