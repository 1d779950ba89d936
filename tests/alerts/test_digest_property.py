"""Whatever becomes of alerts on whatever days: each person hears of it in one digest, once."""

from datetime import date, timedelta
from itertools import count

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.alerts import practice
from tests.desk.conftest import Desk

START = date(2026, 10, 1)
PEOPLE = ("owner", "other", "lead")
NUMBERS = count()

changes = st.tuples(
    st.integers(0, 1),  # which alert
    st.sampled_from(
        ["risen", "reopened", "escalated", "quiet", "woken", "silent", "given", "ended"]
    ),
)
mornings = st.lists(
    st.tuples(st.lists(changes, max_size=3), st.sampled_from([True, True, False])),
    min_size=2,
    max_size=12,
)


@pytest.fixture(scope="module")
def db(shared_warehouse):
    with Desk(shared_warehouse).open() as connection:
        yield connection


class Practice:
    """Three people, two claims, and what the model says each person is still to be told."""

    def __init__(self, db: psycopg.Connection) -> None:
        self.db, self.number = db, next(NUMBERS)
        db.execute("update desk.staff set active = false where active")
        db.execute(
            "update desk.alerts set status = 'resolved', resolved_on = '2026-01-01',"
            " quiet_until = null, resolved_how = 'auto' where status != 'resolved'"
        )
        for name in PEOPLE:
            role = "lead" if name == "lead" else "biller"
            practice.staff(db, self.user(name), role, display_code=f"{name}-{self.number}")
        self.sessions = practice.claims(db, 95, 96, assigned_to=self.user("owner"))
        self.alerts = practice.aged(db, self.sessions, on=START)
        self.owner = ["owner"] * 2
        self.hidden: list[set[str]] = [set(), set()]  # what keeps it out of the mail
        self.escalation = [0, 0]
        self.events = [[self.last(which)] for which in range(2)]
        self.told: set[tuple[str, int]] = set()  # person and event

    def user(self, name: str) -> str:
        return f"{name}-{self.number}"

    def happens(self, which: int, kind: str, on: date) -> None:
        alert = self.alerts[which]
        if kind == "given":
            to = "other" if self.owner[which] == "owner" else "owner"
            self.owner[which] = to
            self.db.execute(
                "update desk.sessions set assigned_to = %s where session_id = %s",
                [self.user(to), self.sessions[which]],
            )
        elif kind == "silent":
            self.hidden[which] ^= {"silent"}
            by = "filing_deadline" if "silent" in self.hidden[which] else None
            self.db.execute(
                "update desk.alerts set silenced_by = %s where alert_id = %s", [by, alert]
            )
        else:
            self.live_change(which, kind, on)

    def live_change(self, which: int, kind: str, on: date) -> None:
        alert, hidden = self.alerts[which], self.hidden[which]
        is_over = "over" in hidden
        if kind == "ended" and not is_over:
            hidden.discard("quiet")
            hidden.add("over")
            practice.change(
                self.db, alert, "resolved", on, status="resolved", resolved_on=on,
                resolved_how="auto", quiet_until=None,
            )  # fmt: skip
        elif kind == "reopened" and is_over:
            hidden.discard("over")
            practice.change(
                self.db, alert, "reopened", on, status="open", resolved_on=None, resolved_how=None
            )
            self.events[which].append(self.last(which))
        elif kind == "quiet" and not is_over:
            hidden.add("quiet")
            practice.change(
                self.db, alert, "acknowledged", on, status="acknowledged", quiet_until=on
            )
        elif kind == "woken" and "quiet" in hidden:
            hidden.discard("quiet")
            practice.change(self.db, alert, "woken", on, status="open", quiet_until=None)
        elif kind == "risen" and not is_over:
            practice.change(self.db, alert, "risen", on)
            self.events[which].append(self.last(which))
        elif kind == "escalated" and not is_over and self.escalation[which] < 2:
            self.escalation[which] += 1
            practice.change(self.db, alert, "escalated", on, escalation=self.escalation[which])
            self.events[which].append(self.last(which))

    def last(self, which: int) -> int:
        row = self.db.execute(
            "select max(event_id) from desk.alert_events where alert_id = %s", [self.alerts[which]]
        ).fetchone()
        return row[0]

    def expected(self) -> dict[str, set]:
        """By person the alerts of which there is something to tell now; then it is told."""
        due: dict[str, set] = {}
        for which, alert in enumerate(self.alerts):
            if self.hidden[which]:
                continue
            for person in (self.owner[which], "lead"):
                untold = {(person, event) for event in self.events[which]} - self.told
                if untold:
                    due.setdefault(person, set()).add(alert)
                    self.told |= untold
        return due


@given(mornings)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_each_event_is_told_once_to_each_who_is_to_hear_of_it(db, days_of_changes):
    here = Practice(db)
    for number, (changes_of_day, is_evaluated) in enumerate(days_of_changes):
        day = START + timedelta(days=number)
        for which, kind in changes_of_day:
            here.happens(which, kind, day)
        if not is_evaluated:  # the server was down
            continue
        queued = practice.mailed(db, day)
        if day.weekday() >= 5:
            assert queued == {}
            continue
        news = {
            code.rsplit("-", 1)[0]: {
                alert for alert, where in practice.told(db, each).items()
                if where in ("new", "escalated")
            }
            for code, each in queued.items()
        }  # fmt: skip
        assert {person: alerts for person, alerts in news.items() if alerts} == here.expected()
