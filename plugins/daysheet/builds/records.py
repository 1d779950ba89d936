"""What ``ops`` remembers of versions: that they exist, what their checks found, who shows them."""

import time
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.types.json import Jsonb

from daysheet.builds.opening import Build, touch_build
from daysheet.builds.plan import Planned
from daysheet.checks import CheckResult


@dataclass(frozen=True)
class Job:
    """One model task: what is made, for which build, since when (``time.monotonic``)."""

    build: Build
    planned: Planned
    started: float

    @property
    def seconds(self) -> float:
        """Seconds since it started."""
        return round(time.monotonic() - self.started, 3)


@dataclass(frozen=True)
class Version:
    """One row of ``ops.model_version``."""

    table_name: str
    state: str
    row_count: int
    created_at: datetime
    built_in: int


def find_version(connection: psycopg.Connection, fingerprint: str) -> Version | None:
    """The version of this fingerprint, ready or failed."""
    row = connection.execute(
        "select table_name, state, row_count, created_at, built_in"
        " from ops.model_version where fingerprint = %s",
        [fingerprint],
    ).fetchone()
    return Version(*row) if row else None


def read_results(connection: psycopg.Connection, planned: Planned) -> list[CheckResult]:
    """What the current checks found in the version; empty when they never ran on it."""
    rows = connection.execute(
        "select check_name, severity, failing, failing_keys from ops.check_result"
        " where fingerprint = %s and checks_hash = %s",
        [planned.fingerprint, planned.checks_hash],
    ).fetchall()
    return [CheckResult(*row) for row in rows]


def keep_results(
    connection: psycopg.Connection, planned: Planned, results: list[CheckResult]
) -> None:
    """Write down what the checks found; run again, they replace it."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.check_result"
            " (fingerprint, checks_hash, check_name, severity, failing, failing_keys)"
            " values (%s, %s, %s, %s, %s, %s)"
            " on conflict (fingerprint, checks_hash, check_name) do update"
            " set failing = excluded.failing, failing_keys = excluded.failing_keys,"
            " checked_at = now()",
            [
                (
                    planned.fingerprint,
                    planned.checks_hash,
                    result.name,
                    result.severity,
                    result.failing,
                    Jsonb(result.keys),
                )
                for result in results
            ],
        )


def record_model(connection: psycopg.Connection, job: Job, action: str) -> None:
    """Say what became of the model in the build."""
    planned, build = job.planned, job.build.build
    with connection.transaction():
        connection.execute(
            "insert into ops.build_model"
            " (build, model, phase, fingerprint, checks_hash, action, seconds)"
            " values (%s, %s, %s, %s, %s, %s, %s)"
            " on conflict (build, model) do update set fingerprint = excluded.fingerprint,"
            " checks_hash = excluded.checks_hash, action = excluded.action,"
            " seconds = excluded.seconds, recorded_at = now()",
            [
                build,
                planned.model.name,
                planned.model.phase,
                planned.fingerprint,
                planned.checks_hash,
                action,
                job.seconds,
            ],
        )
        touch_build(connection, build)
