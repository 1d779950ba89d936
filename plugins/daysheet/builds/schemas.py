"""The schemas of a build: ``build_<n>`` for its views, ``stage_<n>`` for staging on demand."""

import hashlib

import psycopg
from psycopg import sql

from daysheet.builds.opening import Build
from daysheet.catalog import load_contract
from daysheet.graph import load_graph
from daysheet.rendering import render_staging
from daysheet.warehouse import LockClass


def ensure_schemas(connection: psycopg.Connection, build: Build) -> None:
    """Make what is missing; several tasks may ask at once.

    Staging made of other contracts than today's is made anew: a version says it was made of these.
    """
    views = [
        render_staging(load_contract(source, table), build.stage_schema, build.batch)
        for source, table in sorted(load_graph().sources())
    ]
    made_of = hashlib.sha256("".join(views).encode()).hexdigest()
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s, %s)", [LockClass.SCHEMAS, build.build])
        found = connection.execute(
            "select nspname, obj_description(oid, 'pg_namespace') from pg_namespace"
            " where nspname in (%s, %s)",
            [build.schema, build.stage_schema],
        )
        present = dict(found.fetchall())
        if build.schema not in present:
            _create_schema(connection, build.schema)
        if present.get(build.stage_schema) != made_of:
            drop_schema(connection, build.stage_schema)
            _create_schema(connection, build.stage_schema)
            for view in views:
                connection.execute(view)  # type: ignore[arg-type]
            connection.execute(
                sql.SQL("comment on schema {} is {}").format(
                    sql.Identifier(build.stage_schema), sql.Literal(made_of)
                )
            )


def drop_stage(connection: psycopg.Connection, stage_schema: str) -> None:
    """Staging views freeze the raw tables' shape, so they go when the build has ended."""
    with connection.transaction():
        connection.execute("set local lock_timeout = '2s'")
        drop_schema(connection, stage_schema)


def drop_schema(connection: psycopg.Connection, name: str) -> None:
    """Drop a build's schema. CASCADE reaches its own views only: nothing is made of them."""
    connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(name)))


def _create_schema(connection: psycopg.Connection, name: str) -> None:
    connection.execute(sql.SQL("create schema {}").format(sql.Identifier(name)))
