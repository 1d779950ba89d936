"""Builds as they are listed and looked at: numbers and names of ours, read from ``ops``."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import class_row

_COLUMNS = """
    build,
    state,
    batch,
    as_of,
    reason,
    opened_by,
    publish,
    base_build,
    forced,
    pinned,
    problem,
    opened_at,
    started_at,
    ended_at,
    dropped_at,
    made.models,
    made.built,
    made.failed,
    made.seconds,
    jsonb_array_length(jsonb_path_query_array(
        report, '$.findings[*] ? (@.failing > 0 && @.severity == "warn")'
    )) as warnings,
    jsonb_array_length(jsonb_path_query_array(
        report, '$.findings[*] ? (@.failing > 0 && @.severity == "error")'
    )) as errors,
    build = (select build from ops.current_build) as is_current
"""
_FROM = """
    from ops.build
    left join ops.quality_report using (build)
    cross join lateral (
        select
            count(*) as models,
            count(*) filter (where action = 'built') as built,
            count(*) filter (where action = 'failed') as failed,
            coalesce(sum(seconds), 0) as seconds
        from ops.build_model
        where build_model.build = build.build
    ) as made
"""


@dataclass(frozen=True)
class BuildLine:
    """One build; ``warnings`` and ``errors`` are None until its checks have run as a whole.

    ``seconds`` are those of its model tasks added up, which ran beside each other.
    """

    build: int
    state: str
    batch: int
    as_of: date
    reason: str
    opened_by: str
    publish: str
    base_build: int | None
    forced: bool
    pinned: bool
    problem: str | None
    opened_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    dropped_at: datetime | None
    models: int
    built: int
    failed: int
    seconds: Decimal
    warnings: int | None
    errors: int | None
    is_current: bool | None

    @property
    def minutes(self) -> float | None:
        """From its start to its end."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds() / 60


@dataclass(frozen=True)
class ModelTask:
    """What became of one model in one build; ``seconds`` are those of its task."""

    build: int
    model: str
    phase: int
    action: str
    seconds: Decimal
    recorded_at: datetime
    fingerprint: str
    row_count: int | None
    built_in: int | None  # the build that made the version
    failing: int  # rows or groups that its checks name


@dataclass(frozen=True)
class CheckFound:
    """What one check found in one version, or over one build."""

    check_name: str
    severity: str
    failing: int
    checked_at: datetime
    seconds: Decimal | None = None


def count_builds(connection: psycopg.Connection) -> int:
    """How many there ever were."""
    row = connection.execute("select count(*) from ops.build").fetchone()
    assert row is not None
    return row[0]


def list_builds(connection: psycopg.Connection, *, limit: int, offset: int) -> list[BuildLine]:
    """The newest first."""
    return _lines(connection, "order by build desc limit %s offset %s", [limit, offset])


def find_build(connection: psycopg.Connection, build: int) -> BuildLine | None:
    """That one."""
    found = _lines(connection, "where build = %s", [build])
    return found[0] if found else None


def _lines(connection: psycopg.Connection, clauses: str, values: list[Any]) -> list[BuildLine]:
    with connection.cursor(row_factory=class_row(BuildLine)) as cursor:
        return cursor.execute(
            f"select {_COLUMNS} {_FROM} {clauses}",  # type: ignore[arg-type]
            values,
        ).fetchall()


def model_tasks(connection: psycopg.Connection, build: int) -> list[ModelTask]:
    """Every model of the build, phase by phase."""
    return _tasks(connection, "where made.build = %s order by made.phase, made.model", [build])


def times_of_model(connection: psycopg.Connection, model: str, limit: int) -> list[ModelTask]:
    """When the model was made last, the newest first; versions taken over as they were too."""
    return _tasks(
        connection,
        "where made.model = %s order by made.build desc limit %s",
        [model, limit],
    )


def _tasks(connection: psycopg.Connection, clauses: str, values: list[Any]) -> list[ModelTask]:
    with connection.cursor(row_factory=class_row(ModelTask)) as cursor:
        return cursor.execute(
            f"""
            select
                made.build,
                made.model,
                made.phase,
                made.action,
                made.seconds,
                made.recorded_at,
                made.fingerprint,
                version.row_count,
                version.built_in,
                (
                    select coalesce(sum(failing), 0)
                    from ops.check_result as found
                    where
                        found.fingerprint = made.fingerprint
                        and found.checks_hash = made.checks_hash
                )::bigint as failing
            from ops.build_model as made
            left join ops.model_version as version using (model, fingerprint)
            {clauses}
            """,  # type: ignore[arg-type]  # noqa: S608  our own clauses
            values,
        ).fetchall()


def build_checks(connection: psycopg.Connection, build: int) -> list[CheckFound]:
    """What the checks over the whole build found, offenders first."""
    with connection.cursor(row_factory=class_row(CheckFound)) as cursor:
        return cursor.execute(
            "select check_name, severity, failing, checked_at, seconds from ops.build_check"
            " where build = %s order by failing = 0, severity, check_name",
            [build],
        ).fetchall()


@dataclass(frozen=True)
class ShownVersion:
    """The version of a model that a build shows, with the SQL it was made by."""

    fingerprint: str
    checks_hash: str
    row_count: int
    byte_size: int
    created_at: datetime
    built_in: int
    rendered_sql: str


def shown_version(connection: psycopg.Connection, build: int, model: str) -> ShownVersion | None:
    """None where the build has no such model."""
    with connection.cursor(row_factory=class_row(ShownVersion)) as cursor:
        return cursor.execute(
            """
            select
                fingerprint, checks_hash, row_count, byte_size, created_at, built_in, rendered_sql
            from ops.build_model
            inner join ops.model_version using (model, fingerprint)
            where build = %s and model = %s and action != 'failed'
            """,
            [build, model],
        ).fetchone()


def version_checks(connection: psycopg.Connection, version: ShownVersion) -> list[CheckFound]:
    """What the checks of a version found, offenders first."""
    with connection.cursor(row_factory=class_row(CheckFound)) as cursor:
        return cursor.execute(
            "select check_name, severity, failing, checked_at from ops.check_result"
            " where fingerprint = %s and checks_hash = %s"
            " order by failing = 0, severity, check_name",
            [version.fingerprint, version.checks_hash],
        ).fetchall()
