"""One drop on its way to readers while everything on that way is killed once."""

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from daysheet.catalog import load_contract
from daysheet.embedded.api import AirflowApi
from tests.bench.building import finish, new_build, run_engine
from tests.embedded.conftest import Home
from tests.embedded.faults import Blockade, kill_task, reading
from tests.embedded.watching import Watched, until
from tests.ingest.deliveries import Deliveries

pytestmark = pytest.mark.airflow

ROWS = {"adjustment": 3000, "provider": 40}
KEYS = {"adjustment": "AdjNum", "provider": "ProvNum"}
PHASES = (
    "phase_0_foundation",
    "phase_1_core_transactions",
    "phase_2_analysis_and_metrics",
    "phase_3_operations",
    "phase_4_quality_and_publish",
)
MODELS = 3  # of the first phase read what is dropped

# What readers may see: all of one version of the practice.
CONTENT = (
    "select count(*)::int, min(adjustment_amount)::int, max(adjustment_amount)::int,"
    " (select array[count(*)::text, min(last_name), max(last_name)] from int_provider_profile)"
    " from int_adjustments"
)

# Airflow notices the dead sooner than it would in a practice, where a minute does.
QUICK = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "10",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "2",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "12",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "4",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
}


@dataclass
class Journey:
    """What was noticed on the way."""

    watched: Watched
    seen: list[Any] = field(default_factory=list)  # by a reader


def _content(version: int) -> tuple:
    people = [str(ROWS["provider"]), f"Version{version}", f"Version{version}"]
    return (version, ROWS["adjustment"], version, version, people)


def _file(table: str, version: int) -> str:
    """All rows of a table, the same keys in each version."""
    names = {"adjustment": "AdjAmt", "provider": "LName"}
    value = {"adjustment": f"{version}.00", "provider": f"Version{version}"}[table]
    contract = load_contract("opendental", table)
    columns = sorted(contract.required - {KEYS[table], names[table]})
    lines = [[KEYS[table], names[table], *columns]]
    lines += [[str(key), value, *("0" for _ in columns)] for key in range(1, ROWS[table] + 1)]
    return "".join(",".join(line) + "\n" for line in lines)


@pytest.fixture(scope="module")
def journey(home: Home, tmp_path_factory) -> Journey:
    """A published build, then a second version that gets there through every fault."""
    home.environment |= QUICK | {"DAYSHEET_POLL_SECONDS": "1", "DAYSHEET_AS_OF": "2026-02-28"}
    home.do("up")
    made = Journey(Watched(home))
    until(lambda: made.watched.tasks("ingest_csv_drops", "deferred"), 60, "a waiting sensor")
    _publish_first(made.watched, tmp_path_factory.mktemp("first"))
    with reading(made.watched, CONTENT) as made.seen:
        loads = Blockade(made.watched, "ops.source_state")
        builds = Blockade(made.watched, "ops.model_version")
        try:
            _drop(home)
            _kill_while_loading(made.watched, loads)
            _kill_while_building(made.watched, builds)
        finally:
            loads.end()
            builds.end()
        until(lambda: _second_is_read(made), 240, "a reader of the second build")
    return made


def _second_is_read(made: Journey) -> bool:
    given_up = [phase for phase in PHASES if made.watched.runs(phase, "failed")]
    assert not given_up, f"Airflow gave up on {given_up}"
    return made.seen[-1][0] == 2


def _publish_first(watched: Watched, folder: Path) -> None:
    """Load and publish the first version without Airflow, which takes a tenth of the time."""
    first = Deliveries(watched.deployment, folder)
    files = {f"{table}.csv": _file(table, 1) for table in ROWS}
    first.drop_folder("first", files, mode="full", exported_on="2026-01-31T00:00:00")
    first.run()
    build = new_build(watched.deployment, date(2026, 1, 31))
    run_engine(watched.deployment, build, 2)
    finish(watched.deployment, build)


def _drop(home: Home) -> None:
    folder = Path(home.status()["inbox"]) / "opendental" / ".second"
    folder.mkdir()
    for table in ROWS:
        (folder / f"{table}.csv").write_text(_file(table, 2))
    manifest = {"mode": "full", "exported_on": "2026-02-28T00:00:00"}
    manifest["files"] = {f"{table}.csv": {"rows": count} for table, count in ROWS.items()}
    (folder / "_manifest.json").write_text(json.dumps(manifest))
    folder.rename(folder.with_name("second"))


def _kill_while_loading(watched: Watched, blockade: Blockade) -> None:
    """A file is in ``raw``, uncommitted: its load is killed, then the scheduler in the next try."""
    dag_id = "ingest_csv_drops"
    until(blockade.waiting, 120, "a file in the middle of its load")
    kill_task(*watched.running(dag_id, "load"), with_supervisor=True)
    until(lambda: not blockade.waiting(), 30, "the end of the killed load's statement")
    until(lambda: watched.tasks(dag_id, "up_for_retry"), 120, "the killed load missed by Airflow")
    until(blockade.waiting, 120, "its next try")
    watched.home.kill("scheduler")
    watched.home.do("up")
    until(lambda: not blockade.waiting(), 30, "the end of its statement")
    blockade.end()
    until(lambda: watched.query("select build from ops.build where build = 2"), 180, "a new build")


def _kill_while_building(watched: Watched, blockade: Blockade) -> None:
    """Models are in ``store``, uncommitted: one is killed, then Postgres itself."""
    until(lambda: len(blockade.waiting()) == MODELS, 120, "models in the middle of being built")
    model = blockade.waiting()[0].split()[-1]
    kill_task(*watched.running(PHASES[0], model), with_supervisor=False)
    until(lambda: len(blockade.waiting()) < MODELS, 30, "the end of the killed statement")
    until(lambda: watched.tasks(PHASES[0], "up_for_retry"), 60, "the killed task to be retried")
    _emit_again(watched.home, "2")
    until(lambda: watched.runs(PHASES[0], "success"), 120, "a run that finds the build taken")
    server = watched.deployment.server
    server.stop("immediate")
    server.start()
    # Some of Airflow does not outlive its database, and the scheduler takes a while to end.
    until(lambda: watched.home.run("up").returncode == 0, 240, "everything up again")


def _emit_again(home: Home, build: str) -> None:
    api = AirflowApi(home.deployment)
    (asset,) = [one for one in api.get("assets", limit=100)["assets"] if one["name"] == "build"]
    api.post("assets/events", {"asset_id": asset["id"], "partition_key": build})


def test_readers_see_all_of_the_first_build_until_all_of_the_second_is_there(journey):
    assert journey.seen == [_content(1), _content(2)]


@pytest.mark.parametrize("table", ROWS)
def test_raw_holds_what_was_dropped_and_each_version_once(journey, table):
    columns = f'"{KEYS[table]}", "{"AdjAmt" if table == "adjustment" else "LName"}"'
    for batch in (1, 2):
        known = journey.watched.query(
            f"select {columns} from raw.opendental__{table}"
            f" where _batch_from <= {batch} and _batch_to > {batch} order by 1"
        )
        value = batch if table == "adjustment" else f"Version{batch}"
        assert known == [(key, value) for key in range(1, ROWS[table] + 1)]
    versions = f"select count(*) from raw.opendental__{table}"
    assert journey.watched.query(versions) == [(2 * ROWS[table],)]


def test_every_file_is_loaded_once_with_all_its_rows_accounted_for(journey):
    files = journey.watched.query(
        "select batch, table_name, state, rows_read, rows_inserted, rows_replaced"
        " from ops.file order by 1, 2"
    )
    assert files == [
        (batch, table, "loaded", count, count * (batch == 1), count * (batch == 2))
        for batch in (1, 2)
        for table, count in sorted(ROWS.items())
    ]


def test_no_batch_no_build_and_no_publish_is_doubled(journey):
    ended = "select batch, state from ops.batch where state != 'open' order by 1"
    assert journey.watched.query(ended) == [(1, "committed"), (2, "committed")]
    builds = journey.watched.query("select build, batch, state from ops.build order by 1")
    assert builds == [(1, 1, "published"), (2, 2, "published")]
    published = "select subject from ops.audit where action = 'publish' order by audit_id"
    assert journey.watched.query(published) == [("build 1",), ("build 2",)]


def test_every_kill_hit_and_nobody_was_called(journey):
    assert journey.watched.tries_in_vain("ingest_csv_drops") >= 2
    assert journey.watched.tries_in_vain(PHASES[0]) >= MODELS
    mails = [path.read_bytes() for path in journey.watched.deployment.mailbox.glob("*.eml")]
    assert not [mail for mail in mails if b" failed" in mail]


def test_nothing_half_done_is_left(journey):
    tables = "select tablename::text from pg_tables where schemaname = %s order by 1"
    versions = "select table_name from ops.model_version order by 1"
    assert journey.watched.query(tables, "store") == journey.watched.query(versions)
    assert journey.watched.query(tables, "load") == []
    locks = "select count(*) from pg_locks where locktype = 'advisory' and classid in (2, 3)"
    assert journey.watched.query(locks) == [(0,)]
    home = journey.watched.home.folder
    assert not list((home / "work").glob("*"))
    assert not list((home / "drops" / "inbox" / "opendental").glob("*"))


def test_a_partition_emitted_again_and_a_run_started_again_build_nothing(journey):
    watched = journey.watched
    home = watched.home
    (run_id,) = until(lambda: watched.runs(PHASES[-1], "success"), 60, "the end of the last run")
    _emit_again(home, "2")
    again = {"dag_run_id": run_id, "dry_run": False, "only_failed": False, "reset_dag_runs": True}
    AirflowApi(home.deployment).post(f"dags/{PHASES[-1]}/clearTaskInstances", again)
    until(lambda: len(watched.runs(PHASES[0], "success")) == 3, 120, "the other run to end")
    until(lambda: watched.tasks(PHASES[-1], "skipped"), 120, "the same run doing nothing")
    until(lambda: watched.runs(PHASES[-1], "success"), 60, "its end")
    assert [len(watched.runs(phase, "success")) for phase in PHASES] == [3, 1, 1, 1, 1]
    test_no_batch_no_build_and_no_publish_is_doubled(journey)
