"""A whole build in Airflow, less what Airflow takes for the same tasks of ``select 1``."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from operator import sub, truediv
from pathlib import Path
from statistics import median
from urllib.parse import quote

import psycopg

from daysheet.builds.opening import fail_build
from daysheet.builds.schemas import ensure_schemas
from daysheet.catalog import load_catalog
from daysheet.embedded.api import AirflowApi
from daysheet.embedded.demo import build_of
from daysheet.embedded.deployment import Deployment
from daysheet.settings import PROJECT
from daysheet.warehouse import Role
from daysheet.warehouse.provision import WAREHOUSE_DATABASE
from tests.bench.building import OWNER, forget_versions, new_build, run_bare
from tests.embedded.conftest import Home, make_home

TWINS = Path(__file__).with_name("dags")
PHASES = sorted(path.stem for path in (PROJECT / "dags").glob("phase_*.py"))

_WITHIN = 1800  # seconds; nothing here takes so long unless it hangs


@dataclass(frozen=True)
class DeployedWarehouse:
    """The warehouse of a deployment, with the names a bench's own has."""

    deployment: Deployment

    @property
    def admin(self) -> str:
        return self.deployment.server.url(WAREHOUSE_DATABASE)

    def dsn(self, role: str) -> str:
        return self.deployment.dsn(role)


@dataclass(frozen=True)
class Chain:
    """Runs of all phases one after the other, in seconds."""

    wall: float  # from the trigger to the end of ``publish``
    tasks: dict[str, float]  # each task's own, by "phase task"


@contextmanager
def bench_deployment(as_of: date) -> Iterator[Home]:
    """A deployment brought up by ``daysheet up``, with the twins among its DAGs."""
    bundles = [
        {
            "name": name,
            "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
            "kwargs": {"path": str(folder)},
        }
        for name, folder in (("dags-folder", PROJECT / "dags"), ("twins", TWINS))
    ]
    with contextmanager(make_home)() as home:
        home.environment |= {
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(bundles),
            "DAYSHEET_AS_OF": as_of.isoformat(),
        }
        home.do("up")
        yield home


def measure_phases(practice: Path, as_of: date, rounds: int) -> tuple[dict, dict]:
    """Whole builds against the bare models; and what each kind of task takes."""
    chains: dict[str, list[Chain]] = {"rebuilt": [], "unchanged": [], "twin": []}
    bare: dict[str, list[float]] = {"on 1": [], "on 2": [], "with checks on 2": []}
    with bench_deployment(as_of) as home:
        api, warehouse = AirflowApi(home.deployment), DeployedWarehouse(home.deployment)
        require_twins(api)
        dropped = drop_and_build(home, practice)
        run_chain(api, "twin_")  # the practice's own build has warmed the rest
        for _ in range(rounds):
            forget_versions(warehouse)
            chains["rebuilt"].append(run_chain(api))
            made = require_actions(warehouse, "built")
            chains["unchanged"].append(run_chain(api))
            linked = require_actions(warehouse, "linked")
            chains["twin"].append(run_chain(api, "twin_"))
            for name, seconds in bare_seconds(warehouse, as_of).items():
                bare[name].append(seconds)
    inside = {"rebuilt": median(made.values()), "unchanged": median(linked.values())}
    return dropped | _walls(chains, bare), _tasks(chains, inside)


def drop_and_build(home: Home, practice: Path) -> dict[str, object]:
    """Drop the practice as a user does, and wait for the build that this opens."""
    started = time.monotonic()
    files = json.loads(home.do("load", str(practice), "--json"))["files"]
    loaded = time.monotonic()
    build_of(home.deployment, max(file["batch"] for file in files), lambda _: None)
    return {
        "practice, rows": sum(file["read"] for file in files),
        "from drop to all files loaded, s": round(loaded - started, 1),
        "from then to its build published, s": round(time.monotonic() - loaded, 1),
    }


def _walls(chains: dict[str, list[Chain]], bare: dict[str, list[float]]) -> dict[str, object]:
    walls = {name: [chain.wall for chain in found] for name, found in chains.items()}
    more = list(map(sub, walls["rebuilt"], walls["twin"]))
    checks = list(map(sub, bare["with checks on 2"], bare["on 2"]))
    ratios = {
        "rebuilt less twins to bare on 2": map(truediv, more, bare["on 2"]),
        "the same with checks in both": map(truediv, more, bare["with checks on 2"]),
        "the same less checks": map(truediv, map(sub, more, checks), bare["on 2"]),
    }
    return {
        "rounds (medians)": len(more),
        "all rebuilt, from opening to published, s": round(median(walls["rebuilt"]), 1),
        "nothing changed, s": round(median(walls["unchanged"]), 1),
        "twins with select 1, s": round(median(walls["twin"]), 1),
        "rebuilt less twins, s": round(median(more), 1),
        "unchanged less twins, s": round(median(map(sub, walls["unchanged"], walls["twin"])), 1),
        **{f"bare {name}, s": round(median(seconds), 2) for name, seconds in bare.items()},
        **{f"{name}, ratio": round(median(found), 2) for name, found in ratios.items()},
    }


def _tasks(chains: dict[str, list[Chain]], inside: dict[str, float]) -> dict[str, object]:
    """Median seconds of each kind of task from its start to its end, as Airflow sees it."""
    shown: dict[str, object] = {
        f"inside make_model, {name}": f"{took:.2f} s" for name, took in inside.items()
    }
    for kind in ("int_", "take_build", "hand_over", "check", "publish"):
        for name, found in chains.items():
            times = [
                took
                for chain in found
                for task, took in chain.tasks.items()
                if task.partition(" ")[2].startswith(kind)
            ]
            shown[f"{'a model' if kind == 'int_' else kind}, {name}"] = f"{median(times):.2f} s"
    return shown


def bare_seconds(warehouse: DeployedWarehouse, as_of: date) -> dict[str, float]:
    """The models' SQL alone, on the deployment's own server."""
    build = new_build(warehouse, as_of)
    with psycopg.connect(warehouse.dsn(Role.BUILDER), autocommit=True) as db:
        ensure_schemas(db, build)
        try:
            return {
                "on 1": run_bare(warehouse, build, 1),
                "on 2": run_bare(warehouse, build, 2),
                "with checks on 2": run_bare(warehouse, build, 2, checks=True),
            }
        finally:
            fail_build(db, build.build, OWNER, "it was only for its inputs")  # the next may go on


def run_chain(api: AirflowApi, prefix: str = "") -> Chain:
    """Trigger the opening DAG and wait for the last phase; a failed run is an error."""
    phases, since = [prefix + phase for phase in PHASES], datetime.now(UTC)
    api.trigger(f"{prefix}open_build", {})
    deadline = time.monotonic() + _WITHIN
    while time.monotonic() < deadline:
        time.sleep(1)
        found = api.get("dags/~/dagRuns", start_date_gte=since.isoformat(), limit=100)
        runs = {run["dag_id"]: run for run in found["dag_runs"]}
        red = [name for name, run in runs.items() if run["state"] == "failed"]
        assert not red, f"{', '.join(red)} failed"
        if all(runs.get(phase, {}).get("state") == "success" for phase in phases):
            break
    else:
        raise TimeoutError(f"{phases[-1]} did not end within {_WITHIN} s")
    tasks: dict[str, float] = {}
    ended: dict[str, datetime] = {}
    for phase in phases:
        run_id = quote(runs[phase]["dag_run_id"], safe="")
        instances = api.get(f"dags/{phase}/dagRuns/{run_id}/taskInstances", limit=100)
        for task in instances["task_instances"]:
            if task["state"] == "success":
                name = f"{phase} {task['task_id']}"
                tasks[name] = task["duration"]
                ended[name] = datetime.fromisoformat(task["end_date"])
    wall = ended[f"{phases[-1]} publish"] - since
    return Chain(wall.total_seconds(), tasks)


def require_twins(api: AirflowApi) -> None:
    """Wait until the twins are read; they must have the tasks and edges of the phases."""
    deadline = time.monotonic() + 90
    wanted = {f"twin_{name}" for name in ("open_build", *PHASES)}
    while not wanted <= {dag["dag_id"] for dag in api.get("dags", limit=100)["dags"]}:
        errors = api.get("importErrors", limit=100)["import_errors"]
        assert not errors, errors[0]["stack_trace"]
        assert time.monotonic() < deadline, f"no DAGs were read from {TWINS}"
        time.sleep(1)
    for phase in PHASES:
        assert edges(api, phase) == edges(api, f"twin_{phase}"), f"twin_{phase} is no twin"


def edges(api: AirflowApi, dag_id: str) -> dict[str, set[str]]:
    """Each task of a DAG, and what comes after it."""
    tasks = api.get(f"dags/{dag_id}/tasks")["tasks"]
    return {task["task_id"]: set(task["downstream_task_ids"]) for task in tasks}


def require_actions(warehouse: DeployedWarehouse, action: str) -> dict[str, float]:
    """Seconds of each model in the newest build, which must be published, all by ``action``."""
    with psycopg.connect(warehouse.dsn(Role.READER)) as db:
        found = db.execute(
            "select model, state, action, seconds::float"
            " from ops.build inner join ops.build_model using (build)"
            " where build = (select max(build) from ops.build)"
        ).fetchall()
    assert {row[1:3] for row in found} == {("published", action)}, found
    assert len(found) == len(load_catalog().models)
    return {row[0]: row[3] for row in found}
