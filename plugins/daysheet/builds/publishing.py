"""End a build: run the checks over all of it, then move the one pointer readers follow."""

import logging
import time
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from daysheet.builds.comments import comment_on_view
from daysheet.builds.opening import ENDED, Build, current_build, read_build, require_changeable
from daysheet.builds.quality import keep_report, keep_totals
from daysheet.builds.schemas import drop_stage, ensure_schemas
from daysheet.catalog import load_catalog
from daysheet.checks import CheckResult
from daysheet.checks.build_checks import BuildCheck, load_build_checks, run_build_check
from daysheet.checks.totals import measure_totals
from daysheet.rendering import Relations
from daysheet.warehouse import DatabaseFault, LockClass, session

log = logging.getLogger(__name__)


class PublishBlocked(Exception):
    """The build must not be published; the message says what is missing or which check found it."""

    def __init__(self, message: str, *, is_reported: bool = False) -> None:
        super().__init__(message)
        self.is_reported = is_reported  # whether its quality report was made


class OwnershipLost(Exception):
    """Another run has taken the build over; this one must not end it."""


@dataclass(frozen=True)
class Ending:
    """How a build ended."""

    build: int
    state: str  # published, kept or superseded


def check_build(dsn: str, build_number: int) -> dict[str, int]:
    """Run every build check, keep results and quality report; return offenders by check.

    Raises :class:`PublishBlocked` when a model is missing or a check at ``error`` found anything.
    """
    with session(dsn, f"daysheet check build {build_number}", autocommit=True) as connection:
        build = read_build(connection, build_number)
        require_changeable(build)
        ensure_schemas(connection, build)
        _require_all_models(connection, build)
        _require_one_of_each(connection, build)
        relations = Relations(build.schema, build.stage_schema)
        started = time.monotonic()
        keep_totals(connection, build, measure_totals(connection, relations, build.as_of))
        checks = load_build_checks()
        results = [_check(connection, build, relations, check) for check in checks]
        keep_report(connection, build, checks, round(time.monotonic() - started, 3))
    blocking = [result.name for result in results if result.blocks]
    if blocking:
        raise PublishBlocked(
            f"build {build_number} is not published: {', '.join(blocking)} found offenders; "
            "they are in ops.build_check. The build published before stays.",
            is_reported=True,
        )
    return {result.name: result.failing for result in results if result.failing}


def _check(
    connection: psycopg.Connection, build: Build, relations: Relations, check: BuildCheck
) -> CheckResult:
    """Run one check and keep what it found, in one transaction."""
    started = time.monotonic()
    with connection.transaction():
        result = run_build_check(
            connection, check, relations, build=build.build, batch=build.batch, as_of=build.as_of
        )
        connection.execute(
            "insert into ops.build_check (build, check_name, severity, failing, detail, seconds)"
            " values (%s, %s, %s, %s, %s, %s) on conflict (build, check_name) do update"
            " set severity = excluded.severity, failing = excluded.failing,"
            " detail = excluded.detail, seconds = excluded.seconds, checked_at = now()",
            [
                build.build,
                result.name,
                result.severity,
                result.failing,
                Jsonb(result.keys),
                round(time.monotonic() - started, 3),
            ],
        )
    return result


def _require_all_models(connection: psycopg.Connection, build: Build) -> None:
    rows = connection.execute(
        "select model from ops.build_model where build = %s and action != 'failed'"
        " and to_regclass(format('%%I.%%I', %s::text, model)) is not null",
        [build.build, build.schema],
    ).fetchall()
    missing = sorted(set(load_catalog().models) - {row[0] for row in rows})
    if missing:
        raise PublishBlocked(
            f"build {build.build} is not published: it lacks {', '.join(missing)}; "
            "clear the tasks of these models"
        )


def _require_one_of_each(connection: psycopg.Connection, build: Build) -> None:
    rows = connection.execute(
        "select reader.model, made_of.key from ops.build_model as reader"
        " inner join ops.model_version using (model, fingerprint)"
        " cross join jsonb_each_text(inputs) as made_of"
        " inner join ops.build_model as shown"
        " on reader.build = shown.build and made_of.key = shown.model"
        " where reader.build = %s and made_of.value != shown.fingerprint order by 1, 2",
        [build.build],
    ).fetchall()
    if rows:
        told = ", ".join(f"{reader} of another {shown}" for reader, shown in rows)
        raise PublishBlocked(
            f"build {build.build} is not published: it was made of two versions of one model "
            f"({told} than the build shows); clear the tasks of the first named"
        )


def publish(dsn: str, build_number: int, owner: str, actor: str) -> Ending:
    """Point readers at the build if it is newer (batch, then as-of, then number) than theirs.

    Not newer, or of an earlier as-of date, is no error: the build is kept and can be compared.
    ``--publish`` may go back, and is audited. Only the run that owns the build may end it; ended
    by it already, a retry finishes what is left.
    """
    with session(dsn, f"daysheet publish {build_number}", autocommit=True) as connection:
        with connection.transaction():
            connection.execute("set local lock_timeout = '30s'")
            connection.execute("select pg_advisory_xact_lock(%s, 0)", [LockClass.PUBLISH])
            connection.execute("select from ops.build where build = %s for update", [build_number])
            build = read_build(connection, build_number)
            if build.owner != owner or build.state not in ("running", *ENDED):
                raise OwnershipLost(f"build {build_number} is no longer this run's to publish")
            state = build.state
            if state == "running":
                state = _move_pointer(connection, build, actor)
                connection.execute(
                    "update ops.build set state = %s, ended_at = now(), touched_at = now()"
                    " where build = %s",
                    [state, build_number],
                )
        current = current_build(connection)
        if current and current.build == build_number:
            refresh_reporting(connection, build)
        _drop_stage(connection, build)
    return Ending(build_number, state)


def _drop_stage(connection: psycopg.Connection, build: Build) -> None:
    try:
        drop_stage(connection, build.stage_schema)
    except psycopg.Error as error:
        log.warning("%s is left to housekeeping: %s", build.stage_schema, DatabaseFault(error))


def _move_pointer(connection: psycopg.Connection, build: Build, actor: str) -> str:
    if build.publish == "never":
        return "kept"
    moved = connection.execute(
        "update ops.current_build set build = %(build)s, batch = %(batch)s, as_of = %(as_of)s,"
        " published_at = now() where %(always)s or build is null"
        " or ((batch, as_of, build) < (%(batch)s, %(as_of)s::date, %(build)s)"
        " and as_of <= %(as_of)s::date)",
        {
            "build": build.build,
            "batch": build.batch,
            "as_of": build.as_of,
            "always": build.publish == "always",
        },
    )
    if moved.rowcount == 0:
        return "superseded"
    _open_to_readers(connection, build)
    connection.execute(
        "insert into ops.audit (actor, action, subject, detail) values (%s, 'publish', %s, %s)",
        [
            actor,
            f"build {build.build}",
            Jsonb({"batch": build.batch, "as_of": str(build.as_of), "publish": build.publish}),
        ],
    )
    return "published"


def _open_to_readers(connection: psycopg.Connection, build: Build) -> None:
    # In the publishing transaction and not before: what is not published cannot be read.
    schema = sql.Identifier(build.schema)
    for statement in (
        "grant usage on schema {} to daysheet_reader, daysheet_desk",
        "grant select on all tables in schema {} to daysheet_reader, daysheet_desk",
    ):
        connection.execute(sql.SQL(statement).format(schema))


def refresh_reporting(connection: psycopg.Connection, build: Build) -> None:
    """Re-point the fixed names BI tools use, one view at a time; what cannot be is only told."""
    rows = connection.execute(
        "select model, table_name from ops.build_model inner join ops.model_version"
        " using (fingerprint, model) where build = %s and action != 'failed'",
        [build.build],
    ).fetchall()
    gone = connection.execute(
        "select viewname from pg_views where schemaname = 'reporting'"
        " and viewowner = current_user and viewname != all(%s)",
        [[model for model, _ in rows]],
    ).fetchall()
    for model, table in [*rows, *((name, None) for (name,) in gone)]:
        try:
            with connection.transaction():
                connection.execute("set local lock_timeout = '2s'")
                _point(connection, model, table)
        except psycopg.Error as error:
            log.warning(
                "reporting.%s still shows the build before: %s", model, DatabaseFault(error)
            )


def _point(connection: psycopg.Connection, model: str, table: str | None) -> None:
    # A model that is no more loses its view: a number that stands still looks like one that moves.
    view = sql.Identifier("reporting", model)
    connection.execute(sql.SQL("drop view if exists {}").format(view))
    if table:
        shown = sql.Identifier("store", table)
        connection.execute(sql.SQL("create view {} as select * from {}").format(view, shown))
        if declared := load_catalog().models.get(model):
            comment_on_view(connection, view, declared)
