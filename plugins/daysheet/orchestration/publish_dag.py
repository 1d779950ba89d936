"""The last phase: check the build as a whole and publish it."""

import logging
from typing import Any

from airflow.sdk import DAG, Asset, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from daysheet.builds.opening import BuildRefused
from daysheet.builds.publishing import OwnershipLost, PublishBlocked, check_build, publish
from daysheet.orchestration.assets import PUBLISHED
from daysheet.orchestration.connections import dsn
from daysheet.orchestration.operators import TAKE_BUILD
from daysheet.orchestration.phase_dag import build_dag, failed, take
from daysheet.warehouse import Role

log = logging.getLogger(__name__)


def publish_dag(dag_id: str, after: Asset) -> DAG:
    """Quality checks over the whole build, then the pointer moves."""

    @task
    def check(ti: Any = None) -> dict[str, int]:
        try:
            warnings = check_build(dsn(Role.BUILDER), ti.xcom_pull(task_ids=TAKE_BUILD))
        except (PublishBlocked, BuildRefused) as refusal:
            raise AirflowFailException(str(refusal)) from None
        for name, failing in warnings.items():
            log.warning("%s: %s offenders, kept in ops.build_check", name, failing)
        return warnings

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

    with build_dag(dag_id, 4, after, []) as dag:
        checked, published = check(), publish_build()
        take(4) >> checked >> published >> failed()
        checked >> dag.get_task("build_failed")
    return dag
