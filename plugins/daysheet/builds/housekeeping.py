"""Drop what nobody reads: old builds one at a time, then versions no build shows."""

import logging
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg
from psycopg import sql

from daysheet.builds.opening import ABANDONED_AFTER
from daysheet.builds.schemas import drop_schema, drop_stage
from daysheet.warehouse import DatabaseFault, LockClass, session

log = logging.getLogger(__name__)

UNPUBLISHED_FOR = timedelta(days=1)  # a kept build or an unshown version is given so long


@dataclass
class Tidied:
    """What went, and what could not go because somebody was reading it."""

    builds: list[int] = field(default_factory=list)
    versions: int = 0
    busy: list[str] = field(default_factory=list)


def tidy(dsn: str, keep_builds: int, keep_failed_days: int) -> Tidied:
    """Keep the last ``keep_builds`` published, pinned, running and recent others; drop the rest.

    Each build goes in a transaction of its own under a try-lock, never CASCADE beyond its own
    schemas, so a reader is not waited for: what it reads goes tomorrow.
    """
    done = Tidied()
    with session(dsn, "daysheet housekeeping", autocommit=True) as connection:
        for build in _droppable(connection, keep_builds, keep_failed_days):
            _drop_build(connection, build, done)
        for schema in _left_stages(connection):
            _drop_left_stage(connection, schema, done)
        for fingerprint, table in _unshown(connection, keep_failed_days):
            _drop_version(connection, fingerprint, table, done)
    return done


def _droppable(
    connection: psycopg.Connection, keep_builds: int, keep_failed_days: int
) -> list[int]:
    rows = connection.execute(
        """
        with ranked as (
            select
                build,
                state,
                coalesce(ended_at, touched_at, opened_at) as last_seen,
                row_number() over (partition by state order by build desc) as newest
            from ops.build
            where
                dropped_at is null
                and not pinned
                and not exists (
                    select from ops.build as made_of_it
                    where
                        made_of_it.base_build = build.build
                        and made_of_it.state in ('open', 'running')
                )
        )
        select build from ranked
        where build is distinct from (select build from ops.current_build)
            and case
                when state = 'published' then newest > %(keep)s
                when state = 'failed' then last_seen < now() - %(failed)s
                when state in ('open', 'running') then last_seen < now() - %(abandoned)s
                else last_seen < now() - %(unpublished)s
            end
        order by build
        """,
        {
            "keep": keep_builds,
            "failed": timedelta(days=keep_failed_days),
            "abandoned": max(ABANDONED_AFTER, UNPUBLISHED_FOR),
            "unpublished": UNPUBLISHED_FOR,
        },
    ).fetchall()
    return [row[0] for row in rows]


def _drop_build(connection: psycopg.Connection, build: int, done: Tidied) -> None:
    try:
        with connection.transaction():
            connection.execute("set local lock_timeout = '200ms'")
            row = connection.execute(
                "select pg_try_advisory_xact_lock(%s, %s)", [LockClass.BUILD, build]
            ).fetchone()
            if not (row and row[0]):
                done.busy.append(f"build {build}")
                return
            for schema in (f"build_{build}", f"stage_{build}"):
                drop_schema(connection, schema)
            connection.execute(
                "update ops.build set dropped_at = now(), state = case"
                " when state in ('open', 'running') then 'abandoned' else state end"
                " where build = %s",
                [build],
            )
    except psycopg.Error as error:
        log.info("build %s is left for later: %s", build, DatabaseFault(error))
        done.busy.append(f"build {build}")
    else:
        done.builds.append(build)


def _left_stages(connection: psycopg.Connection) -> list[str]:
    rows = connection.execute(
        "select nspname from pg_namespace inner join ops.build on nspname = 'stage_' || build"
        " where state not in ('open', 'running')"
    ).fetchall()
    return [row[0] for row in rows]


def _drop_left_stage(connection: psycopg.Connection, schema: str, done: Tidied) -> None:
    try:
        drop_stage(connection, schema)
    except psycopg.Error as error:
        log.info("%s is left for later: %s", schema, DatabaseFault(error))
        done.busy.append(schema)


def _unshown(connection: psycopg.Connection, keep_failed_days: int) -> list[tuple[str | None, str]]:
    """Tables of ``store`` that no view shows: unused versions, and ones replaced under force."""
    return connection.execute(
        """
        select version.fingerprint, tables.relname
        from pg_class as tables
        left join ops.model_version as version on tables.relname = version.table_name
        where tables.relnamespace = 'store'::regnamespace
            and tables.relkind = 'r'
            and not exists (
                select from pg_depend
                where pg_depend.refobjid = tables.oid
                    and pg_depend.refclassid = 'pg_class'::regclass
                    and pg_depend.classid = 'pg_rewrite'::regclass
            )
            and coalesce(version.created_at, 'epoch') < now() - case
                when version.state = 'failed' then %s
                else %s
            end
        """,
        [timedelta(days=keep_failed_days), UNPUBLISHED_FOR],
    ).fetchall()


def _drop_version(
    connection: psycopg.Connection, fingerprint: str | None, table: str, done: Tidied
) -> None:
    try:
        with connection.transaction():
            connection.execute("set local lock_timeout = '200ms'")
            if fingerprint:
                row = connection.execute(
                    "select pg_try_advisory_xact_lock(%s, %s)",
                    [LockClass.FINGERPRINT, int(fingerprint[:8], 16) - 2**31],
                ).fetchone()
                if not (row and row[0]):
                    done.busy.append(table)
                    return
                connection.execute(
                    "delete from ops.model_version where fingerprint = %s and table_name = %s",
                    [fingerprint, table],
                )
                connection.execute(
                    "delete from ops.check_result where fingerprint = %s and not exists"
                    " (select from ops.model_version where fingerprint = %s)",
                    [fingerprint, fingerprint],
                )
            connection.execute(
                sql.SQL("drop table {} restrict").format(sql.Identifier("store", table))
            )
    except psycopg.Error as error:
        log.info("%s is left for later: %s", table, DatabaseFault(error))
        done.busy.append(table)
    else:
        done.versions += 1
