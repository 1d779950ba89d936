"""The schemas of a build: ``build_<n>`` for its views, ``stage_<n>`` for staging on demand."""

import psycopg
from psycopg import sql

from daysheet.builds.opening import Build
from daysheet.catalog import load_contract
from daysheet.graph import load_graph
from daysheet.rendering import render_staging
from daysheet.warehouse import LockClass


def ensure_schemas(connection: psycopg.Connection, build: Build) -> None:
    """Make what is missing; several tasks may ask at once."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s, %s)", [LockClass.SCHEMAS, build.build])
        present = {
            row[0]
            for row in connection.execute(
                "select nspname from pg_namespace where nspname in (%s, %s)",
                [build.schema, build.stage_schema],
            )
        }
        if build.schema not in present:
            _create_schema(connection, build.schema)
        if build.stage_schema not in present:
            _create_schema(connection, build.stage_schema)
            for source, table in sorted(load_graph().sources()):
                contract = load_contract(source, table)
                connection.execute(render_staging(contract, build.stage_schema, build.batch))


def drop_stage(connection: psycopg.Connection, build: Build) -> None:
    """Staging views freeze the raw tables' shape, so they go when the build has ended."""
    with connection.transaction():
        connection.execute("set local lock_timeout = '2s'")
        connection.execute(
            sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(build.stage_schema))
        )


def _create_schema(connection: psycopg.Connection, name: str) -> None:
    connection.execute(sql.SQL("create schema {}").format(sql.Identifier(name)))
