"""A deployment looked at from outside, in its two databases: that loads no part of it."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg

from daysheet.warehouse.provision import METADATA_DATABASE, WAREHOUSE_DATABASE
from tests.embedded.conftest import Home

Found = TypeVar("Found")


PATIENCE = 3  # how much longer than on an idle machine something may take on a busy one


def until(look: Callable[[], Found], seconds: float, what: str) -> Found:
    """Look again and again until there is something; fail when ``what`` does not come."""
    deadline = time.monotonic() + seconds * PATIENCE
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {PATIENCE} times {seconds} s: {what}"
        time.sleep(0.3)
    return found


class Watched:
    """One deployment that is up, or was."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.deployment = home.deployment

    @property
    def admin(self) -> str:
        """URL of the warehouse, as its superuser."""
        return self.deployment.server.url(WAREHOUSE_DATABASE)

    def query(self, query: str, *values: Any) -> list[tuple]:
        """Rows of a statement in the warehouse, by its superuser."""
        return self._query(WAREHOUSE_DATABASE, query, *values)

    def tasks(self, dag_id: str, *states: str) -> list[tuple[str, str, int]]:
        """Task, state and number of the try: of the newest run of a DAG, in these states."""
        return self._query(
            METADATA_DATABASE,
            "select task_id, state, try_number from task_instance"
            " where state = any(%s) and dag_id = %s and run_id = ("
            " select run_id from dag_run where dag_id = %s order by id desc limit 1)",
            list(states), dag_id, dag_id,
        )  # fmt: skip

    def runs(self, dag_id: str, *states: str) -> list[str]:
        """Ids of the runs of a DAG in these states, the oldest first."""
        rows = self._query(
            METADATA_DATABASE,
            "select run_id from dag_run where dag_id = %s and state = any(%s) order by id",
            dag_id, list(states),
        )  # fmt: skip
        return [run_id for (run_id,) in rows]

    def running(self, dag_id: str, task_id: str) -> list[int]:
        """Processes in which a task runs, or each task it is mapped to."""
        rows = self._query(
            METADATA_DATABASE,
            "select pid from task_instance"
            " where dag_id = %s and task_id = %s and state = 'running' order by id",
            dag_id, task_id,
        )  # fmt: skip
        return [pid for (pid,) in rows]

    def tries_in_vain(self, dag_id: str) -> int:
        """How many tries of tasks had to be repeated, in all runs of a DAG."""
        tries = "select count(*) from task_instance_history where dag_id = %s"
        return self._query(METADATA_DATABASE, tries, dag_id)[0][0]

    def _query(self, database: str, query: str, *values: Any) -> list[tuple]:
        url = self.deployment.server.url(database)
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []
