"""Run one given/expected example of a model against a real Postgres, through the real templates.

An example is YAML. ``given`` holds tables as text: source tables (``opendental.patient``, vendor
column names; a column left out holds what the practice system writes for "nothing") and models
(their own columns). A model that is read but not given is computed from the given sources.
``expect`` names the columns it cares about; every row must be there and no other, of those that
meet the condition ``only`` where one is given. An empty cell of a model is null; so is the word
null anywhere.
"""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import yaml
from psycopg import sql

from daysheet.catalog import Catalog, Column, Contract, load_catalog, load_contract
from daysheet.graph import load_graph
from daysheet.rendering import Relations, render_model, render_staging

HERE = Path(__file__).parent
BUILD, STAGE = "example_build", "example_stage"


@dataclass(frozen=True)
class Example:
    model: str
    name: str
    given: dict[str, list[dict[str, str]]]
    as_of: datetime.date
    expect: list[dict[str, str]]
    only: str = "true"


def examples() -> list[Example]:
    return [_read(path) for path in sorted(HERE.glob("int_*/*.yml"))]


def _read(path: Path) -> Example:
    body = yaml.safe_load(path.read_text())
    unknown = set(body) - {"given", "as_of", "expect", "only", "because"}
    assert not unknown, f"{path}: unknown keys {unknown}"
    return Example(
        model=path.parent.name,
        name=path.stem,
        given={table: table_rows(text) for table, text in body["given"].items()},
        as_of=body.get("as_of", datetime.date(2026, 1, 31)),
        expect=table_rows(body["expect"]),
        only=body.get("only", "true"),
    )


def table_rows(text: str) -> list[dict[str, str]]:
    """A table written as text: a header and one line per row, cells between bars."""
    lines = [line for line in text.splitlines() if line.strip()]
    header = [cell.strip() for cell in lines[0].split("|")]
    rows = []
    for line in lines[1:]:
        cells = [cell.strip() for cell in line.split("|")]
        assert len(cells) == len(header), f"{len(cells)} cells for {len(header)} columns: {line}"
        rows.append(dict(zip(header, cells, strict=True)))
    return rows


def compute(connection: psycopg.Connection, example: Example) -> list[dict[str, Any]]:
    """The model's rows for the given tables, as dicts."""
    catalog, graph = load_catalog(), load_graph()
    connection.execute(f"create schema {BUILD}")
    connection.execute(f"create schema {STAGE}")
    needed = graph.upstream([example.model])
    sources = {source for name in needed for source in graph.reads[name].sources}
    given_sources = {tuple(table.split(".")) for table in example.given if "." in table}
    for source, table in sorted(sources | given_sources):
        contract = load_contract(source, table)
        for line, row in enumerate(example.given.get(f"{source}.{table}", []), start=1):
            insert_source_row(connection, contract, line, row)
        connection.execute(render_staging(contract, STAGE, 1))
    for name in graph.order:
        if name in needed:
            _make_model(connection, catalog, name, example)
    cursor = connection.execute(f"select * from {BUILD}.{example.model} where {example.only}")
    columns = [column.name for column in cursor.description or ()]
    assert columns == list(catalog.models[example.model].columns), "yml columns = sql columns"
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def _make_model(
    connection: psycopg.Connection, catalog: Catalog, name: str, example: Example
) -> None:
    rows = example.given.get(name)
    select = render_model(catalog.models[name], Relations(BUILD, STAGE), example.as_of)
    empty = "" if rows is None else " with no data"
    connection.execute(f"create table {BUILD}.{name} as {select}{empty}")
    for row in rows or []:
        connection.execute(
            sql.SQL("insert into {} ({}) values ({})").format(
                sql.Identifier(BUILD, name),
                sql.SQL(", ").join(map(sql.Identifier, row)),
                sql.SQL(", ").join(sql.Literal(_cell(value)) for value in row.values()),
            )
        )


def insert_source_row(
    connection: psycopg.Connection, contract: Contract, line: int, row: dict[str, str]
) -> None:
    unknown = set(row) - set(contract.loaded)
    assert not unknown, f"{contract.table} does not load {unknown}"
    values: dict[str, Any] = {name: nothing(column) for name, column in contract.loaded.items()} | {
        name: _cell(value) for name, value in row.items() if value != ""
    }
    history = {
        "_batch_from": 1,
        "_batch_to": 2147483647,
        "_file_id": 1,
        "_line": line,
        "_row_hash": f"00000000-0000-0000-0000-{line:012d}",
        "_row_time": "2020-01-01",
    }
    connection.execute(
        sql.SQL("insert into {} ({}) values ({})").format(
            sql.Identifier("raw", contract.relation),
            sql.SQL(", ").join(map(sql.Identifier, [*history, *values])),
            sql.SQL(", ").join(map(sql.Literal, [*history.values(), *values.values()])),
        )
    )


def nothing(column: Column) -> str | int:
    """What the practice system writes where there is nothing."""
    if column.blank is not None:
        return column.blank
    if column.load == "presence":
        return 0
    return {"text": "", "date": "0001-01-01", "timestamp": "0001-01-01", "time": "00:00"}.get(
        column.type, 0
    )


def _cell(value: str) -> str | None:
    return None if value in ("", "null") else value


def differences(actual: list[dict[str, Any]], expect: list[dict[str, str]]) -> list[str]:
    """What is wrong, row by row; empty when all is as expected."""
    left = list(actual)
    problems = []
    for wanted in expect:
        found = next((row for row in left if _matches(row, wanted)), None)
        if found is None:
            problems.append(f"missing: {wanted}")
        else:
            left.remove(found)
    columns = list(expect[0]) if expect else []
    shown = [{column: row[column] for column in columns or row} for row in left]
    return problems + [f"not expected: {row}" for row in shown]


def _matches(row: dict[str, Any], wanted: dict[str, str]) -> bool:
    return all(_equal(row[column], _cell(cell)) for column, cell in wanted.items())


def _equal(value: Any, cell: str | None) -> bool:
    if value is None or cell is None:
        return value is None and cell is None
    if isinstance(value, bool):
        return str(value).lower() == cell
    if isinstance(value, int | float | Decimal):
        return Decimal(str(value)) == Decimal(cell)
    if isinstance(value, datetime.datetime):
        return value == datetime.datetime.fromisoformat(cell)
    return str(value) == cell
