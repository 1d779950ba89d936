"""Make one model of one build: link the version that is there, or build, check and keep it.

A version is complete or absent. Whoever needs it takes a session advisory lock on its fingerprint;
the table, its indexes, statistics, checks, record and view are then one transaction. A version
whose checks fail at ``error`` is committed as failed, with the offending keys, and never linked.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from daysheet.builds.comments import comment_on_view
from daysheet.builds.opening import Build, BuildRefused, read_build, require_changeable
from daysheet.builds.plan import Planned, Planner
from daysheet.builds.records import (
    Job,
    Version,
    find_version,
    keep_results,
    read_results,
    record_model,
)
from daysheet.builds.schemas import ensure_schemas
from daysheet.checks import CheckResult, run_checks
from daysheet.rendering import render_template
from daysheet.warehouse import LockClass, session

log = logging.getLogger(__name__)

BUILD_SETTINGS = {
    "work_mem": "128MB",
    "statement_timeout": "2h",
    "idle_in_transaction_session_timeout": "60s",
}


class ChecksFailed(Exception):
    """The version breaks its own promises. Deterministic: a retry would find the same."""


@dataclass(frozen=True)
class Outcome:
    """What became of one model task. Counts and names only: safe for logs and XCom."""

    model: str
    action: str  # built, linked or inherited
    fingerprint: str
    row_count: int
    seconds: float
    warnings: dict[str, int]


def make_model(dsn: str, build_number: int, name: str) -> Outcome:
    """Make ``name`` in the build; raises :class:`ChecksFailed` or a DatabaseFault."""
    started = time.monotonic()
    label = f"daysheet build {build_number} {name}"
    with session(dsn, label, autocommit=True, settings=BUILD_SETTINGS) as connection:
        build = read_build(connection, build_number)
        require_changeable(build)
        ensure_schemas(connection, build)
        planner = Planner(connection, build)
        job = Job(build, planner.plan(name), started)
        with _fingerprint_lock(connection, job.planned.fingerprint):
            version = find_version(connection, job.planned.fingerprint)
            action = "inherited" if name in planner.inherited else "linked"
            if action == "linked" and _must_build(build, version):
                action = "built"
                version = _build(connection, job)
            if version is None:
                raise BuildRefused(
                    f"{name}: the version of build {build.base_build} is gone; "
                    "run open_build instead"
                )
            results = _check_linked(connection, job.planned, version)
            if any(result.blocks for result in results):
                record_model(connection, job, "failed")
                raise ChecksFailed(_verdict(name, results))
            if version.state == "failed":
                _clear(connection, job.planned, version)
            if action != "built":
                with connection.transaction():
                    _fence(connection, build)
                    _link(connection, job, version, action)
    return Outcome(
        model=name,
        action=action,
        fingerprint=job.planned.fingerprint,
        row_count=version.row_count,
        seconds=job.seconds,
        warnings={result.name: result.failing for result in results if result.failing},
    )


def _must_build(build: Build, version: Version | None) -> bool:
    return version is None or (build.forced and version.built_in != build.build)


def rendered_sql(dsn: str, build_number: int, name: str) -> str:
    """The whole statement that makes the model's table, as ops read it in the UI."""
    with session(dsn, f"daysheet render {name}", autocommit=True) as connection:
        planner = Planner(connection, read_build(connection, build_number))
        planned = planner.plan(name)
    if name in planner.inherited:
        return planned.rendered_sql
    return _statement(planned, planned.table_name)


def inherit_phases(dsn: str, build_number: int) -> None:
    """Show in a build what its base has of the phases before the one it starts at."""
    with session(dsn, f"daysheet build {build_number}", autocommit=True) as connection:
        build = read_build(connection, build_number)
        planner = Planner(connection, build)
        models = [planner.catalog.models[name] for name in planner.inherited]
    for model in models:
        if model.phase < build.from_phase:
            make_model(dsn, build_number, model.name)


def _statement(planned: Planned, table: str) -> str:
    return render_template("build/model.sql", table=table, query=planned.rendered_sql)


@contextmanager
def _fingerprint_lock(connection: psycopg.Connection, fingerprint: str) -> Iterator[None]:
    # A session lock taken before any lock_timeout is set: the second builder waits its turn.
    key = int(fingerprint[:8], 16) - 2**31
    connection.execute("select pg_advisory_lock(%s, %s)", [LockClass.FINGERPRINT, key])
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("select pg_advisory_unlock(%s, %s)", [LockClass.FINGERPRINT, key])


def _build(connection: psycopg.Connection, job: Job) -> Version:
    build, planned = job.build, job.planned
    # Under force the old table may still be shown by other builds, so the new one is named apart.
    table = f"{planned.table_name}_{build.build}" if build.forced else planned.table_name
    relation = sql.Identifier("store", table)
    with connection.transaction():
        _fence(connection, build)
        made = connection.execute(_statement(planned, table))  # type: ignore[arg-type]
        for index in planned.model.indexes:
            _index(connection, relation, index, unique=False)
        connection.execute(sql.SQL("analyze {}").format(relation))
        results = run_checks(connection, relation, planned.checks)
        failed = any(result.blocks for result in results)
        if not failed:
            _index(connection, relation, planned.model.grain, unique=True)
        connection.execute(
            sql.SQL("comment on table {} is {}").format(
                relation, sql.Literal(planned.model.description)
            )
        )
        row = connection.execute(
            "insert into ops.model_version (fingerprint, model, table_name, state, row_count,"
            " byte_size, seconds, inputs, rendered_sql, built_in)"
            " values (%s, %s, %s, %s, %s, pg_total_relation_size(%s::regclass), %s, %s, %s, %s)"
            " on conflict (fingerprint) do update set table_name = excluded.table_name,"
            " state = excluded.state, row_count = excluded.row_count,"
            " byte_size = excluded.byte_size, seconds = excluded.seconds,"
            " built_in = excluded.built_in, created_at = now()"
            " returning table_name, state, row_count, created_at, built_in",
            [
                planned.fingerprint,
                planned.model.name,
                table,
                "failed" if failed else "ready",
                made.rowcount,
                f"store.{table}",
                job.seconds,
                Jsonb(dict(planned.inputs)),
                planned.symbolic_sql,
                build.build,
            ],
        ).fetchone()
        assert row is not None
        version = Version(*row)
        keep_results(connection, planned, results)
        if not failed:
            _link(connection, job, version, "built")
    return version


def _check_linked(
    connection: psycopg.Connection, planned: Planned, version: Version
) -> list[CheckResult]:
    """Results of the current checks on the version; checks that are new are run now."""
    if results := read_results(connection, planned):
        return results
    with connection.transaction():
        relation = sql.Identifier("store", version.table_name)
        results = run_checks(connection, relation, planned.checks)
        keep_results(connection, planned, results)
    return results


def _clear(connection: psycopg.Connection, planned: Planned, version: Version) -> None:
    """A failed version meets the checks as they are now: make it an ordinary one."""
    relation = sql.Identifier("store", version.table_name)
    with connection.transaction():
        _index(connection, relation, planned.model.grain, unique=True)
        connection.execute(
            "update ops.model_version set state = 'ready' where fingerprint = %s",
            [planned.fingerprint],
        )


def _link(connection: psycopg.Connection, job: Job, version: Version, action: str) -> None:
    build, planned = job.build, job.planned
    record_model(connection, job, action)  # first: it holds off publishing, or finds it was done
    view = sql.Identifier(build.schema, planned.model.name)
    row = connection.execute(
        "select coalesce(max(committed_at), 'epoch') from ops.batch where batch <= %s",
        [build.batch],
    ).fetchone()
    assert row is not None
    connection.execute(sql.SQL("drop view if exists {}").format(view))
    statement = render_template(
        "build/view.sql",
        schema=build.schema,
        model=planned.model.name,
        columns=",\n    ".join(_columns(connection, version.table_name)),
        table=version.table_name,
        loaded_at=row[0].isoformat(),
        batch=build.batch,
        transformed_at=version.created_at.isoformat(),
    )
    connection.execute(statement)  # type: ignore[arg-type]
    comment_on_view(connection, view, planned.model)


def _columns(connection: psycopg.Connection, table: str) -> list[str]:
    # The table's own: of an inherited model the code may know others by now.
    statement = sql.SQL("select * from {} limit 0").format(sql.Identifier("store", table))
    return [column.name for column in connection.execute(statement).description or ()]


def _index(
    connection: psycopg.Connection,
    relation: sql.Identifier,
    columns: tuple[str, ...],
    *,
    unique: bool,
) -> None:
    # The name is left to Postgres, which keeps it within 63 bytes and apart from others.
    connection.execute(
        sql.SQL("create {}index on {} ({}){}").format(
            sql.SQL("unique " if unique else ""),
            relation,
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(" nulls not distinct" if unique else ""),
        )
    )


def _fence(connection: psycopg.Connection, build: Build) -> None:
    """Hold off housekeeping for this build until the transaction ends."""
    connection.execute("set local lock_timeout = '30s'")
    connection.execute(
        "select pg_advisory_xact_lock_shared(%s, %s)", [LockClass.BUILD, build.build]
    )


def _verdict(name: str, results: list[CheckResult]) -> str:
    broken = "; ".join(f"{result.name} ({result.failing})" for result in results if result.blocks)
    return (
        f"{name} is not linked, its checks failed: {broken}. The keys of the rows are in "
        "ops.check_result.failing_keys; the published build stays as it is."
    )
