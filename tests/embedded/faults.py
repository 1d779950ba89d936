"""Faults at a known point: work held in the middle of a transaction, and what kills it there."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from daysheet.warehouse import Role
from tests.embedded.watching import Watched


class Blockade:
    """Lets nobody write into one table: who does waits, with all it did before uncommitted."""

    def __init__(self, watched: Watched, table: str) -> None:
        self.watched, self.table = watched, table
        self._connection = psycopg.connect(watched.admin)
        self._connection.execute(f"lock table {table} in exclusive mode")

    def waiting(self) -> list[str]:
        """The application names of those who wait now."""
        rows = self.watched.query(
            "select application_name from pg_locks inner join pg_stat_activity using (pid)"
            " where relation = %s::regclass and not granted",
            self.table,
        )
        return [name for (name,) in rows]

    def end(self) -> None:
        """Let them go on; also when Postgres ended it already."""
        with suppress(psycopg.OperationalError):
            self._connection.close()


def kill_task(runner: int, *, with_supervisor: bool) -> None:
    """Kill a running task's process group, and first the worker that looks after it."""
    stat = Path(f"/proc/{runner}/stat").read_text()
    _, parent, group = stat.rpartition(")")[2].split()[:3]
    assert int(group) == runner
    if with_supervisor:
        os.kill(int(parent), signal.SIGKILL)
    os.killpg(runner, signal.SIGKILL)


@contextmanager
def reading(watched: Watched, query: str) -> Iterator[list[Any]]:
    """Read the published build over and over, as pages do; what was seen, each change once.

    ``query`` gets one row from the tables of that build.
    """
    seen: list[Any] = []
    ended = threading.Event()

    def read() -> None:
        while not ended.wait(0.2):
            with suppress(psycopg.OperationalError):  # the server is down, or coming up
                found = _read_once(watched.deployment.dsn(Role.READER), query)
                if seen[-1:] != [found]:
                    seen.append(found)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield seen
    finally:
        ended.set()
        reader.join()


def _read_once(dsn: str, query: str) -> tuple:
    with psycopg.connect(dsn) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        (build,) = connection.execute("select build from ops.current_build").fetchone() or (None,)
        if build is None:
            return (None,)
        connection.execute(f"set local search_path to build_{build}")
        return (build, *(connection.execute(query).fetchone() or ()))
