"""Nightly tidying; what somebody reads just then goes the next night."""

import logging
from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable, task

from daysheet.builds.housekeeping import tidy
from daysheet.orchestration.connections import dsn
from daysheet.orchestration.notify import tell_ops
from daysheet.orchestration.phase_dag import DEFAULT_ARGS
from daysheet.settings import get_settings
from daysheet.warehouse import Role

log = logging.getLogger(__name__)


def housekeeping_dag(dag_id: str) -> DAG:
    """The DAG that keeps the last published builds and drops the others."""

    @task(task_id="tidy")
    def tidy_up() -> dict[str, Any]:
        settings = get_settings()
        done = tidy(dsn(Role.BUILDER), settings.keep_builds, settings.keep_failed_days)
        log.info("dropped builds %s and %s versions", done.builds, done.versions)
        return {"builds": done.builds, "versions": done.versions, "busy": done.busy}

    with DAG(
        dag_id=dag_id,
        schedule=CronTriggerTimetable("0 3 * * *", timezone=get_settings().timezone),
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULT_ARGS,
        tags=["daysheet"],
        doc_md="Keeps the last published builds, pinned, running and recent ones; drops the rest.",
        on_failure_callback=tell_ops(
            means="old builds stay and take up disk; nothing else depends on it.",
            todo="nothing, if it fails once: the next night drops them too. Else read the log.",
        ),
    ) as dag:
        tidy_up()
    return dag
