"""From a model's row to the rows it came from, down to file and line.

A row is traced by keys: an upstream row belongs to it when the row carries the upstream key, or
when the upstream carries the row's grain. Tables read in another way (a code list, a definition)
are named as looked up, without rows.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from daysheet.builds.opening import Build, BuildRefused, current_build, read_build
from daysheet.catalog import Contract, Model, load_catalog, load_contract
from daysheet.graph import load_graph
from daysheet.warehouse import session
from daysheet.warehouse.raw import CURRENT

SHOWN_ROWS = 50  # of one relation below one row; the number left out is told


def key_text(key: dict[str, Any]) -> str:
    """``patient_id=7,mode=``: nothing behind the sign is null."""
    return ",".join(f"{name}={'' if value is None else value}" for name, value in key.items())


class NotFound(Exception):
    """No such model, key or row."""


@dataclass
class Trace:
    """One row of a model or a source table, and the rows below it."""

    relation: str
    key: dict[str, Any]
    file: str | None = None
    line: int | None = None
    below: list["Trace"] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    file_id: int | None = None
    is_whole: bool = True  # False: there was no time to look below it

    @property
    def key_text(self) -> str:
        """The key as :func:`explain` takes it."""
        return key_text(self.key)

    def all(self) -> Iterator["Trace"]:
        """This row and every one below it, each once."""
        yield from self._all(set())

    def _all(self, told: set[tuple[str, str]]) -> Iterator["Trace"]:
        if (name := (self.relation, self.key_text)) not in told:
            told.add(name)
            yield self
            for trace in self.below:
                yield from trace._all(told)

    def origins(self) -> Iterator["Trace"]:
        """Every source row at or below this one."""
        return (trace for trace in self.all() if trace.file is not None)


def explain(dsn: str, model: str, key: str, build_number: int | None = None) -> Trace:
    """Trace the row of ``model`` whose grain is ``key`` (``7`` or ``patient_id=7,...``).

    Raises :class:`NotFound`; reads the published build unless another is named.
    """
    with session(dsn, f"daysheet explain {model}") as connection:
        connection.execute("set transaction isolation level repeatable read, read only")
        build = read_build(connection, build_number) if build_number else current_build(connection)
        if build is None:
            raise BuildRefused("nothing is published yet")
        return trace_row(connection, build, model, key)


def trace_row(
    connection: psycopg.Connection,
    build: Build,
    model: str,
    key: str,
    *,
    patience: float | None = None,
) -> Trace:
    """Trace it in the transaction that is open; after ``patience`` seconds no deeper.

    Raises :class:`NotFound`, after which the transaction is of no more use.
    """
    declared = _declared(model)
    deadline = time.monotonic() + patience if patience else None
    try:
        return _Tracer(connection, build, deadline).model(
            declared, parts_of_key(declared.grain, key, model)
        )
    except psycopg.errors.DataError:
        raise NotFound(f"that is no key of {model}") from None


def list_keys(
    connection: psycopg.Connection, build: Build, model: str, *, limit: int, offset: int
) -> list[dict[str, Any]]:
    """The keys of a model's rows in their order; raises :class:`NotFound`."""
    declared = _declared(model)
    grain = sql.SQL(", ").join(map(sql.Identifier, declared.grain))
    query = sql.SQL("select {grain} from {view} order by {grain} limit {limit} offset {offset}")
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            query.format(
                grain=grain,
                view=sql.Identifier(build.schema, model),
                limit=sql.Literal(limit),
                offset=sql.Literal(offset),
            )
        ).fetchall()


def _declared(model: str) -> Model:
    try:
        return load_catalog().models[model]
    except KeyError:
        raise NotFound(f"there is no model {model}") from None


def parts_of_key(names: tuple[str, ...], key: str, of: str) -> dict[str, str | None]:
    """A key as it is typed, by the ``names`` it has; raises :class:`NotFound` for others."""
    parts = [part.strip() for part in key.split(",")]
    named = all("=" in part for part in parts)
    values = (
        dict(part.split("=", 1) for part in parts)
        if named
        else dict(zip(names, parts, strict=False))
    )
    if set(values) != set(names) or len(parts) != len(names):
        raise NotFound(f"the key of {of} is {', '.join(names)}")
    return {name: value or None for name, value in values.items()}


@dataclass
class _Tracer:
    connection: psycopg.Connection
    build: Build
    deadline: float | None = None
    _traced: dict[tuple[str, str], Trace] = field(default_factory=dict)

    def model(self, model: Model, key: dict[str, Any]) -> Trace:
        """The row of ``model`` with all that is below it."""
        rows, _ = self._select(self._view(model), key, 1)
        if not rows:
            raise NotFound(f"{model.name} has no such row in build {self.build.build}")
        return self._row(model, rows[0])

    def _row(self, model: Model, row: dict[str, Any]) -> Trace:
        trace = Trace(model.name, {column: row[column] for column in model.grain})
        if known := self._traced.get((model.name, trace.key_text)):
            return known  # it is reached by another way too
        self._traced[model.name, trace.key_text] = trace
        if self.deadline is not None and time.monotonic() > self.deadline:
            trace.is_whole = False
            return trace
        reads = load_graph().reads[model.name]
        for name in sorted(reads.models):
            self._add_models(trace, row, model, load_catalog().models[name])
        for source, table in sorted(reads.sources):
            self._add_source_rows(trace, row, model, load_contract(source, table))
        return trace

    def _add_models(self, trace: Trace, row: dict[str, Any], model: Model, upstream: Model) -> None:
        wanted = _match(row, model.grain, upstream.grain, set(upstream.columns))
        if wanted is None:
            trace.looked_up.append(upstream.name)
            return
        rows, left = self._select(self._view(upstream), wanted)
        trace.below += [self._row(upstream, found) for found in rows]
        if left:
            trace.left_out[upstream.name] = left

    def _add_source_rows(
        self, trace: Trace, row: dict[str, Any], model: Model, contract: Contract
    ) -> None:
        relation = f"{contract.source}.{contract.table}"
        vendor = {contract.staging_name(column): column for column in contract.loaded}
        staged_key = tuple(contract.staging_name(column) for column in contract.key)
        wanted = _match(row, model.grain, staged_key, set(vendor))
        if wanted is None:
            trace.looked_up.append(relation)
            return
        by_vendor = {vendor[name]: value for name, value in wanted.items()}
        # By its whole key the row of today is in the index; only one of before is scanned for.
        batches = [sql.SQL("_batch_to = {}").format(sql.Literal(CURRENT))]
        if set(by_vendor) != set(contract.key):
            batches.clear()
        batches.append(sql.SQL("_batch_to > {}").format(sql.Literal(self.build.batch)))
        for known in batches:
            query = self._raw_rows(contract, {*contract.key, *by_vendor}, known)
            rows, left = self._select(query, by_vendor)
            if rows:
                break
        for found in rows:
            key = {column: found[column] for column in contract.key}
            file = found["_file_name"] or f"file {found['_file_id']}"
            trace.below.append(
                Trace(relation, key, file, found["_line"], file_id=found["_file_id"])
            )
        if left:
            trace.left_out[relation] = left

    def _raw_rows(
        self, contract: Contract, columns: set[str], known: sql.Composable
    ) -> sql.Composed:
        return sql.SQL(
            "select {}, rows._file_id, rows._line,"
            " coalesce(files.archived_as, files.file_name) as _file_name"
            " from raw.{} as rows left join ops.file as files on rows._file_id = files.file_id"
            " where _batch_from <= {} and {}"
        ).format(
            sql.SQL(", ").join(sql.Identifier("rows", name) for name in sorted(columns)),
            sql.Identifier(contract.relation),
            sql.Literal(self.build.batch),
            known,
        )

    def _view(self, model: Model) -> sql.Composable:
        return sql.SQL("select * from {}").format(sql.Identifier(self.build.schema, model.name))

    def _select(
        self, query: sql.Composable, wanted: dict[str, Any], limit: int = SHOWN_ROWS
    ) -> tuple[list[dict[str, Any]], int]:
        condition = sql.SQL(" and ").join(
            sql.SQL("found.{} is null").format(sql.Identifier(name))
            if value is None
            else sql.SQL("found.{} = {}").format(sql.Identifier(name), sql.Literal(str(value)))
            for name, value in wanted.items()
        )
        whole = sql.SQL("select * from ({}) as found where {}").format(query, condition)
        with self.connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute(whole)
            rows = cursor.fetchmany(limit)
            return rows, max(cursor.rowcount - len(rows), 0)


def _match(
    row: dict[str, Any], grain: tuple[str, ...], key: tuple[str, ...], columns: set[str]
) -> dict[str, Any] | None:
    """Which upstream rows belong to ``row``: by their key, else by the row's grain."""
    for names in (key, grain if columns.issuperset(grain) else ()):
        if names and all(row.get(name) is not None for name in names):
            return {name: row[name] for name in names}
    return None
