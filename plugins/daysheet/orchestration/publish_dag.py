"""The last phase: check the build as a whole, publish it and tell what is new about it."""

import logging
from typing import Any

import psycopg
from airflow.sdk import DAG, Asset, BaseOperator, Context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from daysheet.builds.opening import BuildRefused
from daysheet.builds.publishing import OwnershipLost, PublishBlocked, check_build, publish
from daysheet.builds.quality import Finding, Report, read_report
from daysheet.builds.quality_text import as_text
from daysheet.orchestration.assets import PUBLISHED
from daysheet.orchestration.connections import dsn
from daysheet.orchestration.notify import AirflowRun, Notice, tell
from daysheet.orchestration.operators import TAKE_BUILD
from daysheet.orchestration.phase_dag import build_dag, failed, take
from daysheet.warehouse import DatabaseFault, Role, session

log = logging.getLogger(__name__)

CHECK = "check"  # the task that checks a whole build


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
            self._show_report(build)
        except PublishBlocked as blocked:
            if blocked.is_reported:
                self._show_report(build)
            raise AirflowFailException(str(blocked)) from None
        except BuildRefused as refusal:
            raise AirflowFailException(str(refusal)) from None
        except DatabaseFault as fault:
            if fault.is_retryable:
                raise
            raise AirflowFailException(f"{CHECK}: {fault}") from None
        return warnings

    def _show_report(self, build: int) -> None:
        with session(dsn(Role.BUILDER), f"daysheet report {build}") as db:
            self.report = as_text(read_report(db, build))
        self.log.info("quality report\n%s", self.report)


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
    def tell_of_news(dag_run: Any = None, ti: Any = None) -> None:
        build = ti.xcom_pull(task_ids=TAKE_BUILD)
        with session(dsn(Role.BUILDER), f"daysheet report {build}") as db:
            report = read_report(db, build)
        if not report.news:
            raise AirflowSkipException("nothing that was not there in the build before")
        tell(_news(report, AirflowRun(dag_run.dag_id, dag_run.run_id)))

    with build_dag(dag_id, 4, after, [], explain=_blocked) as dag:
        checked, published = CheckBuildOperator(task_id=CHECK), publish_build()
        take(4) >> checked >> published >> failed()
        checked >> dag.get_task("build_failed")
        published >> tell_of_news()
    return dag


def _news(report: Report, run: AirflowRun) -> Notice:
    """What the checks of a published build found for the first time; of a first build, how much."""
    before, rows = report.compared_with, tuple(map(_row, report.news))
    if before is None:
        places = f"{len(rows)} place{'s' if len(rows) != 1 else ''}"
        it_is = "It is" if len(rows) == 1 else "All of it is"
        happened = f"found something in {places}. {it_is} new: there is no build to compare with"
        rows = ()
    else:
        happened = f"found what they did not find, or not half of it, in build {before}"
    return Notice(
        cause=f"news of build {report.build}",
        subject=f"build {report.build} is published, with new warnings",
        happened=f"Build {report.build} is published. Its checks {happened}.",
        means="the numbers are right by what was dropped; the source holds something odd.",
        todo="open the task check of the run: its Rendered Templates show the quality report. The "
        "keys of the rows are in ops.build_check and ops.check_result.",
        link=run.link,
        headings=_HEADINGS,
        rows=rows,
    )


def _blocked(connection: psycopg.Connection, run: AirflowRun) -> Notice | None:
    """Which checks kept the run's build from being published, if that is why it failed."""
    row = connection.execute(
        "select report.build from ops.quality_report as report"
        " inner join ops.build using (build) where build.owner = %s",
        [f"{run.dag_id} {run.run_id}"],
    ).fetchone()
    report = read_report(connection, row[0]) if row else None
    if report is None or not report.blocking:
        return None
    return Notice(
        cause="blocked by " + ", ".join(sorted({one.check_name for one in report.blocking})),
        subject=f"build {report.build} is not published",
        happened=f"Build {report.build} does not add up, so it is not published.",
        means="readers see no change: the build published before stays, and its numbers grow old.",
        todo="open the task check of the run: its Rendered Templates show the quality report, and "
        "the keys of the rows are in ops.build_check and ops.check_result. Mend the cause, then "
        "run open_build.",
        link=run.link,
        headings=_HEADINGS,
        rows=tuple(map(_row, report.blocking)),
    )


def _row(found: Finding) -> tuple[str, str, str, str]:
    before = "-" if found.before is None else f"{found.before:,}"
    return found.subject, found.meaning or found.check_name, f"{found.failing:,}", before


_HEADINGS = ("where", "check", "found", "before")
