"""Nightly: old builds go, but for what somebody reads just then, and the audit is verified."""

import logging
from typing import Any

import psycopg
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowFailException

from daysheet.builds.housekeeping import tidy
from daysheet.orchestration.clock import practice_clock
from daysheet.orchestration.connections import dsn
from daysheet.orchestration.notify import AirflowRun, Notice, tell_ops
from daysheet.orchestration.phase_dag import DEFAULT_ARGS
from daysheet.settings import get_settings
from daysheet.warehouse import Role, session
from daysheet.warehouse.audit_chain import verify

log = logging.getLogger(__name__)

_VERIFY = "verify_audit"


def housekeeping_dag(dag_id: str) -> DAG:
    """The DAG that drops old builds, and notes outside the warehouse how its audit ends."""

    @task(task_id="tidy")
    def tidy_up() -> dict[str, Any]:
        settings = get_settings()
        done = tidy(dsn(Role.BUILDER), settings.keep_builds, settings.keep_failed_days)
        log.info("dropped builds %s and %s versions", done.builds, done.versions)
        return {"builds": done.builds, "versions": done.versions, "busy": done.busy}

    @task(task_id=_VERIFY)
    def verify_audit() -> dict[str, Any]:
        with session(dsn(Role.READER), "daysheet audit", autocommit=True) as connection:
            verdict = verify(connection)
        if verdict.fault:
            raise AirflowFailException(f"{verdict.fault.code}: {verdict.fault.said}")
        log.info("the audit is whole; head %s", verdict.head)
        return verdict.as_dict()

    with DAG(
        dag_id=dag_id,
        schedule=practice_clock("0 3 * * *"),
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULT_ARGS,
        tags=["daysheet"],
        doc_md="Keeps the last published builds, pinned, running and recent ones; drops the rest. "
        "Verifies the audit; the head it logs shows a later `daysheet audit verify --head` what is "
        "gone.",
        on_failure_callback=tell_ops(
            means="old builds stay and take up disk; nothing else depends on it.",
            todo="nothing, if it fails once: the next night drops them too. Else read the log.",
            explain=_unverified,
        ),
    ) as dag:
        tidy_up()
        verify_audit()
    return dag


def _unverified(_connection: psycopg.Connection, run: AirflowRun) -> Notice | None:
    """That it is the audit that nobody can vouch for."""
    if run.task_id != _VERIFY:
        return None
    return Notice(
        cause="the audit is not verified",
        subject="the audit is not verified",
        happened=f"The task {_VERIFY} of the run {run.run_id} failed.",
        means="its log says whether the warehouse did not answer, or which row of ops.audit is not "
        "as it was written: then somebody changed it past the desk.",
        todo="run `daysheet audit verify`. If it names a row too, let nobody mend it: keep a copy "
        "of the database and the logs of the server, and tell who is in charge of privacy.",
        link=run.link,
    )
