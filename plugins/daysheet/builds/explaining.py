"""From a model's row to the rows it came from, down to file and line.

A row is traced by keys: an upstream row belongs to it when the row carries the upstream key, or
when the upstream carries the row's grain. Tables read in another way (a code list, a definition)
are named as looked up, without rows.
"""

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

SHOWN_ROWS = 50  # of one relation below one row; the number left out is told


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

    def origins(self) -> Iterator["Trace"]:
        """Every source row at or below this one."""
        if self.file is not None:
            yield self
        for trace in self.below:
            yield from trace.origins()


def explain(dsn: str, model: str, key: str, build_number: int | None = None) -> Trace:
    """Trace the row of ``model`` whose grain is ``key`` (``7`` or ``patient_id=7,...``).

    Raises :class:`NotFound`; reads the published build unless another is named.
    """
    with session(dsn, f"daysheet explain {model}") as connection:
        connection.execute("set transaction isolation level repeatable read, read only")
        build = read_build(connection, build_number) if build_number else current_build(connection)
        if build is None:
            raise BuildRefused("nothing is published yet")
        try:
            declared = load_catalog().models[model]
        except KeyError:
            raise NotFound(f"there is no model {model}") from None
        return _Tracer(connection, build).model(declared, _parse(declared, key))


def _parse(model: Model, key: str) -> dict[str, str]:
    parts = [part.strip() for part in key.split(",")]
    named = all("=" in part for part in parts)
    values = (
        dict(part.split("=", 1) for part in parts)
        if named
        else dict(zip(model.grain, parts, strict=False))
    )
    if set(values) != set(model.grain) or len(parts) != len(model.grain):
        raise NotFound(f"the key of {model.name} is {', '.join(model.grain)}")
    return values


@dataclass
class _Tracer:
    connection: psycopg.Connection
    build: Build

    def model(self, model: Model, key: dict[str, Any]) -> Trace:
        """The row of ``model`` with all that is below it."""
        rows, _ = self._select(self._view(model), key, 1)
        if not rows:
            raise NotFound(f"{model.name} has no such row in build {self.build.build}")
        row = rows[0]
        trace = Trace(model.name, {column: row[column] for column in model.grain})
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
        for found in rows:
            key = {column: found[column] for column in upstream.grain}
            trace.below.append(self.model(upstream, key))
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
        batch = sql.Literal(self.build.batch)
        query = sql.SQL(
            "select rows.*, coalesce(files.archived_as, files.file_name) as _file_name"
            " from raw.{} as rows left join ops.file as files on rows._file_id = files.file_id"
            " where _batch_from <= {} and _batch_to > {}"
        ).format(sql.Identifier(contract.relation), batch, batch)
        rows, left = self._select(query, {vendor[name]: value for name, value in wanted.items()})
        for found in rows:
            key = {column: found[column] for column in contract.key}
            file = found["_file_name"] or f"file {found['_file_id']}"
            trace.below.append(Trace(relation, key, file, found["_line"]))
        if left:
            trace.left_out[relation] = left

    def _view(self, model: Model) -> sql.Composable:
        return sql.SQL("select * from {}").format(sql.Identifier(self.build.schema, model.name))

    def _select(
        self, query: sql.Composable, wanted: dict[str, Any], limit: int = SHOWN_ROWS
    ) -> tuple[list[dict[str, Any]], int]:
        condition = sql.SQL(" and ").join(
            sql.SQL("found.{}::text = {}").format(sql.Identifier(name), sql.Literal(str(value)))
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
