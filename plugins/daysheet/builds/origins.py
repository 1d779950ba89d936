"""Which batches changed what a model reads, directly or through other models."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import sql

from daysheet.catalog import Contract, Model, load_contract
from daysheet.graph import load_graph

Ids = dict[str, int]  # the whole numbers of a row, its keys among them, by column


@dataclass(frozen=True)
class Batch:
    """A committed batch and the source tables it changed, of those asked for."""

    batch: int
    committed_at: datetime
    tables: list[str]


def batches_between(
    connection: psycopg.Connection, before: int, after: int, model: str
) -> list[Batch]:
    """Batches that one of two builds knows and the other does not, if they changed its sources."""
    graph = load_graph()
    sources = {
        f"{source}.{table}"
        for name in graph.upstream([model])
        for source, table in graph.reads[name].sources
    }
    rows = connection.execute(
        """
        with states as (
            select
                source || '.' || table_name as relation,
                batch,
                (row_count, digest_high, digest_low) is distinct from lag(
                    (row_count, digest_high, digest_low)
                ) over (partition by source, table_name order by batch) as is_changed
            from ops.source_state
            where source || '.' || table_name = any(%(sources)s)
        )
        select batch, committed_at, array_agg(relation order by relation)
        from states
        inner join ops.batch using (batch)
        where is_changed and batch > %(first)s and batch <= %(last)s
        group by batch, committed_at
        order by batch
        """,
        {
            "sources": sorted(sources),
            "first": min(before, after),
            "last": max(before, after),
        },
    ).fetchall()
    return [Batch(*row) for row in rows]


def batches_of_rows(
    connection: psycopg.Connection, model: Model, rows: list[Ids], batches: list[Batch]
) -> list[list[int]]:
    """For each row the batches, of those given, that touched a source row that belongs to it.

    A source row belongs to it when the row holds its key, or it holds the row's. None: the row
    changed for another reason, or what it was made of cannot be told by keys.
    """
    found: list[set[int]] = [set() for _ in rows]
    for relation in sorted({table for batch in batches for table in batch.tables}):
        contract = load_contract(*relation.split("."))
        columns = _shared_key(model, contract)
        keys = [tuple(row.get(name) for name in columns) for row in rows]
        wanted = sorted({key for key in keys if key and None not in key})  # type: ignore[type-var]
        if wanted:
            touched = _touched(connection, contract, columns, wanted)
            for key, numbers in zip(keys, found, strict=True):
                numbers.update(touched[key])
    named = {batch.batch for batch in batches}
    return [sorted(numbers & named) for numbers in found]


def _shared_key(model: Model, contract: Contract) -> dict[str, str]:
    """Columns of the model by which its rows and the source's belong together -> vendor's names."""
    staged = {contract.staging_name(name): name for name in contract.loaded}
    for names in ([contract.staging_name(name) for name in contract.key], model.grain):
        if set(names) <= set(model.columns) and set(names) <= set(staged):
            return {name: staged[name] for name in names}
    return {}


def _touched(
    connection: psycopg.Connection,
    contract: Contract,
    columns: dict[str, str],
    keys: list[tuple[int, ...]],
) -> dict[tuple[int, ...], set[int]]:
    names = sql.SQL(", ").join(map(sql.Identifier, columns.values()))
    wanted = sql.SQL(", ").join(
        sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Literal, key))) for key in keys
    )
    query = sql.SQL(
        "select _batch_from, _batch_to, {names} from raw.{table} where ({names}) in ({wanted})"
    ).format(names=names, table=sql.Identifier(contract.relation), wanted=wanted)
    found: dict[tuple[int, ...], set[int]] = defaultdict(set)
    for came, went, *key in connection.execute(query):
        found[tuple(key)] |= {came, went}
    return found
