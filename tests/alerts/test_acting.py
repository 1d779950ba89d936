"""What people may do about an alert, who may, and what they are told when they may not."""

from datetime import timedelta
from uuid import uuid4

import pytest

from daysheet.alerts.acting import acknowledge, resolve, snooze
from daysheet.desk.actors import Actor
from daysheet.desk.refusals import Refused, shown
from tests.alerts.conftest import Days
from tests.desk import invented
from tests.desk.conftest import TODAY, Desk
from tests.desk.stages import ADMIN, BILLER, LEAD, SYSTEM, VIEWER, staff

DAY = timedelta(1)
TOMORROW = TODAY + DAY
OTHER = Actor("boris", BILLER.role, "ui")


@pytest.fixture
def open_alert(days):
    """A critical alert on a claim of the biller's."""
    staff(days.db)
    invented.staff(days.db, "boris")
    day = TODAY - 91 * DAY
    days.session(
        service_on=day, first_submitted_on=day, last_submitted_on=day, billing_status="pending",
        status_since=TODAY, assigned_to=BILLER.user_id,
    )  # fmt: skip
    days.evaluate()
    return days.alert("aged_claim")


@pytest.fixture
def bad_file(days, warehouse):
    """An alert that nothing but a person ends today."""
    staff(days.db)
    with Desk(warehouse).open("loader") as loader:
        loader.execute(
            "insert into ops.file (source, file_name, sha256, bytes, mode, exported_on, state,"
            " received_at) values ('simplepractice', 'x', 'x', 1, 'full', now()::timestamp,"
            " 'rejected', '2026-11-20T12:00Z')"
        )
    days.evaluate()
    return days.alert("bad_file")


def refused(act, *arguments, **options) -> Refused:
    with pytest.raises(Refused) as found:
        act(*arguments, **options)
    return found.value


def test_acknowledging_says_what_is_done_and_plans_the_next_step(days, open_alert):
    until = TODAY + 14 * DAY
    acknowledge(days.db, BILLER, open_alert["alert_id"], " asked for the records ", until)
    alert = days.alert("aged_claim")
    assert (alert["status"], alert["quiet_until"]) == ("acknowledged", until)
    assert alert["row_version"] == open_alert["row_version"] + 1
    [note] = days.rows("select * from desk.notes")
    assert (note["body"], note["by_user"]) == ("asked for the records", BILLER.user_id)
    assert (note["session_id"], note["next_action_on"]) == (alert["session_id"], until)
    [session] = days.rows("select next_action_on from desk.sessions")
    assert session["next_action_on"] == until
    event = days.rows("select * from desk.alert_events order by event_id desc limit 1")[0]
    assert (event["kind"], event["actor"]) == ("acknowledged", BILLER.user_id)
    assert (event["quiet_until"], event["note"]) == (until, "asked for the records")


@pytest.mark.parametrize("note", ["", "  \n"])
def test_acknowledging_without_a_note_is_refused(days, open_alert, note):
    found = refused(acknowledge, days.db, LEAD, open_alert["alert_id"], note, TOMORROW)
    assert (found.status, found.field) == (422, "note")
    assert days.alert("aged_claim") == open_alert
    assert refused(
        acknowledge, days.db, LEAD, open_alert["alert_id"], "x" * 4001, TOMORROW
    ).field == "note"  # fmt: skip


@pytest.mark.parametrize(("act", "longest"), [(acknowledge, 14), (snooze, 30)])
def test_quiet_is_from_tomorrow_on_and_not_for_long(days, open_alert, act, longest):
    for after in (-1, 0, longest + 1, 60):
        until = TODAY + after * DAY
        given = ("called", until) if act is acknowledge else (until, "called")
        found = refused(act, days.db, LEAD, open_alert["alert_id"], *given)
        assert (found.status, found.field) == (422, "until")
        assert shown(TODAY + longest * DAY) in found.problem
        assert days.alert("aged_claim") == open_alert
    for after in (1, longest):
        until = TODAY + after * DAY
        given = ("called", until) if act is acknowledge else (until, "called")
        act(days.db, LEAD, open_alert["alert_id"], *given)
        assert days.alert("aged_claim")["quiet_until"] == until


def test_snoozing_needs_a_reason(days, open_alert):
    found = refused(snooze, days.db, LEAD, open_alert["alert_id"], TOMORROW, " ")
    assert (found.status, found.field) == (422, "reason")


def test_nothing_is_snoozed_into_the_week_before_its_deadline(days):
    staff(days.db)
    days.session(billing_status="documented", service_on=TODAY - 10 * DAY, status_since=TODAY)
    days.db.execute("update desk.payers set filing_days = 10 + 20")
    days.evaluate()
    alert_id = days.alert("filing_deadline")["alert_id"]
    assert refused(snooze, days.db, LEAD, alert_id, TODAY + 14 * DAY, "why").field == "until"
    snooze(days.db, LEAD, alert_id, TODAY + 13 * DAY, "why")


def test_a_dental_claim_s_deadline_is_the_one_it_is_alerted_on(days):
    staff(days.db)
    claim = invented.insert(days.db, "dental_claims", {"claim_id": 901}, "dental_claim_id")
    for rule, severity, count in (("filing_deadline", "medium", 30), ("unbilled_aged", "high", 70)):
        days.db.execute(
            "insert into desk.alerts (rule_code, dental_claim_id, severity, day_count)"
            " values (%s, %s, %s, %s)",
            [rule, claim, severity, count],
        )
    alert_id = days.alert("unbilled_aged")["alert_id"]
    assert refused(snooze, days.db, LEAD, alert_id, TODAY + 24 * DAY, "why").field == "until"
    snooze(days.db, LEAD, alert_id, TODAY + 23 * DAY, "why")
    acknowledge(days.db, LEAD, alert_id, "the plan changed", TOMORROW)
    assert days.rows("select dental_claim_id from desk.notes") == [{"dental_claim_id": claim}]


ACTS = {
    "acknowledge": lambda db, actor, alert: acknowledge(db, actor, alert, "called", TOMORROW),
    "snooze": lambda db, actor, alert: snooze(db, actor, alert, TOMORROW, "called"),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_biller_acts_on_what_is_his_a_lead_on_all(days, open_alert, act):
    for actor in (VIEWER, OTHER, SYSTEM):
        found = refused(ACTS[act], days.db, actor, open_alert["alert_id"])
        assert (found.status, found.code) == (403, "no_right")
        assert days.alert("aged_claim") == open_alert
    for actor in (BILLER, LEAD, ADMIN):
        ACTS[act](days.db, actor, open_alert["alert_id"])
        last = days.rows("select actor from desk.alert_events order by event_id desc limit 1")
        assert last == [{"actor": actor.user_id}]


def test_a_lead_closes_what_nothing_else_ends_for_good(days, bad_file):
    for actor in (VIEWER, BILLER, SYSTEM):
        found = refused(resolve, days.db, actor, bad_file["alert_id"], "asked for it again")
        assert found.status == 403
    resolve(days.db, LEAD, bad_file["alert_id"], "asked for it again")
    closed = days.alert("bad_file")
    assert (closed["status"], closed["resolved_how"]) == ("resolved", LEAD.user_id)
    for day in (TODAY, TODAY + 3 * DAY, TODAY + 9 * DAY):
        assert not any(vars(days.evaluate(day)).values()), "it came back"
    assert days.alert("bad_file") == closed


def test_what_ends_by_itself_is_not_closed_by_hand(days, open_alert):
    found = refused(resolve, days.db, ADMIN, open_alert["alert_id"], "enough of it")
    assert (found.status, found.code) == (422, "ends_by_itself")
    assert "written off" in found.problem
    assert refused(resolve, days.db, ADMIN, open_alert["alert_id"], " ").field == "note"


def test_who_looked_at_an_older_state_looks_again(days, open_alert):
    act, version = ACTS["acknowledge"], open_alert["row_version"]
    assert refused(act, days.db, LEAD, uuid4()).status == 404
    acknowledge(days.db, LEAD, open_alert["alert_id"], "called", TOMORROW, row_version=version)
    found = refused(
        snooze, days.db, LEAD, open_alert["alert_id"], TOMORROW, "why", row_version=version
    )
    assert found.status == 409
    days.change(open_alert["session_id"], "client_responsibility")
    days.evaluate()
    assert refused(act, days.db, LEAD, open_alert["alert_id"]).status == 409


def test_money_on_no_session_is_his_who_has_its_work(days: Days):
    staff(days.db)
    payment = {
        "payer_id": invented.payer(days.db), "method": "check", "received_on": TODAY - 9 * DAY,
        "amount": 80, "source": "manual", "idempotency_key": "1", "by_user": "tests",
    }  # fmt: skip
    payment_id = invented.insert(days.db, "payments", payment, "payment_id")
    days.evaluate()
    alert_id = days.alert("unapplied_money")["alert_id"]
    assert refused(ACTS["snooze"], days.db, BILLER, alert_id).status == 403
    item = {"kind": "unmatched_money", "payment_id": payment_id, "assigned_to": BILLER.user_id}
    invented.insert(days.db, "work_items", item, "item_id")
    ACTS["acknowledge"](days.db, BILLER, alert_id)
    assert days.rows("select * from desk.notes") == []
