"""Two who change alerts at once: nothing is lost, nothing happens twice."""

from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from time import monotonic, perf_counter

import pytest

from daysheet.alerts.acting import acknowledge
from daysheet.alerts.evaluation import Evaluated, evaluate
from tests.alerts.conftest import DAG, Days
from tests.desk.conftest import TODAY, Desk
from tests.desk.stages import LEAD

DAY = timedelta(1)


@pytest.fixture
def desk(warehouse):
    return Desk(warehouse)


@pytest.fixture
def claim(days):
    day = TODAY - 91 * DAY
    return days.session(
        service_on=day, first_submitted_on=day, last_submitted_on=day, billing_status="pending",
        status_since=TODAY,
    )  # fmt: skip


def begin(desk: Desk, act: Callable[[Days], object]) -> Callable[[], object]:
    """Do it in another session, until it waits for this one; returns how to have its end."""
    found: list[object] = []

    def run() -> None:
        try:
            with desk.open() as db:
                found.append(act(Days(db)))
        except Exception as error:
            found.append(error)

    thread = Thread(target=run)
    thread.start()
    deadline = monotonic() + 30
    waiting = "select exists (select from pg_locks where not granted)"
    with desk.open() as watcher:
        while thread.is_alive() and not watcher.execute(waiting).fetchone()[0]:
            assert monotonic() < deadline, "it neither waits nor ends"

    def end() -> object:
        thread.join(30)
        [what] = found
        if isinstance(what, Exception):
            raise what
        return what

    return end


def test_two_evaluations_at_once_are_one_and_nothing(desk, days, claim):
    with days.writing() as reader:
        second = begin(desk, lambda other: other.evaluate())
        assert evaluate(reader, DAG) == Evaluated(opened=1)
    assert second() == Evaluated()
    assert len(days.alerts()) == 1


def test_an_acknowledgement_made_meanwhile_is_not_lost(desk, days, claim):
    days.evaluate()
    alert_id = days.alert("aged_claim")["alert_id"]

    def call(other: Days) -> None:
        acknowledge(other.db, LEAD, alert_id, "called", TODAY + 5 * DAY)

    days.on(TODAY + DAY)
    with days.writing() as reader:
        called = begin(desk, call)
        evaluate(reader, DAG)
    called()
    alert = days.alert("aged_claim")
    assert (alert["status"], alert["day_count"]) == ("acknowledged", 92)


def test_an_evaluation_waits_for_who_acknowledges_and_sees_it(desk, days, claim):
    days.evaluate()
    alert_id = days.alert("aged_claim")["alert_id"]
    with days.db.transaction():
        acknowledge(days.db, LEAD, alert_id, "called", TODAY + 5 * DAY)
        evaluated = begin(desk, lambda other: other.evaluate(TODAY + DAY))
    evaluated()
    alert = days.alert("aged_claim")
    assert (alert["status"], alert["day_count"]) == ("acknowledged", 92)
    assert days.events(alert_id) == ["opened", "acknowledged"]


def test_a_session_changed_meanwhile_is_no_obstacle(desk, days, claim):
    with days.writing() as reader:
        reader.connection.execute("select count(*) from desk.sessions")
        with desk.open() as other:
            other.execute("update desk.sessions set assigned_to = null, next_action_on = null")
        evaluate(reader, DAG)
    assert len(days.alerts("aged_claim")) == 1


def test_ten_thousand_aged_claims_are_evaluated_in_a_moment(days):
    """Opened, looked at again on the next day, and all of them over."""
    days.session(service_on=TODAY)
    with days.db.transaction():
        days.db.execute("""
            insert into desk.sessions (
                service_on, client_id, clinician_id, billing_code, billing_status, payer_id,
                ins_charge, status_since, first_submitted_on, last_submitted_on
            )
            select
                desk.today() - 91, client_id, clinician_id, 'N' || n, 'pending', payer_id,
                100, desk.today(), desk.today() - 91, desk.today() - 91
            from desk.sessions cross join generate_series(1, 10000) as n
        """)
        days.db.execute("""
            insert into desk.session_status_history (session_id, to_status, actor, source)
            select session_id, 'pending', 'system:tests', 'import' from desk.sessions
            where billing_status = 'pending'
        """)
    seconds = []
    for day, expected in ((0, Evaluated(opened=10_000)), (0, Evaluated()), (1, Evaluated())):
        began = perf_counter()
        assert days.evaluate(TODAY + day * DAY) == expected
        seconds.append(perf_counter() - began)
    days.db.execute("update desk.alert_rules set enabled = false")
    began = perf_counter()
    assert days.evaluate().resolved == 10_000
    seconds.append(perf_counter() - began)
    assert max(seconds) < 20, seconds  # a query for each alert takes longer
