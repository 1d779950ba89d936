"""The alerting DAG, for real: a morning mails once, and reruns, past days and previews do not."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import psycopg
import pytest

from daysheet.orchestration.alert_dag import alert_dag, day_of
from daysheet.settings import get_settings
from daysheet.warehouse import session
from tests.conftest import free_port
from tests.desk import invented

pytestmark = pytest.mark.airflow

TODAY = date(2026, 1, 30)  # a Friday
NAME = "Qzkxvjwq"  # of the client; the clinician and the service have it too


@pytest.fixture
def pin(monkeypatch):
    """Make it another day, or none in particular, in another time zone."""

    def to(day: date | None, timezone: str = "UTC", **settings: str) -> None:
        monkeypatch.setenv("DAYSHEET_TIMEZONE", timezone)
        for name, value in settings.items():
            monkeypatch.setenv(f"DAYSHEET_{name.upper()}", value)
        if day:
            monkeypatch.setenv("DAYSHEET_AS_OF", day.isoformat())
        else:
            monkeypatch.delenv("DAYSHEET_AS_OF", raising=False)
        get_settings.cache_clear()

    to(TODAY)
    yield to
    get_settings.cache_clear()


@pytest.fixture
def practice(warehouse, pin):
    """A claim of 91 days that bea works on, and one of 90; lena leads. The admin's connection."""
    clock = get_settings().clock()
    with session(warehouse.dsn("desk"), "tests", autocommit=True, settings=clock) as db:
        acme = invented.payer(db)
        for user, role in (("bea", "biller"), ("lena", "lead")):
            email = f"{user}@practice.example"
            invented.staff(db, user, desk_role=role, email=email, display_code=user[:2].upper())
        owed = {"payer_id": acme, "ins_charge": 100, "billing_status": "submitted"}
        rows = [
            owed
            | {"first_submitted_on": sent, "last_submitted_on": sent, "assigned_to": "bea"}
            | {"service_on": sent - timedelta(days=3), "billing_code": f"{NAME}{age}"}
            for age in (91, 90)
            for sent in [TODAY - timedelta(days=age)]
        ]
        invented.sessions(db, rows)
    with psycopg.connect(warehouse.admin, autocommit=True) as admin:
        admin.execute("update desk.clients set full_name = %s", [NAME])
        admin.execute("update desk.clinicians set name = %s", [NAME])
        yield admin


@pytest.fixture
def run_alerts(run_dag):
    """Run the DAG; dag.test() would remember the params of a run before."""
    given = {"as_of": None, "mail_now": False, "dry_run": False, "resend_to": None}
    return lambda **conf: run_dag("alert_aged_claims", **(given | conf))


@pytest.fixture
def digests(mails):
    """Who got a digest so far, in order, and its subject."""
    return lambda: [
        (mail["to"].split("@")[0], mail["subject"])
        for mail in mails()
        if mail["message-id"].startswith("<digest-")
    ]


def states(run) -> dict[str, str]:
    return {task.task_id: str(task.state) for task in run.get_task_instances()}


def report(run, task_id="evaluate") -> str:
    from airflow.models.renderedtifields import RenderedTaskInstanceFields

    fields = RenderedTaskInstanceFields.get_templated_fields(run.get_task_instance(task_id))
    return fields["report"]


def everything(admin):
    tables = ("desk.alerts", "desk.alert_events", "desk.alert_snapshots", "ops.mail")
    return {
        table: admin.execute(f"select t::text from {table} as t order by 1").fetchall()
        for table in tables
    }


SUBJECT = "[Daysheet] 1 claim over 90 days, 1 new, $100.00"


def test_a_morning_mails_each_once_and_a_rerun_nobody(run_alerts, practice, digests, mails):
    first = run_alerts()
    assert first.state == "success"
    assert sorted(digests()) == [("bea", SUBJECT), ("lena", SUBJECT)]
    assert f"- BE: 1 lines, 1 new: {SUBJECT}" in report(first)
    assert report(first, "send").count("1 lines: sent") == 2
    before = everything(practice)
    again = run_alerts()
    assert again.state == "success"
    assert states(again)["send"] == "skipped"
    assert "Nobody is mailed" in report(again)
    assert everything(practice) == before
    assert len(mails()) == 2


def test_a_dry_run_shows_the_mails_and_writes_nothing(run_alerts, practice, mails):
    before = everything(practice)
    run = run_alerts(dry_run=True)
    assert run.state == "success"
    assert report(run).startswith("DRY RUN: nothing of this was written.")
    assert f"for LE: {SUBJECT}" in report(run)
    assert "NEW (1)" in report(run)
    assert everything(practice) == before
    assert practice.execute("select count(*) from desk.alert_days").fetchone() == (0,)
    assert mails() == []


def test_one_person_is_sent_the_newest_digest_again(run_alerts, practice, digests):
    run_alerts()
    run = run_alerts(resend_to="bea")
    assert run.state == "success"
    assert [who for who, _ in digests()].count("bea") == 2
    assert [who for who, _ in digests()].count("lena") == 1
    assert "sent once more" in report(run)
    assert run_alerts(resend_to="nobody").state == "failed"
    practice.execute("update desk.staff set email = 'bea@elsewhere.example' where user_id = 'bea'")
    assert states(run_alerts(resend_to="bea"))["evaluate"] == "failed"


def test_a_holiday_mails_nobody_unless_told_to(run_alerts, practice, digests):
    practice.execute("insert into desk.holiday (day, name) values (%s, 'Closed')", [TODAY])
    assert states(run_alerts())["send"] == "skipped"
    assert practice.execute("select count(*) from desk.alerts").fetchone() != (0,)
    assert digests() == []
    run_alerts(mail_now=True)
    assert len(digests()) == 2


def test_a_weekend_mails_nobody_and_monday_tells_all_of_it(run_alerts, practice, digests, pin):
    pin(TODAY + timedelta(days=1))
    run_alerts()
    assert digests() == []
    pin(TODAY + timedelta(days=3))
    run_alerts()
    assert len(digests()) == 2


def test_a_past_day_is_looked_back_on_and_nobody_is_mailed(run_alerts, practice, digests):
    run_alerts()
    before = everything(practice)
    past = TODAY - timedelta(days=10)
    run = run_alerts(as_of=past.isoformat(), mail_now=True)
    assert run.state == "success"
    assert "A past day: nobody is mailed." in report(run)
    after = everything(practice)
    new = set(after.pop("desk.alert_snapshots")) - set(before.pop("desk.alert_snapshots"))
    assert new
    assert all(past.isoformat() in row for (row,) in new)
    assert after == before
    assert len(digests()) == 2


def test_a_past_day_before_any_other_opens_alerts_and_mails_nobody(run_alerts, practice, digests):
    assert (
        run_alerts(as_of=(TODAY - timedelta(days=1)).isoformat(), mail_now=True).state == "success"
    )
    assert practice.execute("select count(*) from desk.alerts").fetchone() != (0,)
    assert digests() == []
    run_alerts()
    assert len(digests()) == 2


def test_a_day_that_is_still_ahead_is_refused(run_alerts, practice):
    assert run_alerts(as_of="2026-01-31").state == "failed"
    assert practice.execute("select count(*) from desk.alerts").fetchone() == (0,)


def test_two_runs_at_once_write_each_digest_once(practice, dagbag, connected, mailbox):
    params = {"resend_to": None, "mail_now": False, "dry_run": False}
    dag_run = SimpleNamespace(dag_id="alert_aged_claims", run_id="manual__1")

    def evaluate(_):
        task = dagbag.dags["alert_aged_claims"].get_task("evaluate").prepare_for_execution()
        task.as_of = TODAY.isoformat()
        return task.execute({"params": params, "dag_run": dag_run})

    with ThreadPoolExecutor(2) as pool:
        written = list(pool.map(evaluate, range(2)))
    assert sorted(map(len, written)) == [0, 2]
    live = "select count(*), count(distinct (rule_code, session_id)) from desk.alerts"
    alerts, subjects = practice.execute(live).fetchone()
    assert alerts == subjects > 0


def test_a_server_that_is_down_turns_send_red_and_the_next_hour_delivers(
    run_alerts, run_dag, practice, digests, monkeypatch
):
    with monkeypatch.context() as without_server:
        nowhere = f"smtp://127.0.0.1:{free_port()}/?disable_ssl=1&disable_tls=1&from_email=a%40b.c"
        without_server.setenv("AIRFLOW_CONN_SMTP_DEFAULT", nowhere)
        run = run_alerts()
    assert run.state == "failed"
    assert states(run)["evaluate"] == "success"
    assert report(run, "send").count("pending (connection_refused)") == 2
    assert digests() == []
    practice.execute("update ops.mail set next_attempt_at = now()")
    assert run_dag("send_mail").state == "success"
    assert len(digests()) == 2


def ops_mail(mails) -> dict[str, str]:
    return {
        mail["subject"].removeprefix("[Daysheet] "): mail.get_body(("plain",)).get_content()
        for mail in mails()
        if mail["to"] == "ops@practice.example"
    }


def test_ops_hear_when_nobody_can_be_told(run_alerts, practice, mails):
    practice.execute("update desk.staff set active = false where user_id = 'bea'")
    practice.execute(
        "update desk.staff set email = 'lena@elsewhere.example' where user_id = 'lena'"
    )
    run = run_alerts()
    assert "NOT SENT: this address may get no mail" in report(run)
    assert list(ops_mail(mails)) == ["digests that may not be sent: 1"]
    assert "The digests of LE may not be sent" in ops_mail(mails)["digests that may not be sent: 1"]
    practice.execute("update desk.staff set active = false")
    run_alerts()
    assert "nobody can be told of 1 alerts" in ops_mail(mails)


def test_ops_hear_of_files_that_stay_away_once(run_alerts, practice, mails):
    practice.execute(
        "insert into ops.file (source, table_name, file_name, sha256, bytes, mode, exported_on,"
        " state, received_at) values ('opendental', 'claim', 'x.csv', 'x', 1, 'changes', %s,"
        " 'loaded', %s)",
        [TODAY - timedelta(days=4)] * 2,
    )
    run_alerts()
    assert "source: opendental" in ops_mail(mails)["no files: opendental"]
    practice.execute("update ops.mail set created_at = created_at - interval '2 hours'")
    before = len(mails())
    run_alerts()
    assert len(mails()) == before


def test_ops_hear_of_a_morning_that_never_was(run_alerts, practice, mails, pin):
    run_alerts()
    pin(TODAY + timedelta(days=3))
    run_alerts()
    assert ops_mail(mails) == {}
    pin(TODAY + timedelta(days=5))
    run_alerts()
    told = ops_mail(mails)["the alerts of 2026-02-03 were never evaluated"]
    assert "Nothing is lost" in told
    practice.execute("update ops.mail set created_at = created_at - interval '2 hours'")
    before = len(mails())
    run_alerts()
    assert len(mails()) == before


def test_nothing_that_identifies_a_client_leaves_the_database(run_alerts, practice, mails, capfd):
    from airflow.models.renderedtifields import RenderedTaskInstanceFields
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    shown, handed_on = [], {}
    for conf in ({"dry_run": True}, {"mail_now": True}):
        run = run_alerts(**conf)  # dag.test() forgets what the run before has handed on
        shown += map(RenderedTaskInstanceFields.get_templated_fields, run.get_task_instances())
        with create_session() as metadata:
            of_run = metadata.query(XComModel).filter(XComModel.run_id == run.run_id)
            handed_on |= {x.task_id: XComModel.deserialize_value(x) for x in of_run}
    assert "1 claim over 90 days" in str(shown)
    assert len(handed_on["evaluate"]) == 2
    sent = [part.get_content() for mail in mails() for part in mail.iter_parts()]
    assert len(sent) == 4
    said = "".join(capfd.readouterr())
    assert "alerts" in said
    kept = practice.execute("select full_name from desk.clients").fetchall()
    assert NAME in str(kept)
    assert NAME not in str(handed_on) + str(shown) + str(sent) + said


@pytest.mark.parametrize(
    ("kind", "logical", "pinned", "day"),
    [
        ("scheduled", datetime(2026, 10, 30, 12, 0, tzinfo=UTC), None, "2026-10-30"),
        ("scheduled", datetime(2026, 11, 2, 13, 0, tzinfo=UTC), None, "2026-11-02"),
        ("scheduled", datetime(2026, 3, 6, 13, 0, tzinfo=UTC), None, "2026-03-06"),
        ("scheduled", datetime(2026, 3, 9, 12, 0, tzinfo=UTC), None, "2026-03-09"),
        ("scheduled", datetime(2026, 11, 2, 13, 0, tzinfo=UTC), TODAY, "2026-01-30"),
        ("backfill", datetime(2025, 11, 3, 13, 0, tzinfo=UTC), TODAY, "2025-11-03"),
        ("backfill", datetime(2025, 11, 4, 3, 0, tzinfo=UTC), TODAY, "2025-11-03"),
        ("manual", datetime(2025, 11, 3, 13, 0, tzinfo=UTC), TODAY, "2026-01-30"),
        ("manual", None, TODAY, "2026-01-30"),
    ],
)
def test_the_day_of_a_run_is_the_practices(pin, kind, logical, pinned, day):
    pin(pinned, "America/New_York")
    run = SimpleNamespace(run_type=kind, logical_date=logical)
    assert day_of(run, get_settings().today()).isoformat() == day


@pytest.mark.parametrize(
    ("since", "mornings"),
    [
        (date(2026, 10, 29), ["10-29 12:00", "10-30 12:00", "11-02 13:00", "11-03 13:00"]),
        (date(2026, 3, 5), ["03-05 13:00", "03-06 13:00", "03-09 12:00", "03-10 12:00"]),
    ],
)
def test_it_is_eight_at_the_practice_on_either_side_of_a_clock_change(pin, since, mornings):
    from airflow.serialization.serialized_objects import DagSerialization
    from airflow.timetables.base import TimeRestriction
    from pendulum import instance

    pin(None, "America/New_York")
    dag = DagSerialization.from_dict(DagSerialization.to_dict(alert_dag("clocks")))
    start = instance(datetime(since.year, since.month, since.day, tzinfo=UTC))
    found, last = [], None
    for _ in mornings:
        run = dag.timetable.next_dagrun_info(
            last_automated_data_interval=last,
            restriction=TimeRestriction(earliest=start, latest=None, catchup=True),
        )
        found.append(f"{run.logical_date.in_timezone('UTC'):%m-%d %H:%M}")
        last = run.data_interval
    assert found == mornings


@pytest.mark.parametrize(
    ("asked", "conf", "state"),
    [
        (True, {"as_of": None}, "success"),
        (False, {"as_of": None}, "skipped"),
        (True, {"as_of": "2026-01-20"}, "skipped"),
    ],
)
def test_alerts_follow_the_days_work_where_ops_asked_for_it(
    run_dag, practice, pin, asked, conf, state
):
    pin(TODAY, alerts_after_publish=str(asked))
    run = run_dag("revenue_cycle_daily", **conf)
    assert states(run)["alert"] == state
    assert run.state == "success"
