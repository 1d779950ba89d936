"""Open a build by clock or by hand; what follows starts by its partition."""

from datetime import date
from typing import Any

from airflow.sdk import DAG, Param, task
from airflow.sdk.exceptions import AirflowFailException

from daysheet.builds.opening import BuildRefused, newest_batch, open_build
from daysheet.orchestration.assets import BUILD
from daysheet.orchestration.clock import practice_clock
from daysheet.orchestration.connections import dsn
from daysheet.orchestration.notify import tell_ops
from daysheet.orchestration.phase_dag import DEFAULT_ARGS
from daysheet.settings import get_settings
from daysheet.warehouse import Role, session

DOC = """
Opens a build: the newest committed batch, as of today in the practice's time zone. Everything
after that reads these two values; nothing downstream asks the clock. Triggered by hand it takes
another as-of date or an older batch ("as known on").
"""


def open_build_dag(dag_id: str) -> DAG:
    """The DAG that opens a build each morning at five, practice time."""

    @task(task_id="open_build", outlets=[BUILD])
    def open_one(dag_run: Any = None, params: Any = None, outlet_events: Any = None) -> int:
        as_of = date.fromisoformat(params["as_of"]) if params["as_of"] else get_settings().today()
        with session(dsn(Role.BUILDER), f"daysheet {dag_run.dag_id}", autocommit=True) as db:
            try:
                opened = open_build(
                    db,
                    batch=newest_batch(db) if params["batch"] is None else params["batch"],
                    as_of=as_of,
                    reason=params["reason"],
                    publish=params["publish"],
                    opened_by=f"{dag_run.dag_id} {dag_run.run_id}",
                    exact=params["batch"] is not None,
                )
            except BuildRefused as refusal:
                raise AirflowFailException(str(refusal)) from None
        outlet_events[BUILD].add_partitions([str(opened.build)])
        return opened.build

    with DAG(
        dag_id=dag_id,
        schedule=practice_clock("0 5 * * *"),
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULT_ARGS,
        tags=["daysheet"],
        doc_md=DOC,
        on_failure_callback=tell_ops(
            means="this morning has no build of its own: readers keep the one of yesterday.",
            todo="read the log of the task, mend the cause and clear the task.",
        ),
        params={
            "as_of": Param(
                None,
                type=["null", "string"],
                format="date",
                title="As-of date",
                description="Empty: today in the practice's time zone.",
            ),
            "batch": Param(
                None,
                type=["null", "integer"],
                title="Batch",
                description="As known after this batch. Empty: the newest.",
            ),
            "publish": Param(
                "if_newer",
                enum=["if_newer", "always", "never"],
                title="Publish",
                description="always may go back to an older day or batch, and is audited.",
            ),
            "reason": Param("every morning", type="string", title="Reason"),
        },
    ) as dag:
        open_one()
    return dag
