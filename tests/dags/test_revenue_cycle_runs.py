"""The desk's daily run, for real: what it keeps up, that twice is once, and past days."""

from datetime import date, timedelta
from decimal import Decimal

import psycopg
import pytest

from daysheet.settings import get_settings
from daysheet.warehouse import session
from tests.desk import invented
from tests.desk.published_practice import publish_practice

pytestmark = pytest.mark.airflow

TODAY = date(2026, 11, 20)


@pytest.fixture
def practice(warehouse, monkeypatch):
    """A desk with two sessions owed, on 2026-11-20; the admin's connection to look at it."""
    monkeypatch.setenv("DAYSHEET_AS_OF", TODAY.isoformat())
    get_settings.cache_clear()
    clock = get_settings().clock()
    with session(warehouse.dsn("desk"), "tests", autocommit=True, settings=clock) as db:
        acme = invented.payer(db, external_id="60054")
        invented.staff(db, "bea")
        sent = date(2026, 8, 20)
        owed = {"payer_id": acme, "ins_charge": 100, "service_on": date(2026, 8, 1)}
        invented.sessions(
            db,
            [
                {**owed, "billing_status": "submitted", "first_submitted_on": sent,
                 "last_submitted_on": sent},
                {**owed, "billing_status": "scheduled", "service_on": TODAY},
            ],
        )  # fmt: skip
    with psycopg.connect(warehouse.admin, autocommit=True) as admin:
        yield admin
    get_settings.cache_clear()


@pytest.fixture
def run_daily(run_dag):
    """Run the DAG; dag.test() would remember the params of a run before."""
    return lambda **conf: run_dag("revenue_cycle_daily", **({"as_of": None} | conf))


def work(admin):
    return admin.execute(
        """
        select items.kind, sessions.billing_status, items.queue, items.assigned_to, items.outcome
        from desk.work_items as items inner join desk.sessions using (session_id)
        order by items.kind
        """
    ).fetchall()


def metric(admin, as_of, name="outstanding_claims_amount"):
    return admin.execute(
        "select value from desk.metric_snapshots where as_of = %s and metric = %s", [as_of, name]
    ).fetchone()


def everything(admin):
    return {
        table: admin.execute(f"select t::text from desk.{table} as t order by 1").fetchall()
        for table in ("sessions", "session_status_history", "work_items", "metric_snapshots")
    }


def test_a_day_brings_statuses_items_owners_and_metrics(run_daily, practice):
    assert run_daily().state == "success"
    assert work(practice) == [
        ("bill_it", "completed", "on_track", "bea", None),
        ("follow_up", "submitted", "now", "bea", None),
    ]
    assert metric(practice, TODAY) == (100,)
    assert metric(practice, TODAY, "aging_over_90") == (1,)


def test_dental_claims_of_the_published_build_are_followed_up(run_daily, practice, warehouse):
    claims = {
        "carrier": "CarrierNum | CarrierName\n3 | Acme Dental",
        "insplan": "PlanNum | CarrierNum\n7 | 3",
        "claim": """
            ClaimNum | PatNum | PlanNum | ClaimType | ClaimStatus | DateSent   | DateSentOrig
            901      | 101    | 7       | P         | S           | 2026-08-02 | 2026-08-02
            907      | 101    | 7       | P         | U           | 2026-11-01 | 0001-01-01
            """,
        "claimproc": """
            ClaimProcNum | ClaimNum | PatNum | ProcNum | PlanNum | Status | InsPayEst
            11           | 901      | 101    | 1       | 7       | 0      | 80.50
            71           | 907      | 101    | 9       | 7       | 0      | 60
            """,
    }
    publish_practice(warehouse, claims, TODAY)
    assert run_daily().state == "success"
    assert practice.execute(
        """
        select dental_claims.claim_id, amount, queue, items.assigned_to, opened_on::text
        from desk.work_items as items inner join desk.dental_claims using (dental_claim_id)
        """
    ).fetchall() == [(901, Decimal("80.50"), "now", "bea", "2026-08-02")]
    references = practice.execute("select claim_id from desk.dental_claims order by 1").fetchall()
    assert references == [(901,), (907,)]
    before = everything(practice)
    assert run_daily().state == "success"
    assert everything(practice) == before


def test_a_rerun_changes_nothing(run_daily, practice):
    assert run_daily().state == "success"
    before = everything(practice)
    assert all(before.values())
    assert run_daily().state == "success"
    assert everything(practice) == before


def test_a_backfill_writes_the_metrics_of_past_days_and_nothing_else(run_daily, practice):
    run_daily()
    before = everything(practice)
    past = TODAY - timedelta(days=10)
    run = run_daily(as_of=past.isoformat())
    assert run.state == "success"
    assert run.get_task_instance("refresh").state == "skipped"
    after = everything(practice)
    assert metric(practice, past) == (100,)
    assert metric(practice, past, "aging_over_90") == (0,)  # 82 days then, 92 today
    new = set(after.pop("metric_snapshots")) - set(before.pop("metric_snapshots"))
    assert after == before
    assert new
    assert all(past.isoformat() in row[0] for row in new)


def test_a_day_that_is_still_ahead_is_refused(run_daily, practice):
    run = run_daily(as_of="2026-11-21")
    assert run.state == "failed"
    assert metric(practice, "2026-11-21") is None
    assert work(practice) == []


def test_numbers_that_disagree_fail_the_run(run_daily, practice):
    practice.execute("alter view desk.dashboard_metrics rename to measured")
    columns = practice.execute(
        "select string_agg(case attname when 'outstanding_claims_amount'"
        " then attname || ' + 0.01 as ' || attname else attname end, ', ' order by attnum)"
        " from pg_attribute where attrelid = 'desk.measured'::regclass"
    ).fetchone()[0]
    practice.execute(f"create view desk.dashboard_metrics as select {columns} from desk.measured")
    practice.execute("grant select on desk.dashboard_metrics to daysheet_desk")
    run = run_daily()
    assert run.state == "failed"
    assert run.get_task_instance("check").state == "failed"


def test_what_tasks_hand_on_is_counts(run_daily, practice):
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    run = run_daily()
    with create_session() as metadata:
        found = {
            xcom.task_id: XComModel.deserialize_value(xcom)
            for xcom in metadata.query(XComModel).filter(
                XComModel.run_id == run.run_id, XComModel.key == "return_value"
            )
        }
    assert found["fix_day"] == TODAY.isoformat()
    assert set(map(type, found["refresh"].values())) == {int}
    assert type(found["snapshot"]) is int
    assert type(found["register_dental_claims"]) is int
    assert set(found) == {"fix_day", "register_dental_claims", "refresh", "snapshot"}


@pytest.fixture
def scheduled(dagbag):
    """All DAGs as a scheduler knows them, none paused."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import sync_bag_to_db
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session

    with create_session() as metadata:
        DagBundlesManager().sync_bundles_to_db(session=metadata)
    with create_session() as metadata:
        sync_bag_to_db(dagbag, "dags-folder", None, session=metadata)
    with create_session() as metadata:
        metadata.query(DagModel).update({DagModel.is_paused: False})


@pytest.mark.parametrize(("name", "key"), [("PUBLISHED", "7"), ("DAY", "2026-11-20")])
def test_a_published_build_and_a_morning_each_start_a_run(scheduled, name, key):
    from airflow.assets.manager import asset_manager
    from airflow.jobs.job import Job
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    from daysheet.orchestration import assets

    with create_session() as metadata:
        before = metadata.query(DagRun).count()
        asset_manager.register_asset_change(
            asset=getattr(assets, name), partition_key=key, session=metadata
        )
        metadata.flush()
        scheduler = SchedulerJobRunner(Job())
        scheduler._create_dagruns_for_partitioned_asset_dags(metadata)
        metadata.flush()
        made = metadata.query(DagRun).order_by(DagRun.id)[before:]
        assert [(run.dag_id, run.partition_key) for run in made] == [("revenue_cycle_daily", key)]
