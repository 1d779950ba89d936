"""The DAGs as ops see them: which there are, what they are called, who is told."""

import json
import subprocess
import sys

import pendulum
import pytest

from daysheet.catalog import load_catalog
from daysheet.graph import load_graph
from daysheet.settings import PROJECT

PHASES = {
    0: "phase_0_foundation",
    1: "phase_1_core_transactions",
    2: "phase_2_analysis_and_metrics",
    3: "phase_3_operations",
}
DAG_IDS = {
    "alert_aged_claims",
    "housekeeping",
    "ingest_csv_drops",
    "morning",
    "open_build",
    "phase_4_quality_and_publish",
    "revenue_cycle_daily",
    "send_mail",
    *PHASES.values(),
}


def test_exactly_these_dags_load(dagbag):
    assert dagbag.import_errors == {}
    assert set(dagbag.dags) == DAG_IDS


@pytest.mark.parametrize("dag_id", sorted(DAG_IDS))
def test_every_dag_tells_ops_and_names_its_owner(dagbag, dag_id):
    dag = dagbag.dags[dag_id]
    assert dag.has_on_failure_callback or dag.on_failure_callback
    assert "daysheet" in dag.tags
    assert dag.doc_md
    for task in dag.tasks:
        assert task.pool in ("warehouse", "ingest"), task.task_id
        assert task.owner != "airflow", task.task_id


@pytest.mark.parametrize("number", sorted(PHASES))
def test_a_phase_has_a_task_per_model_and_edges_from_the_graph(dagbag, number):
    dag = dagbag.dags[PHASES[number]]
    models = load_catalog().phase(number)
    assert models
    assert set(dag.task_ids) == set(models) | {"take_build", "hand_over", "build_failed"}
    for name in models:
        inside = load_graph().reads[name].models & set(models)
        assert dag.get_task(name).upstream_task_ids == (inside or {"take_build"})
        assert dag.get_task(name).owner == models[name].owner


def test_all_models_are_built_by_some_phase(dagbag):
    tasks = {task_id for dag_id in PHASES.values() for task_id in dagbag.dags[dag_id].task_ids}
    assert set(load_catalog().models) <= tasks


@pytest.mark.parametrize("hour", range(24))
@pytest.mark.parametrize("dag_id", ["open_build", "morning", "housekeeping", "send_mail"])
def test_a_new_deployment_begins_with_the_next_time_of_the_clock(dagbag, monkeypatch, dag_id, hour):
    """As the scheduler reads it from its database: what has just passed is not caught up with."""
    from airflow.serialization.serialized_objects import DagSerialization
    from airflow.timetables import trigger
    from airflow.timetables.base import TimeRestriction

    now = pendulum.datetime(2026, 11, 22, hour, 16, tz="UTC")
    monkeypatch.setattr(trigger, "utcnow", lambda: now)
    stored = json.loads(json.dumps(DagSerialization.to_dict(dagbag.dags[dag_id])))
    first = DagSerialization.from_dict(stored).timetable.next_dagrun_info(
        last_automated_data_interval=None,
        restriction=TimeRestriction(None, None, catchup=False),
    )
    assert now < first.run_after <= now.add(days=1)


def test_parsing_touches_no_network_and_so_no_database():
    script = (
        "import socket, sys\n"
        "def refuse(*args): raise AssertionError('a DAG file opened a connection')\n"
        "socket.socket.connect = socket.socket.connect_ex = refuse\n"
        "import psycopg; psycopg.connect = refuse\n"
        "import runpy, pathlib\n"
        "files = sorted(pathlib.Path(sys.argv[1]).glob('*.py'))\n"
        "assert files\n"
        "for file in files: runpy.run_path(str(file))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(PROJECT / "dags")],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_dag_files_are_thin():
    files = sorted((PROJECT / "dags").glob("*.py"))
    assert files
    for file in files:
        assert len(file.read_text().splitlines()) <= 15, file.name
        assert "airflow" in file.read_text().lower(), "Airflow skips files that do not say so"
