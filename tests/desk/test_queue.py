"""Putting items off, finishing them, and what the queue shows and hides."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from daysheet.desk import daily
from daysheet.desk.actors import Actor, DeskRole, system
from daysheet.desk.refusals import Refused, shown
from daysheet.desk.work import items as work_items
from daysheet.desk.work.finishing import finish
from daysheet.desk.work.queue import Filters, list_queue
from daysheet.desk.work.snoozing import snooze
from tests.desk import invented
from tests.desk.conftest import TODAY, Desk

DAG = system("dag", "tests")
BEA = Actor("bea", DeskRole.BILLER, "ui")
BOB = Actor("bob", DeskRole.BILLER, "ui")
LEA = Actor("lea", DeskRole.LEAD, "ui")
VIC = Actor("vic", DeskRole.VIEWER, "ui")


def after(days: int) -> date:
    return TODAY + timedelta(days=days)


@pytest.fixture
def item(db: psycopg.Connection) -> Callable[[str], UUID]:
    """Bea's items about three sessions, one denied, by kind."""
    acme = invented.payer(db, external_id="60054")
    invented.staff(db, "bea")
    owed = {"payer_id": acme, "ins_charge": 100, "status_since": TODAY}
    sent = {**owed, "first_submitted_on": date(2026, 11, 2), "last_submitted_on": date(2026, 11, 2)}
    invented.sessions(
        db,
        [
            {**owed, "service_on": date(2026, 11, 10)},
            {**sent, "billing_status": "submitted"},
            {**sent, "billing_status": "denied", "denied_on": date(2026, 11, 15),
             "appeal_deadline": after(20)},
        ],
    )  # fmt: skip
    daily.refresh(db, DAG)

    def key(kind: str) -> UUID:
        row = db.execute(
            "select item_id from desk.work_items where kind = %s and done_at is null", [kind]
        ).fetchone()
        assert row, kind
        return row[0]

    return key


def snoozed(db: psycopg.Connection) -> dict[str, date]:
    return dict(
        db.execute(
            "select kind, snoozed_until from desk.work_items"
            " where done_at is null and snoozed_until is not null"
        ).fetchall()
    )


@pytest.mark.parametrize(
    ("kind", "days", "latest"),
    [
        ("follow_up", 30, None),
        ("follow_up", 31, 30),
        ("follow_up", 60, 30),
        ("follow_up", 0, 30),
        ("follow_up", -1, 30),
        ("denial", 13, None),
        ("denial", 14, 13),
        ("denial", 25, 13),
    ],
)
def test_case_62_snoozed_for_30_days_at_most_and_never_near_a_deadline(
    db, item, kind, days, latest
):
    if latest is None:
        snooze(db, BEA, item(kind), after(days), "the payer asked for patience")
        assert snoozed(db) == {kind: after(days)}
        return
    with pytest.raises(Refused) as refused:
        snooze(db, BEA, item(kind), after(days), "the payer asked for patience")
    assert (refused.value.status, refused.value.field) == (422, "until")
    assert f"at the latest {shown(after(latest))}" in refused.value.problem
    assert snoozed(db) == {}


def test_an_item_close_to_its_deadline_cannot_be_snoozed(db, item):
    db.execute("update desk.sessions set appeal_deadline = %s where billing_status = 'denied'",
               [after(7)])  # fmt: skip
    with pytest.raises(Refused) as refused:
        snooze(db, BEA, item("denial"), after(1), "later")
    assert refused.value.status == 422


@pytest.mark.parametrize(
    ("actor", "reason", "version", "status"),
    [
        (BEA, "  ", None, 422),
        (BOB, "later", None, 403),
        (VIC, "later", None, 403),
        (BEA, "later", 99, 409),
    ],
    ids=["no_reason", "not_own", "viewer", "stale"],
)
def test_a_snooze_needs_a_reason_a_right_and_the_current_version(
    db, item, actor, reason, version, status
):
    with pytest.raises(Refused) as refused:
        snooze(db, actor, item("follow_up"), after(5), reason, row_version=version)
    assert refused.value.status == status
    assert snoozed(db) == {}


def test_a_lead_snoozes_anything(db, item):
    snooze(db, LEA, item("follow_up"), after(5), "later")
    assert snoozed(db) == {"follow_up": after(5)}


def test_a_snooze_ends_on_its_day(desk, db, item):
    snooze(db, BEA, item("follow_up"), after(5), "later")
    with Desk(desk.warehouse, after(4)).open() as earlier:
        assert daily.refresh(earlier, DAG).woken == 0
    with Desk(desk.warehouse, after(5)).open() as then:
        assert daily.refresh(then, DAG).woken == 1
    assert snoozed(db) == {}


@pytest.mark.parametrize(
    "change",
    [
        "update desk.sessions set ins_charge = 90 where billing_status = 'denied'",
        "update desk.sessions set appeal_deadline = '2027-01-15' where billing_status = 'denied'",
    ],
    ids=["money", "deadline"],
)
def test_a_refresh_wakes_what_changed_and_only_that(db, item, change):
    snooze(db, BEA, item("follow_up"), after(5), "later")
    snooze(db, BEA, item("denial"), after(5), "later")
    db.execute(change)
    daily.refresh(db, DAG)
    assert snoozed(db) == {"follow_up": after(5)}


def test_a_session_that_changed_is_awake_at_once(db, item):
    snooze(db, BEA, item("follow_up"), after(5), "later")
    session_id = db.execute(
        "select session_id from desk.work_items where kind = 'follow_up'"
    ).fetchone()[0]
    assert work_items.wake(db, [session_id]) == 1
    assert snoozed(db) == {}


def test_a_follow_up_has_an_outcome_and_a_next_step(db, item):
    first = item("follow_up")
    for outcome, day, field in [
        ("called", None, "next_action_on"),
        (" ", after(7), "outcome"),
        ("called", after(31), "next_action_on"),
        ("called", TODAY, "next_action_on"),
    ]:
        with pytest.raises(Refused) as refused:
            finish(db, BEA, first, outcome, next_action_on=day)
        assert (refused.value.status, refused.value.field) == (422, field)
    again = finish(db, BEA, first, "called, in process", next_action_on=after(7))
    assert again == item("follow_up") != first
    assert snoozed(db) == {"follow_up": after(7)}
    done = db.execute(
        "select done_by, outcome from desk.work_items where done_at is not null"
    ).fetchall()
    assert done == [("bea", "called, in process")]
    assert db.execute("select kind, outcome, next_action_on, by_user from desk.notes").fetchall() \
        == [("follow_up", "called, in process", after(7), "bea")]  # fmt: skip
    assert db.execute(
        "select next_action_on from desk.sessions where billing_status = 'submitted'"
    ).fetchone() == (after(7),)
    assert daily.refresh(db, DAG).opened == 0
    owner = db.execute(
        "select assigned_to from desk.work_items where item_id = %s", [again]
    ).fetchone()
    assert owner == ("bea",)


def test_the_next_step_of_a_denial_is_in_time_and_in_sight(db, item):
    with pytest.raises(Refused) as refused:
        finish(db, BEA, item("denial"), "asked for records", next_action_on=after(21))
    assert f"at the latest {shown(after(20))}" in refused.value.problem
    finish(db, BEA, item("denial"), "asked for records", next_action_on=after(20))
    assert snoozed(db) == {"denial": after(13)}


def test_an_item_that_follows_from_no_state_is_closed_for_good(db, item):
    session_id = db.execute(
        "select session_id from desk.work_items where kind = 'follow_up'"
    ).fetchone()[0]
    conflict = work_items.open_item(db, "conflict", session_id=session_id)
    assert finish(db, BEA, conflict, "it is one visit") is None
    assert daily.refresh(db, DAG).opened == 0
    for wish in (BEA, LEA):
        with pytest.raises(Refused) as refused:
            finish(db, wish, conflict, "again")
        assert refused.value.status == 409


@pytest.mark.parametrize(
    ("actor", "known", "version", "status"),
    [(BOB, True, None, 403), (VIC, True, None, 403), (BEA, False, None, 404), (BEA, True, 99, 409)],
    ids=["not_own", "viewer", "unknown", "stale"],
)
def test_an_item_is_finished_by_who_has_it(db, item, actor, known, version, status):
    key = item("follow_up") if known else uuid4()
    with pytest.raises(Refused) as refused:
        finish(db, actor, key, "called", next_action_on=after(3), row_version=version)
    assert refused.value.status == status


def test_a_dental_claim_is_snoozed_and_finished_like_a_session(db):
    claim = invented.insert(db, "dental_claims", {"claim_id": 7}, "dental_claim_id")
    key = work_items.open_item(db, "follow_up", dental_claim_id=claim)
    snooze(db, LEA, key, after(30), "later")
    assert snoozed(db) == {"follow_up": after(30)}
    finish(db, LEA, key, "called", next_action_on=after(9))
    assert snoozed(db) == {"follow_up": after(9)}
    assert db.execute("select next_action_on from desk.dental_claims").fetchone() == (after(9),)


def test_the_queue_lists_by_score_and_says_what_it_hides(db, item):
    work_items.open_item(db, "payer_review", payer_id=db.execute(
        "select payer_id from desk.payers").fetchone()[0])  # fmt: skip
    mine = list_queue(db, BEA, "mine")
    assert [one.kind for one in mine.items] == ["denial", "follow_up", "bill_it"]
    assert [one.score for one in mine.items] == sorted(
        (one.score for one in mine.items), reverse=True
    )
    assert mine.groups == {"now": 1, "this_week": 1, "on_track": 1}
    assert mine.hidden == 0
    assert [one.kind for one in list_queue(db, BEA, "unassigned").items] == ["payer_review"]
    assert len(list_queue(db, VIC, "team").items) == 4
    assert list_queue(db, BOB, "mine").items == []

    snooze(db, BEA, item("follow_up"), after(5), "later")
    page = list_queue(db, BEA, "mine", Filters(kinds=["bill_it"]))
    assert [one.kind for one in page.items] == ["bill_it"]
    assert (page.snoozed, page.filtered, page.hidden) == (1, 1, 2)
    everything = list_queue(db, BEA, "mine", Filters(with_snoozed=True))
    assert (len(everything.items), everything.hidden) == (3, 0)
    assert list_queue(db, BEA, "mine", Filters(payer_name="no'; --")).filtered == 2


def test_items_of_one_score_go_by_deadline_amount_and_reference(db):
    rows = [
        (50, None, 10, "RS-AAAAAAA"), (50, "2026-12-01", 5, "RS-BBBBBBB"),
        (50, "2026-12-01", 9, "RS-CCCCCCC"), (60, None, 1, "RS-DDDDDDD"),
        (50, None, 10, "RS-EEEEEEE"), (50, "2026-11-30", 1, "RS-FFFFFFF"),
    ]  # fmt: skip
    keys = invented.sessions(db, [{"session_ref": ref} for *_, ref in rows])
    for (score, due, amount, _), key in zip(rows, keys, strict=True):
        db.execute(
            "insert into desk.work_items (kind, session_id, score, due_on, amount)"
            " values ('conflict', %s, %s, %s, %s)",
            [key, score, due, amount],
        )
    page = list_queue(db, BEA, "team", limit=5)
    assert "".join(one.reference[-1] for one in page.items) == "DFCBA"
    assert [one.reference[-1] for one in list_queue(db, BEA, "team", offset=5).items] == ["E"]
    assert page.groups["on_track"] == 6
