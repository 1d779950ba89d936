"""Airflow DAGs: a twin of every phase, task by task, that only says ``select 1``.

What the twins take is Airflow's share of a build's time. The bench lets a deployment see this
folder beside the project's own, and compares tasks and edges before it subtracts.
"""

from typing import Any

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import DAG, Asset, PokeReturnValue, task
from airflow.sdk.exceptions import AirflowFailException

from daysheet.catalog import load_catalog
from daysheet.graph import load_graph
from daysheet.orchestration.assets import model_asset, phase_asset
from daysheet.orchestration.connections import dsn
from daysheet.orchestration.operators import TAKE_BUILD
from daysheet.orchestration.phase_dag import DEFAULT_ARGS, START, build_dag
from daysheet.settings import PROJECT
from daysheet.warehouse import Role, session

OPENED = Asset(name="twin_build", uri="daysheet://twin/build")


def select_one(dag_run: Any) -> None:
    with session(dsn(Role.BUILDER), f"bench {dag_run.dag_id}", autocommit=True) as db:
        db.execute("select 1")


def step(task_id: str, emits: Asset | None = None) -> Any:
    """A Python task of a phase."""

    @task(task_id=task_id, outlets=[emits] if emits else [])
    def run(dag_run: Any = None, outlet_events: Any = None) -> None:
        select_one(dag_run)
        if emits:
            outlet_events[emits].add_partitions([dag_run.partition_key or dag_run.run_id])

    return run()


def take() -> Any:
    @task.sensor(task_id=TAKE_BUILD, mode="reschedule", poke_interval=10, timeout=600)
    def take_at_once(dag_run: Any = None) -> PokeReturnValue:
        select_one(dag_run)
        return PokeReturnValue(is_done=True, xcom_value=dag_run.partition_key)

    return take_at_once()


def failed() -> Any:
    @task(task_id="build_failed", trigger_rule="one_failed", retries=0)
    def fail() -> None:
        raise AirflowFailException("a task above failed; see its log")

    return fail()


def twin_phase(phase: str, after: Asset) -> DAG:
    """The twin of a phase with models."""
    number = int(phase.split("_")[1])
    models = load_catalog().phase(number)
    with build_dag(f"twin_{phase}", number, after, sorted(models)) as dag:
        start, finish, failure = take(), step("hand_over", phase_asset(dag.dag_id)), failed()
        tasks = {
            name: SQLExecuteQueryOperator(
                task_id=name,
                conn_id=f"daysheet_{Role.BUILDER}",
                sql="select 1",
                outlets=[model_asset(f"twin_{name}")],
            )
            for name in models
        }
        for name, model_task in tasks.items():
            inside = [tasks[other] for other in load_graph().reads[name].models if other in tasks]
            (inside or [start]) >> model_task >> [finish, failure]
        start >> finish >> failure
    return dag


def twin_publish(phase: str, after: Asset) -> DAG:
    """The twin of the last phase."""
    with build_dag(f"twin_{phase}", int(phase.split("_")[1]), after, []) as dag:
        checked = step("check")
        published = step("publish", Asset(name="twin_published", uri="daysheet://twin/published"))
        failure = failed()
        take() >> checked >> published >> failure
        checked >> failure
    return dag


with DAG("twin_open_build", schedule=None, start_date=START, default_args=DEFAULT_ARGS):
    step("open_build", OPENED)

*_phases, _last = sorted(path.stem for path in (PROJECT / "dags").glob("phase_*.py"))
_after = OPENED
for _phase in _phases:
    _after = phase_asset(twin_phase(_phase, _after).dag_id)
twin_publish(_last, _after)
