"""Days, people and files in any order: one live alert each, and its events tell what it is."""

import os
from collections import Counter
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from daysheet.alerts.acting import acknowledge, resolve, snooze
from daysheet.alerts.conditions import conditions
from daysheet.alerts.life import severities
from daysheet.alerts.rules import read_rules
from daysheet.desk.published import published
from daysheet.desk.refusals import Refused
from tests.alerts.conftest import Days
from tests.conftest import Warehouse
from tests.desk.conftest import TODAY, Desk
from tests.desk.stages import LEAD

# A long run: DAYSHEET_MACHINE_EXAMPLES=2000.
EXAMPLES = int(os.environ.get("DAYSHEET_MACHINE_EXAMPLES", "15"))
STEPS = 25
DAY = timedelta(1)
OLD = TODAY - timedelta(58)

_AGAIN = """
    truncate desk.alerts, desk.alert_events, desk.alert_snapshots, desk.alert_days, ops.mail_line,
    desk.sessions, desk.session_status_history, desk.notes, ops.file cascade
"""
_FILE = """
    insert into ops.file (source, table_name, file_name, sha256, bytes, mode, exported_on, state,
    received_at) values ('simplepractice', %s, 'x', 'x', 1, 'full', now()::timestamp, %s,
    desk.today() + time '12:00')
"""
STATUSES = ("submitted", "pending", "approved", "client_responsibility")
numbers = st.integers(0, 9)


class Machine(RuleBasedStateMachine):
    """A few claims that age, get other statuses, and are paid for; files; people; and mornings."""

    def __init__(
        self, warehouse: Warehouse, db: psycopg.Connection, loader: psycopg.Connection
    ) -> None:
        super().__init__()
        self.db, self.loader, self.days = db, loader, Days(db)
        with psycopg.connect(warehouse.admin) as admin:
            admin.execute("set session_replication_role = replica")
            admin.execute(_AGAIN)
            admin.execute("update desk.alert_rules set enabled = true")
        self.today = self.newest = TODAY
        self.days.on(TODAY)
        columns = {"service_on": OLD, "first_submitted_on": OLD, "last_submitted_on": OLD}
        self.claims = [
            self.days.session(**columns | {"ins_charge": charge}) for charge in (100, 1500)
        ]
        self.looked: date | None = None
        self.closed: set[int] = set()  # files, by hand

    # What happens

    @rule(count=st.integers(1, 12))
    def days_pass(self, count: int) -> None:
        self.today += count * DAY
        self.days.on(self.today)

    @rule(number=numbers, status=st.sampled_from(STATUSES))
    def a_claim_gets_a_status(self, number: int, status: str) -> None:
        self.days.change(self.claims[number % len(self.claims)], status, status_since=self.today)

    @rule(code=st.sampled_from(["aged_claim", "slow_payer", "bad_file"]))
    def a_rule_is_switched(self, code: str) -> None:
        self.db.execute("update desk.alert_rules set enabled = not enabled where code = %s", [code])

    @rule(state=st.sampled_from(["loaded", "rejected"]), table=st.sampled_from(["claims", None]))
    def a_file_comes(self, state: str, table: str | None) -> None:
        self.loader.execute("select set_config('daysheet.as_of', %s, false)", [str(self.today)])
        self.loader.execute(_FILE, [table, state])

    @precondition(lambda self: self.live())
    @rule(number=numbers, act=st.sampled_from([acknowledge, snooze]), ahead=numbers)
    def somebody_acts(self, number: int, act: Any, ahead: int) -> None:
        alerts = self.live()
        alert_id = alerts[number % len(alerts)]["alert_id"]
        until = self.today + ahead * DAY
        try:
            act(self.db, LEAD, alert_id, *(("a", until) if act is acknowledge else (until, "b")))
        except Refused as refused:
            if refused.field != "until":
                raise
        self.events_tell_the_alerts()

    @precondition(lambda self: self.live("bad_file"))
    @rule(number=numbers)
    def a_bad_file_is_closed(self, number: int) -> None:
        alerts = self.live("bad_file")
        alert = alerts[number % len(alerts)]
        resolve(self.db, LEAD, alert["alert_id"], "asked for it again")
        self.closed.add(alert["file_id"])
        self.events_tell_the_alerts()

    @precondition(lambda self: self.looked is not None)
    @rule(back=st.integers(1, 20))
    def a_past_day_is_looked_at(self, back: int) -> None:
        before = self.days.alerts()
        assert self.looked is not None
        assert self.days.evaluate(self.looked - back * DAY).is_past
        self.days.on(self.today)
        assert self.days.alerts() == before

    @rule()
    def a_morning(self) -> None:
        was = {row["alert_id"]: row for row in self.days.alerts()}
        evaluated = self.days.evaluate()
        self.looked = self.today
        assert not evaluated.is_past
        self.alerts_are_what_is_true()
        self.events_tell_the_alerts()
        for row in self.days.alerts():
            before = was.get(row["alert_id"])
            assert row["quiet_until"] is None or row["quiet_until"] > self.today
            if before is not None:
                assert row["first_seen_on"] == before["first_seen_on"]
                assert row["escalation"] >= before["escalation"]
                if before["status"] == "resolved" != row["status"]:
                    assert self.today - before["resolved_on"] <= 7 * DAY
        again = self.days.alerts()
        assert not any(vars(self.days.evaluate()).values()), "a second look found something"
        assert self.days.alerts() == again

    # What holds

    def live(self, rule_code: str | None = None) -> list[dict[str, Any]]:
        return [row for row in self.days.alerts(rule_code) if row["status"] != "resolved"]

    def alerts_are_what_is_true(self) -> None:
        """One live alert for each condition, as severe, but for what was closed by hand."""
        live = Counter(
            (r["rule_code"], r["session_id"], r["file_id"], r["source"], r["severity"])
            for r in self.live()
        )
        with published(self.db) as reader:
            true = list(severities(conditions(reader), read_rules(self.db)))
        expected = Counter(
            (c.rule_code, c.subject.session_id, c.subject.file_id, c.subject.source, severe)
            for c, severe in true
            if c.subject.file_id not in self.closed
        )
        assert live == expected
        assert set(live.values()) <= {1}

    def events_tell_the_alerts(self) -> None:
        """Status, severity, escalation and quiet of each alert follow from its events alone."""
        told: dict[Any, dict[str, Any]] = {}
        statuses = {
            "opened": "open", "reopened": "open", "woken": "open", "resolved": "resolved",
            "acknowledged": "acknowledged", "snoozed": "snoozed",
        }  # fmt: skip
        for event in self.days.rows("select * from desk.alert_events order by event_id"):
            known = told.setdefault(event["alert_id"], {"status": None})
            assert (event["kind"] == "opened") == (known["status"] is None)
            known["status"] = statuses.get(event["kind"], known["status"])
            for name in ("severity", "escalation", "quiet_until"):
                known[name] = event[name]
        names = ("status", "severity", "escalation", "quiet_until")
        assert told == {
            row["alert_id"]: {name: row[name] for name in names} for row in self.days.alerts()
        }


@pytest.mark.timeout(3600)
def test_alerts_follow_whatever_happens_in_whatever_order(warehouse):
    desk = Desk(warehouse)
    with desk.open() as db, desk.open("loader") as loader:
        run_state_machine_as_test(
            lambda: Machine(warehouse, db, loader),
            settings=settings(
                max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None,
                derandomize="DAYSHEET_MACHINE_EXAMPLES" not in os.environ,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
