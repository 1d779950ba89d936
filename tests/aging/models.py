"""Ledgers through the real templates on a real Postgres: hundreds of families at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from daysheet.catalog import Contract, load_catalog, load_contract
from daysheet.graph import load_graph
from daysheet.rendering import Relations, render_model, render_staging
from tests.aging.ledger import Ledger, Row
from tests.models.examples import nothing

BUILD, STAGE = "aging_build", "aging_stage"
HISTORY = {
    "_batch_from": 1,
    "_batch_to": 2**31 - 1,
    "_file_id": 1,
    "_line": 1,
    "_row_hash": "00000000-0000-0000-0000-000000000001",
    "_row_time": "2020-01-01",
}


@contextmanager
def built(
    warehouse: str, ledger: Ledger, as_of: date, models: list[str]
) -> Iterator[psycopg.Connection]:
    """A connection that sees ``models`` and all they read, made from ``ledger``; then undone."""
    with psycopg.connect(warehouse, row_factory=dict_row) as connection:
        connection.execute("set local jit = off; set local work_mem = '64MB'")
        try:
            _load(connection, ledger, models)
            _make(connection, as_of, models)
            yield connection
        finally:
            connection.rollback()


def _load(connection: psycopg.Connection, ledger: Ledger, models: list[str]) -> None:
    graph = load_graph()
    needed = graph.upstream(models)
    sources = {source for name in needed for source in graph.reads[name].sources}
    left_over = {table for table, rows in ledger.items() if rows} - {name for _, name in sources}
    assert not left_over, f"no model reads {left_over}"
    connection.execute(f"create schema {STAGE}")
    for source, table in sorted(sources):
        contract = load_contract(source, table)
        if rows := ledger.get(table) if source == "opendental" else None:
            _copy(connection, contract, rows)
        connection.execute(render_staging(contract, STAGE, 1))


def _copy(connection: psycopg.Connection, contract: Contract, rows: list[Row]) -> None:
    table = sql.Identifier("raw", contract.relation)
    defaults = HISTORY | {name: nothing(column) for name, column in contract.loaded.items()}
    connection.execute(
        sql.SQL("alter table {} {}").format(
            table,
            sql.SQL(", ").join(
                sql.SQL("alter {} set default {}").format(sql.Identifier(name), sql.Literal(value))
                for name, value in defaults.items()
            ),
        )
    )
    columns = sql.SQL(", ").join(map(sql.Identifier, rows[0]))
    with connection.cursor().copy(
        sql.SQL("copy {} ({}) from stdin").format(table, columns)
    ) as copy:
        for row in rows:
            copy.write_row(list(row.values()))
    connection.execute(sql.SQL("analyze {}").format(table))


def _make(connection: psycopg.Connection, as_of: date, models: list[str]) -> None:
    """Each table is analyzed, as a build does: without statistics some plans never end."""
    catalog, graph = load_catalog(), load_graph()
    needed = graph.upstream(models)
    connection.execute(f"create schema {BUILD}")
    connection.execute(f"set local search_path to {BUILD}")
    for name in graph.order:
        if name in needed:
            select = render_model(catalog.models[name], Relations(BUILD, STAGE), as_of)
            connection.execute(f"create table {BUILD}.{name} as {select}")
            connection.execute(f"analyze {BUILD}.{name}")
