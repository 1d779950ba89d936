"""A deployment looked at from outside: its warehouse as its owner, its runs by Airflow's API."""

import time
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

import psycopg

from daysheet.embedded.api import AirflowApi, ApiRefused
from daysheet.warehouse.provision import WAREHOUSE_DATABASE
from tests.embedded.conftest import Home

Found = TypeVar("Found")


def until(look: Callable[[], Found], seconds: float, what: str) -> Found:
    """Look again and again until there is something; fail when ``what`` does not come."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.3)
    return found


class Watched:
    """One deployment that is up."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.deployment = home.deployment

    @property
    def admin(self) -> str:
        """Of the warehouse's superuser."""
        return self.deployment.server.url(WAREHOUSE_DATABASE)

    @cached_property
    def api(self) -> AirflowApi:
        return AirflowApi(self.deployment)

    def query(self, query: str, *values: Any) -> list[tuple]:
        """Rows of a query, or of each statement's last, in a session of its own."""
        with psycopg.connect(self.admin, autocommit=True) as connection:
            cursor = connection.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    def tasks(self, dag_id: str, *states: str) -> list[dict[str, Any]]:
        """Task instances of all runs of a DAG in these states; none while Airflow is silent."""
        path = f"dags/{dag_id}/dagRuns/~/taskInstances"
        try:
            return self.api.get(path, state=states, limit=1000)["task_instances"]
        except ApiRefused:
            return []

    def runs(self, dag_id: str, *states: str) -> list[dict[str, Any]]:
        """Runs of a DAG in these states; none while Airflow is silent."""
        try:
            return self.api.get(f"dags/{dag_id}/dagRuns", state=states, limit=100)["dag_runs"]
        except ApiRefused:
            return []

    def build_states(self) -> list[str]:
        """States of all builds, the oldest first."""
        return [row[0] for row in self.query("select state from ops.build order by build")]
