"""Compare two kept builds: rows added, gone and changed by key, and the batches that made it so.

Versions are values: equal fingerprints are equal rows, and are not read. Of rows that differ only
keys, the names of the columns and the values of numbers are told: no name, text or date leaves
the database.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from daysheet.builds.opening import Build, BuildRefused, read_build
from daysheet.builds.origins import Batch, batches_between, batches_of_rows
from daysheet.builds.row_differences import RowDifference, Side, Sum, Tables
from daysheet.catalog import load_catalog
from daysheet.warehouse import DatabaseFault, LockClass, session

_SETTINGS = {"work_mem": "128MB"}
_CANCELED = "57014"


class TakesLonger(Exception):
    """The rows are not read within the time that was given."""


@dataclass(frozen=True)
class ModelDifference:
    """What became of one model from one build to the other."""

    model: str
    what: str  # same (version), other (version, rows not read), equal (rows), changed, added, gone
    why: list[str] = field(default_factory=list)  # SQL, as-of date, or inputs that differ
    rows: tuple[int, int] = (0, 0)
    added: int = 0
    gone: int = 0
    changed: int = 0
    columns: dict[str, int] = field(default_factory=dict)  # column -> rows in which it differs
    columns_of_one: list[str] = field(default_factory=list)  # not in both, or of another type
    sums: list[Sum] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)  # that touched what the model reads
    keys: list[RowDifference] = field(default_factory=list)


@dataclass(frozen=True)
class _Shown:
    """The version of a model that a build shows."""

    fingerprint: str
    row_count: int
    inputs: dict[str, str]
    sql: str


def compare_build(dsn: str, before: int, after: int) -> Iterator[ModelDifference]:
    """Every model of either build, without keys; the next is read when it is asked for."""
    with _comparison(dsn, before, after) as comparison:
        for name in comparison.names:
            yield comparison.difference(name, limit=0)


def compare_versions(dsn: str, before: int, after: int) -> list[ModelDifference]:
    """Every model of either build by what is known of its versions; no row is read."""
    with _comparison(dsn, before, after) as comparison:
        return [comparison.known(name) for name in comparison.names]


def compare_model(
    dsn: str, before: int, after: int, model: str, limit: int, *, patience: float | None = None
) -> ModelDifference:
    """One model with the keys of up to ``limit`` rows that differ, in the order of the key.

    Raises :class:`BuildRefused` when neither build has it, or one of them is gone or closed to
    who asks, and :class:`TakesLonger` when a statement of it takes over ``patience`` seconds.
    """
    try:
        with _comparison(dsn, before, after, patience) as comparison:
            if model not in comparison.names:
                raise BuildRefused(f"neither build has a model {model}")
            return comparison.difference(model, limit)
    except DatabaseFault as fault:
        if fault.sqlstate == _CANCELED:
            raise TakesLonger from None
        raise


@contextmanager
def _comparison(
    dsn: str, before: int, after: int, patience: float | None = None
) -> Iterator["_Comparison"]:
    limit = {"statement_timeout": f"{patience * 1000:.0f}"} if patience else {}
    with session(dsn, f"daysheet diff {before} {after}", settings=_SETTINGS | limit) as connection:
        connection.execute("set transaction isolation level repeatable read, read only")
        builds = []
        for number in (before, after):
            connection.execute(
                "select pg_advisory_xact_lock_shared(%s, %s)", [LockClass.BUILD, number]
            )
            build = read_build(connection, number)
            if build.dropped:
                raise BuildRefused(f"build {number} was dropped by housekeeping")
            builds.append(build)
        yield _Comparison(connection, *builds)


class _Comparison:
    def __init__(self, connection: psycopg.Connection, before: Build, after: Build) -> None:
        self.connection, self.builds = connection, (before, after)
        self.before, self.after = self._shown(before), self._shown(after)
        self.names = sorted({**self.before, **self.after})

    def _shown(self, build: Build) -> dict[str, _Shown]:
        rows = self.connection.execute(
            "select model, fingerprint, row_count, inputs, rendered_sql"
            " from ops.build_model inner join ops.model_version using (model, fingerprint)"
            " where build = %s and action != 'failed'",
            [build.build],
        ).fetchall()
        return {model: _Shown(*shown) for model, *shown in rows}

    def known(self, model: str) -> ModelDifference:
        """What is known of it without reading a row."""
        before, after = self.before.get(model), self.after.get(model)
        rows = (before.row_count if before else 0, after.row_count if after else 0)
        if before is None or after is None:
            return ModelDifference(model, "gone" if before else "added", rows=rows)
        if before.fingerprint == after.fingerprint:
            return ModelDifference(model, "same", rows=rows)
        return ModelDifference(model, "other", why=self._why(before, after), rows=rows)

    def difference(self, model: str, limit: int) -> ModelDifference:
        known = self.known(model)
        if known.what != "other":
            return known
        for build in self.builds:
            self._require_open(build)
        tables = Tables(
            self.connection,
            *(Side(build.schema, model, build.as_of) for build in self.builds),
            _grain(model),
        )
        counts = tables.counts()
        batches = batches_between(self.connection, *(one.batch for one in self.builds), model)
        return replace(
            known,
            what="changed" if _changed(counts) else "equal",
            batches=batches,
            keys=self._keys(model, tables, batches, limit) if limit else [],
            **counts,
        )

    def _require_open(self, build: Build) -> None:
        row = self.connection.execute(
            "select has_schema_privilege(oid, 'usage') from pg_namespace where nspname = %s",
            [build.schema],
        ).fetchone()
        if not (row and row[0]):
            raise BuildRefused(
                f"build {build.build} was never published: only `daysheet diff` reads its rows"
            )

    def _keys(
        self, model: str, tables: Tables, batches: list[Batch], limit: int
    ) -> list[RowDifference]:
        found = tables.keys(limit)
        declared, ids = load_catalog().models[model], [row for _, row in found]
        touched = batches_of_rows(self.connection, declared, ids, batches)
        return [
            replace(difference, batches=numbers)
            for (difference, _), numbers in zip(found, touched, strict=True)
        ]

    def _why(self, before: _Shown, after: _Shown) -> list[str]:
        found = []
        if before.sql != after.sql:
            of_no_day = [
                shown.sql.replace(build.as_of.isoformat(), "")
                for shown, build in zip((before, after), self.builds, strict=True)
            ]
            found.append("the as-of date" if of_no_day[0] == of_no_day[1] else "its SQL")
        inputs = sorted({**before.inputs, **after.inputs})
        return found + [
            name for name in inputs if before.inputs.get(name) != after.inputs.get(name)
        ]


def _changed(counts: dict[str, Any]) -> bool:
    return any(counts[part] for part in ("added", "gone", "changed", "columns_of_one"))


def _grain(model: str) -> tuple[str, ...]:
    known = load_catalog().models.get(model)
    if known is None:
        raise BuildRefused(f"{model} is no model any more, its key is not known")
    return known.grain
