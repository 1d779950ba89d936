"""The last phase: check the build as a whole, publish it and tell what is new about it."""

import logging
from dataclasses import asdict
from typing import Any

from airflow.sdk import DAG, Asset, BaseOperator, Context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from daysheet.builds.opening import BuildRefused
from daysheet.builds.publishing import OwnershipLost, PublishBlocked, check_build, publish
from daysheet.builds.quality import read_report
from daysheet.builds.quality_text import as_text
from daysheet.orchestration.assets import PUBLISHED
from daysheet.orchestration.connections import dsn
from daysheet.orchestration.notify import CHECK, NEWS, news_to_ops
from daysheet.orchestration.operators import TAKE_BUILD
from daysheet.orchestration.phase_dag import build_dag, failed, take
from daysheet.warehouse import DatabaseFault, Role, session

log = logging.getLogger(__name__)


class CheckBuildOperator(BaseOperator):
    """Check the build this run works on; its quality report is in the log and on the run's page.

    ``report`` is empty until the task has run: Airflow then shows it under *Rendered Templates*,
    also when the checks keep the build from being published.
    """

    template_fields = ("report",)
    overwrite_rtif_after_execution = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.report = ""

    def execute(self, context: Context) -> dict[str, int]:
        """Offenders by check at ``warn``; fails when a check at ``error`` found any."""
        build = context["ti"].xcom_pull(task_ids=TAKE_BUILD)
        try:
            warnings = check_build(dsn(Role.BUILDER), build)
            self._show_report(build, context)
        except PublishBlocked as blocked:
            if blocked.is_reported:
                self._show_report(build, context)
            raise AirflowFailException(str(blocked)) from None
        except BuildRefused as refusal:
            raise AirflowFailException(str(refusal)) from None
        except DatabaseFault as fault:
            if fault.is_retryable:
                raise
            raise AirflowFailException(f"{CHECK}: {fault}") from None
        return warnings

    def _show_report(self, build: int, context: Context) -> None:
        with session(dsn(Role.BUILDER), f"daysheet report {build}") as db:
            report = read_report(db, build)
        self.report = as_text(report)
        self.log.info("quality report\n%s", self.report)
        context["ti"].xcom_push(NEWS, [asdict(found) for found in report.news])


def publish_dag(dag_id: str, after: Asset) -> DAG:
    """Quality checks over the whole build, then the pointer moves, then ops hear what is new."""

    @task(task_id="publish", outlets=[PUBLISHED])
    def publish_build(dag_run: Any = None, ti: Any = None, outlet_events: Any = None) -> None:
        build = ti.xcom_pull(task_ids=TAKE_BUILD)
        owner = f"{dag_run.dag_id} {dag_run.run_id}"
        try:
            ending = publish(dsn(Role.BUILDER), build, owner, actor=owner)
        except OwnershipLost as lost:
            raise AirflowFailException(str(lost)) from None
        if ending.state != "published":
            raise AirflowSkipException(f"build {build} is {ending.state}, the published one stays")
        outlet_events[PUBLISHED].add_partitions([str(build)])
        log.info("build %s is published", build)

    @task(task_id="tell_ops")
    def tell_of_news(**context: Any) -> None:
        if not context["ti"].xcom_pull(task_ids=CHECK, key=NEWS):
            raise AirflowSkipException("nothing that was not there in the build before")
        news_to_ops()(context)

    with build_dag(dag_id, 4, after, []) as dag:
        checked, published = CheckBuildOperator(task_id=CHECK), publish_build()
        take(4) >> checked >> published >> failed()
        checked >> dag.get_task("build_failed")
        published >> tell_of_news()
    return dag
