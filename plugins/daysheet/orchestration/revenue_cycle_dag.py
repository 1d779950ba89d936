"""The desk, once a day and after each publish: work items up to date, metrics kept and checked."""

import logging
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, Param, PartitionedAssetTimetable, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from daysheet.desk import daily
from daysheet.desk.actors import system
from daysheet.desk.agreement import Disagreement, check_outstanding
from daysheet.desk.published import published
from daysheet.desk.reading.metrics import take_snapshot
from daysheet.desk.work.dental_claims import open_claims, register
from daysheet.orchestration.assets import DAY, PUBLISHED
from daysheet.orchestration.clock import practice_clock
from daysheet.orchestration.connections import desk_of
from daysheet.orchestration.notify import late_after, tell_ops
from daysheet.orchestration.phase_dag import DEFAULT_ARGS, START
from daysheet.settings import get_settings

log = logging.getLogger(__name__)

_BEHIND = "work items, owners and metrics at the desk are yesterday's, or half of them today's."

DOC = """
Brings the desk up to its day: references for new dental claims, visits that are over, work items
of every kind with their score and owner, snoozes that ended, then the metrics of the day. It runs
after each publish and each morning at six, practice time, whether or not a build was published;
the run's partition key is the build, or the day. Run twice it changes nothing.

Last, where `DAYSHEET_ALERTS_AFTER_PUBLISH` says so, it triggers `alert_aged_claims`: alerts are
then up to date as soon as a build is published; mail still waits for eight.

Triggered by hand with a past **as-of date** it writes only that day's metrics, as far as they can
be told today: no statuses, no items.
"""


def morning_dag(dag_id: str) -> DAG:
    """The DAG that says at six, practice time, that a day has begun."""

    @task(task_id="begin_day", outlets=[DAY])
    def begin_day(outlet_events: Any = None) -> None:
        outlet_events[DAY].add_partitions([get_settings().today().isoformat()])

    with DAG(
        dag_id=dag_id,
        schedule=practice_clock("0 6 * * *"),
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULT_ARGS,
        tags=["daysheet"],
        doc_md="Says that a day has begun; what is done once a day starts by it.",
        on_failure_callback=tell_ops(
            means="unless a build is published today, the desk stays at yesterday: no new work "
            "items, no metrics of the day.",
            todo="clear the task, or trigger revenue_cycle_daily by hand.",
        ),
    ) as dag:
        begin_day()
    return dag


def revenue_cycle_dag(dag_id: str) -> DAG:
    """The DAG that brings the desk up to its day, one run at a time."""
    with DAG(
        dag_id=dag_id,
        schedule=PartitionedAssetTimetable(assets=PUBLISHED | DAY),
        start_date=START,
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULT_ARGS,
        tags=["daysheet"],
        doc_md=DOC,
        on_failure_callback=tell_ops(
            means=_BEHIND,
            todo="read the log of the red task. If check is red, two ways of counting disagree and "
            "both are kept: say so to whoever maintains the desk. Else mend the cause and clear "
            "the task; nothing is done twice.",
        ),
        deadline=late_after(
            timedelta(hours=1),
            means=_BEHIND,
            todo="see which task runs long or waits for a lock, in ops.build and pg_stat_activity.",
        ),
        params={
            "as_of": Param(
                None,
                type=["null", "string"],
                format="date",
                title="As-of date",
                description="Empty: today in the practice's time zone. A past day: its metrics.",
            )
        },
    ) as dag:
        as_of = _fix_day()
        done = _register(as_of) >> _refresh(as_of) >> _snapshot(as_of) >> _check(as_of)
        done >> TriggerDagRunOperator(
            task_id="alert",
            trigger_dag_id="alert_aged_claims",
            logical_date=None,
            pre_execute=_skip_alerts,
        )
    return dag


@task(task_id="fix_day")
def _fix_day(params: Any = None) -> str:
    """The day all tasks of the run work on."""
    today = get_settings().today()
    as_of = date.fromisoformat(params["as_of"]) if params["as_of"] else today
    if as_of > today:
        raise AirflowFailException(f"{as_of} is still ahead: nothing is known of it")
    return as_of.isoformat()


@task(task_id="register_dental_claims")
def _register(as_of: str, dag_run: Any = None) -> int:
    """How many claims of the dental practice system are new to the desk."""
    if date.fromisoformat(as_of) < get_settings().today():
        raise AirflowSkipException("a past day: what was to be done then is over")
    with desk_of(as_of, dag_run.dag_id) as connection:
        return register(connection)


@task(task_id="refresh")
def _refresh(as_of: str, dag_run: Any = None) -> dict[str, int]:
    """Counts of what changed."""
    with desk_of(as_of, dag_run.dag_id) as connection:
        if daily.is_past(connection):
            raise AirflowSkipException(f"the desk was already worked on a later day than {as_of}")
        with published(connection) as reader:
            dental = open_claims(reader)
        done = asdict(daily.refresh(connection, system("dag", dag_run.dag_id), dental))
    log.info("desk of %s: %s", as_of, done)
    return done


@task(task_id="snapshot", trigger_rule="none_failed")
def _snapshot(as_of: str, dag_run: Any = None) -> int:
    """How many metrics of the day were new or changed."""
    with desk_of(as_of, dag_run.dag_id) as connection:
        return take_snapshot(connection)


@task(task_id="check")
def _check(as_of: str, dag_run: Any = None) -> None:
    with desk_of(as_of, dag_run.dag_id) as connection:
        try:
            check_outstanding(connection)
        except Disagreement as found:
            raise AirflowFailException(str(found)) from None


def _skip_alerts(context: Any) -> None:
    """Alerts follow a day's work at once only where ops asked for it, and never a past day's."""
    if not get_settings().alerts_after_publish:
        raise AirflowSkipException("alerts are evaluated at eight: DAYSHEET_ALERTS_AFTER_PUBLISH")
    as_of = context["ti"].xcom_pull(task_ids="fix_day")
    if date.fromisoformat(as_of) < get_settings().today():
        raise AirflowSkipException("a past day: alert_aged_claims takes it as a param")
