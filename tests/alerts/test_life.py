"""What becomes of an alert from day to day: one at a time, risen in place, over, back again."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from daysheet.alerts.acting import acknowledge, snooze
from daysheet.alerts.evaluation import Evaluated
from tests.desk.conftest import TODAY
from tests.desk.stages import LEAD

DAY = timedelta(1)
NOTHING_NEW = Evaluated()


def since(days: int) -> dict[str, date]:
    """Sent so many days ago."""
    day = TODAY - timedelta(days)
    return {"service_on": day, "first_submitted_on": day, "last_submitted_on": day}


@pytest.fixture
def claim(days):
    """A claim of 61 days that only waits: its status changed today."""
    return days.session(**since(61), billing_status="pending", status_since=TODAY)


def everything(days):
    """All that an evaluation writes."""
    tables = ("alerts", "alert_events", "alert_snapshots", "alert_days")
    return [days.rows(f"select * from desk.{table} order by 1, 2, 3") for table in tables[:3]] + [
        days.rows("select * from desk.alert_days order by 1")
    ]


def test_it_rises_in_place(days, claim):
    days.evaluate()
    first = days.alert("aged_claim")
    assert (first["severity"], first["critical_since"]) == ("high", None)
    days.evaluate(TODAY + 29 * DAY)
    assert days.alert("aged_claim")["severity"] == "high"
    assert days.evaluate(TODAY + 30 * DAY).risen == 1
    risen = days.alert("aged_claim")
    assert risen["alert_id"] == first["alert_id"]
    assert (risen["severity"], risen["day_count"]) == ("critical", 91)
    assert risen["first_seen_on"] == TODAY
    assert risen["last_seen_on"] == risen["critical_since"] == TODAY + 30 * DAY
    assert days.events(first["alert_id"]) == ["opened", "risen"]


def test_it_falls_in_place_when_there_is_more_time(days):
    session_id = days.session(
        billing_status="documented", service_on=TODAY - 20 * DAY, status_since=TODAY
    )
    payer = "update desk.payers set filing_days = %s"
    days.db.execute(payer, [20 + 7])
    days.evaluate()
    days.db.execute(payer, [20 + 14])
    assert days.evaluate().fallen == 1
    alert = days.alert("filing_deadline")
    assert (alert["session_id"], alert["severity"]) == (session_id, "high")
    assert (alert["day_count"], alert["critical_since"]) == (14, None)
    days.db.execute(payer, [20 + 90])
    assert days.evaluate().resolved == 1


def test_it_follows_the_money(days, claim):
    days.evaluate()
    days.db.execute("update desk.sessions set ins_paid_reported = 40")
    assert days.evaluate() == NOTHING_NEW
    assert days.alert("aged_claim")["amount"] == 60


def test_it_ends_by_itself(days, claim):
    days.evaluate()
    days.change(claim, "paid", ins_paid_reported=100, paid_on_source="unknown")
    assert days.evaluate(TODAY + DAY).resolved == 1
    over = days.alert("aged_claim")
    assert (over["status"], over["resolved_how"]) == ("resolved", "auto")
    assert (over["resolved_on"], over["last_seen_on"]) == (TODAY + DAY, TODAY)
    assert days.events(over["alert_id"]) == ["opened", "resolved"]


@pytest.mark.parametrize(("after", "alerts"), [(1, 1), (7, 1), (8, 2)])
def test_true_again_within_a_week_is_the_same_alert(days, claim, after, alerts):
    days.evaluate()
    first = days.alert("aged_claim")
    days.change(claim, "client_responsibility")
    days.evaluate(TODAY + 2 * DAY)
    days.change(claim, "pending")
    days.evaluate(TODAY + (2 + after) * DAY)
    rows = days.alerts("aged_claim")
    assert len(rows) == alerts
    newest = rows[-1]
    assert newest["status"] == "open"
    if alerts == 1:
        assert newest["alert_id"] == first["alert_id"]
        assert newest["first_seen_on"] == TODAY
        assert days.events(first["alert_id"]) == ["opened", "resolved", "reopened"]
    else:
        assert newest["first_seen_on"] == TODAY + 10 * DAY
        assert rows[0]["status"] == "resolved"


def test_a_rule_that_is_switched_off_ends_its_alerts(days, claim):
    days.evaluate()
    days.db.execute("update desk.alert_rules set enabled = false where code = 'aged_claim'")
    assert days.evaluate().resolved == 1
    days.db.execute("update desk.alert_rules set enabled = true where code = 'aged_claim'")
    assert days.evaluate().reopened == 1


def test_a_second_look_on_the_day_changes_nothing(days, claim):
    days.session(**since(120))
    days.evaluate()
    acknowledge(days.db, LEAD, days.alerts("slow_payer")[0]["alert_id"], "called", TODAY + DAY)
    before = everything(days)
    assert days.evaluate() == NOTHING_NEW
    assert everything(days) == before


def test_a_day_in_the_past_is_only_counted(days, claim):
    days.evaluate()
    alerts = everything(days)[:2]
    snapshots = days.rows("select * from desk.alert_snapshots")
    assert days.evaluate(TODAY - DAY) == Evaluated(is_past=True)
    days.session(**since(200))
    assert days.evaluate(TODAY - 2 * DAY).is_past
    assert everything(days)[:2] == alerts
    assert days.rows("select * from desk.alert_days where as_of != %s", TODAY) == []
    kept = days.rows("select * from desk.alert_snapshots order by as_of, rule_code")
    old = {"rule_code": "aged_claim", "severity": "critical", "alerts": 1, "amount": Decimal(100)}
    assert [row for row in kept if row["as_of"] == TODAY] == snapshots
    # the claim of 61 days was 60 on the day before, and no alert
    assert {row["as_of"] for row in kept} == {TODAY, TODAY - 2 * DAY}
    assert old | {"as_of": TODAY - 2 * DAY} in kept


def test_a_snapshot_says_what_there_is_at_the_last_look(days, claim):
    days.session(**since(75), billing_status="pending", status_since=TODAY)
    days.evaluate()
    counted = "select rule_code, severity, alerts, amount from desk.alert_snapshots"
    snapshot = {"rule_code": "aged_claim", "severity": "high", "alerts": 2, "amount": Decimal(200)}
    assert days.rows(counted) == [snapshot]
    days.change(claim, "client_responsibility")
    days.evaluate()
    assert days.rows(counted) == [snapshot | {"alerts": 1, "amount": Decimal(100)}]
    days.db.execute("update desk.alert_rules set enabled = false")
    days.evaluate()
    assert days.rows(counted) == []


def test_lesser_alerts_are_silent_beside_a_greater_one(days):
    session_id = days.session(**since(60), status_since=TODAY - 60 * DAY)
    days.evaluate()
    silenced = {row["rule_code"]: row["silenced_by"] for row in days.alerts()}
    assert silenced == {"no_response": "slow_payer", "slow_payer": None}
    days.evaluate(TODAY + DAY)
    silenced = {row["rule_code"]: row["silenced_by"] for row in days.alerts()}
    assert silenced == {
        "no_response": "aged_claim", "slow_payer": "aged_claim", "aged_claim": None
    }  # fmt: skip
    days.db.execute("update desk.alert_rules set enabled = false where code = 'aged_claim'")
    days.evaluate()
    assert days.alert("slow_payer")["silenced_by"] is None
    days.change(session_id, "client_responsibility")
    days.evaluate()
    assert {row["silenced_by"] for row in days.alerts()} == {None}


def test_nothing_silences_a_deadline_or_what_is_about_something_else(days):
    deadline = {"denied_on": TODAY, "appeal_deadline": TODAY + 10 * DAY}
    days.session(**since(100), billing_status="denied", **deadline)
    days.session(**since(20))
    days.evaluate()
    silenced = {row["rule_code"]: row["silenced_by"] for row in days.alerts()}
    assert set(silenced) == {"aged_claim", "appeal_deadline", "denied", "no_response"}
    assert set(silenced.values()) == {None}


@pytest.mark.parametrize("act", [acknowledge, snooze])
def test_quiet_ends_on_its_day(days, claim, act):
    days.evaluate()
    alert_id = days.alert("aged_claim")["alert_id"]
    until = TODAY + 10 * DAY
    given = ("called the payer", until) if act is acknowledge else (until, "called the payer")
    act(days.db, LEAD, alert_id, *given)
    days.evaluate(until - DAY)
    assert days.alert("aged_claim")["quiet_until"] == until
    assert days.evaluate(until).woken == 1
    woken = days.alert("aged_claim")
    assert (woken["status"], woken["quiet_until"]) == ("open", None)
    assert days.events(alert_id)[-1] == "woken"


def test_what_is_quiet_rises_and_ends_all_the_same(days, claim):
    days.evaluate(TODAY + 20 * DAY)
    alert_id = days.alert("aged_claim")["alert_id"]
    acknowledge(days.db, LEAD, alert_id, "called the payer", TODAY + 34 * DAY)
    assert days.evaluate(TODAY + 30 * DAY).risen == 1
    assert days.alert("aged_claim")["status"] == "acknowledged"
    days.change(claim, "client_responsibility")
    assert days.evaluate().resolved == 1
    days.change(claim, "pending")
    assert days.evaluate().reopened == 1
    back = days.alert("aged_claim")
    assert (back["status"], back["quiet_until"]) == ("open", None)
    assert back["critical_since"] == TODAY + 30 * DAY
