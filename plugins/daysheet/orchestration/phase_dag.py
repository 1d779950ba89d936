"""Phase DAGs: a task group per system, a task per model, edges from the graph.

The partition key of a run is the build. A run triggered by hand has none: it opens a build from
the published one's frozen inputs, and the later phases follow.
"""

import logging
from datetime import date, timedelta
from typing import Any

import pendulum
from airflow.sdk import (
    DAG,
    Asset,
    Param,
    PartitionedAssetTimetable,
    PokeReturnValue,
    TaskGroup,
    task,
)
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from daysheet.builds.opening import (
    BuildRefused,
    BuildTaken,
    builds_before,
    fail_build,
    hand_over,
    open_by_hand,
    read_build,
    take_build,
)
from daysheet.builds.versions import inherit_phases
from daysheet.catalog import Model, load_catalog
from daysheet.graph import load_graph
from daysheet.orchestration.assets import phase_asset
from daysheet.orchestration.connections import dsn
from daysheet.orchestration.notify import Explain, late_after, tell_ops
from daysheet.orchestration.operators import TAKE_BUILD, PostgresModelOperator
from daysheet.warehouse import Role, session

log = logging.getLogger(__name__)

START = pendulum.datetime(2026, 1, 1, tz="UTC")

DEFAULT_ARGS = {
    "owner": "ops",
    "retries": 4,  # over two and a half minutes: a database that restarts costs no build
    "retry_delay": timedelta(seconds=10),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=5),
    "pool": "warehouse",
}


def phase_dag(number: int, dag_id: str, after: Asset) -> DAG:
    """The DAG of one phase: it starts when ``after`` gets a build, and emits its own asset."""
    models = load_catalog().phase(number)
    with build_dag(dag_id, number, after, sorted(models)) as dag:
        start, finish = take(number), finished(dag_id)
        tasks = _model_tasks(models)
        graph = load_graph()
        for name, model_task in tasks.items():
            inside = [tasks[other] for other in sorted(graph.reads[name].models) if other in tasks]
            (inside or [start]) >> model_task >> finish
        start >> finish >> failed()
        for model_task in tasks.values():
            model_task >> dag.get_task("build_failed")
    return dag


def build_dag(
    dag_id: str, number: int, after: Asset, models: list[str], explain: Explain | None = None
) -> DAG:
    """What every DAG that works on a build has in common."""
    stays = "no new build is published; readers see no change, and ages stand still."
    return DAG(
        dag_id=dag_id,
        schedule=PartitionedAssetTimetable(assets=after),
        start_date=START,
        catchup=False,
        max_active_runs=4,  # those whose turn has not come wait without a slot
        default_args=DEFAULT_ARGS,
        tags=["daysheet", f"phase {number}"],
        doc_md=_phase_doc(number, models),
        params=_params(models),
        on_failure_callback=tell_ops(
            means=stays,
            todo="read the log of the red task, mend the cause, then run open_build: what is built "
            "already is not built again.",
            explain=explain,
        ),
        deadline=late_after(
            timedelta(hours=2),
            means=stays,
            todo="see which task runs long, or which build this one waits for; one that nobody "
            "touches for two hours is abandoned by itself.",
        ),
        render_template_as_native_obj=False,
    )


def take(number: int) -> Any:
    """The first task: wait for the build's turn and make this run its owner."""

    @task.sensor(task_id=TAKE_BUILD, mode="reschedule", poke_interval=10, timeout=6 * 3600)
    def take_this_build(dag_run: Any = None, params: Any = None) -> PokeReturnValue:
        with session(dsn(Role.BUILDER), f"daysheet {dag_run.dag_id}", autocommit=True) as db:
            try:
                if dag_run.partition_key:
                    found = read_build(db, int(dag_run.partition_key))
                else:
                    found = open_by_hand(
                        db,
                        phase=number,
                        as_of=date.fromisoformat(params["as_of"]) if params["as_of"] else None,
                        base=params["build"],
                        models=params["models"] or None,
                        forced=params["force"],
                        opened_by=f"{dag_run.dag_id} {dag_run.run_id}",
                    )
                if earlier := builds_before(db, found.build):
                    log.info("build %s waits for the end of %s", found.build, earlier)
                    return PokeReturnValue(is_done=False)
                taken = take_build(db, found.build, _owner(dag_run))
                if taken.from_phase == number:
                    inherit_phases(dsn(Role.BUILDER), taken.build)
            except BuildTaken as other:
                raise AirflowSkipException(str(other)) from None
            except BuildRefused as refusal:
                raise AirflowFailException(str(refusal)) from None
        return PokeReturnValue(is_done=True, xcom_value=found.build)

    return take_this_build()


def finished(dag_id: str) -> Any:
    """The last task of a phase: let the next one take the build."""
    asset = phase_asset(dag_id)

    @task(task_id="hand_over", outlets=[asset])
    def hand_over_build(dag_run: Any = None, ti: Any = None, outlet_events: Any = None) -> None:
        build = ti.xcom_pull(task_ids=TAKE_BUILD)
        with session(dsn(Role.BUILDER), f"daysheet {dag_run.dag_id}", autocommit=True) as db:
            hand_over(db, build, _owner(dag_run))
        outlet_events[asset].add_partitions([str(build)])

    return hand_over_build()


def failed() -> Any:
    """Runs only when something failed: ends the build, so that the next one gets its turn."""

    @task(task_id="build_failed", trigger_rule="one_failed")
    def end_failed_build(dag_run: Any = None, ti: Any = None) -> None:
        build = ti.xcom_pull(task_ids=TAKE_BUILD)
        if build is not None:
            with session(dsn(Role.BUILDER), f"daysheet {dag_run.dag_id}", autocommit=True) as db:
                fail_build(db, build, _owner(dag_run), f"{dag_run.dag_id} failed")
        # As the last task it decides the run's state: a run in which something failed is red.
        raise AirflowFailException("a task above failed; see its log")

    return end_failed_build()


def _owner(dag_run: Any) -> str:
    return f"{dag_run.dag_id} {dag_run.run_id}"


def _model_tasks(models: dict[str, Model]) -> dict[str, PostgresModelOperator]:
    groups: dict[str, TaskGroup] = {}
    tasks = {}
    for name, model in models.items():
        system = model.system
        if system.name not in groups:
            groups[system.name] = TaskGroup(
                system.name, tooltip=system.purpose, prefix_group_id=False
            )
        tasks[name] = PostgresModelOperator(
            task_id=name,
            model=model,
            task_group=groups[system.name],
            owner=model.owner,
            doc_md=_model_doc(model),
        )
    return tasks


def _params(models: list[str]) -> dict[str, Param]:
    return {
        "as_of": Param(
            None,
            type=["null", "string"],
            format="date",
            title="As-of date",
            description="Empty: that of the build it starts from.",
        ),
        "build": Param(
            None,
            type=["null", "integer"],
            title="Build to start from",
            description="Whose frozen inputs to use. Empty: the published build.",
        ),
        "models": Param(
            [],
            type="array",
            items={"enum": models},
            examples=models,
            title="Models",
            description="Only these, and what reads them, are made new. Empty: all.",
        ),
        "force": Param(
            False,
            type="boolean",
            title="Force",
            description="Build again even what is there already, failed versions too.",
        ),
    }


def _phase_doc(number: int, models: list[str]) -> str:
    listed = "\n".join(f"- `{name}`" for name in models)
    return (
        f"Phase {number} of a build. It starts by itself when the phase before has handed the "
        "build over; the run's partition key is the build's number.\n\n"
        "Triggered by hand it opens a new build from the published one's frozen inputs and goes "
        f"on through the later phases.\n\n{listed}"
    )


def _model_doc(model: Model) -> str:
    checks = "\n".join(f"- {check.name} ({check.on_fail})" for check in model.row_checks)
    sums = "\n".join(f"- {one.name} ({one.on_fail})" for one in model.reconciles)
    return (
        f"{model.description}\n\n**Grain:** {', '.join(model.grain)}\n\n**Checks:**\n"
        f"- grain is unique (error)\n{checks}\n{sums}"
    )
