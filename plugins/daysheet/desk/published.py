"""Readers of one published build beside the desk: both as they were at one moment."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, TypeVar

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from daysheet.rendering import Relations, render_text
from daysheet.warehouse import LockClass
from daysheet.warehouse.desk_views import QUERIES

_ITS_OWN = sql.SQL("listed.*")
_Row = TypeVar("_Row")

# Before anything is published the models are empty: with the columns that are read of them.
_NO_BUILD = """
    int_claim_details as (
        select
            null::bigint as claim_id, null::text as carrier_name, null::text as claim_status,
            null::text as claim_status_name, null::boolean as is_preauth,
            null::date as original_sent_date, null::date as sent_date, null::date as service_date,
            null::text as line_status, null::numeric as estimated_insurance_amount,
            null::bigint as patient_id, null::numeric as billed_amount,
            null::numeric as paid_amount
        where false
    ),
    int_procedure_complete as (
        select
            null::bigint as procedure_id, null::date as procedure_date,
            null::boolean as is_completed, null::bigint as unclaimed_plan_id,
            null::numeric as unclaimed_estimate_amount
        where false
    ),
    int_insurance_coverage as (
        select null::bigint as plan_id, null::text as carrier_name where false
    ),
"""


@dataclass(frozen=True)
class Reader:
    """A transaction that sees one build, None before any is published, and the desk."""

    connection: psycopg.Connection
    build: int | None

    def rows(
        self,
        shape: type[_Row],
        query: str,
        clauses: sql.Composable,
        values: Mapping[str, Any],
        columns: sql.Composable = _ITS_OWN,
        **given: object,
    ) -> list[_Row]:
        """Rows of :meth:`statement` as ``shape``, with ``values`` bound to its placeholders."""
        statement = self.statement(query, clauses, columns, **given)
        with self.connection.cursor(row_factory=class_row(shape)) as cursor:
            return cursor.execute(statement, values).fetchall()

    def statement(
        self,
        query: str,
        clauses: sql.Composable,
        columns: sql.Composable = _ITS_OWN,
        **given: object,
    ) -> sql.Composed:
        """``sql/revenue_cycle/<query>.sql``, called ``listed``, over the build and the desk.

        ``clauses`` narrow, sort and page it; ``columns`` are others than its own: counts and sums.
        ``given`` are the words its text takes from us: numbers and expressions, never entered ones.
        """
        return sql.SQL("with {} listed as ({}) select {} from listed {}").format(
            sql.SQL("" if self.build else _NO_BUILD),
            sql.SQL(_text(query, **given)),
            columns,
            clauses,
        )


@cache
def _text(query: str, **given: object) -> str:
    """The query's SQL for a statement with values: rendered once, it takes longer than many run."""
    return _rendered(query, given).replace("%", "%%")


def _rendered(query: str, given: Mapping[str, object]) -> str:
    """Its text; ``{{ query('x') }}`` in it is that of another query of the same folder."""
    path = QUERIES / f"{query}.sql"
    return render_text(
        path.read_text(encoding="utf-8"),
        Relations(),
        date.min,
        str(path),
        query=lambda name: _rendered(name, given),
        **given,
    )


@contextmanager
def published(connection: psycopg.Connection, *, is_writing: bool = False) -> Iterator[Reader]:
    """Read the published build and the desk in one REPEATABLE READ transaction.

    The first query reads which build it is and takes a shared lock on it, so that housekeeping
    leaves it. ``connection`` may have no transaction open; this one ends here. It is READ ONLY
    unless ``is_writing``: then it brings alerts up to date, and nobody else changes one meanwhile.
    """
    with connection.transaction():
        access = sql.SQL("read write" if is_writing else "read only")
        connection.execute(
            sql.SQL("set transaction isolation level repeatable read, {}").format(access)
        )
        if is_writing:  # before the first query: what it waited for is seen
            connection.execute("lock table desk.alerts in share row exclusive mode")
        row = connection.execute(
            "select build, pg_advisory_xact_lock_shared(%s, build)"
            " from ops.current_build where build is not null",
            [LockClass.BUILD],
        ).fetchone()
        build = row[0] if row else None
        schemas = [*([f"build_{build}"] if build else []), "desk"]
        connection.execute("select set_config('search_path', %s, true)", [", ".join(schemas)])
        yield Reader(connection, build)
