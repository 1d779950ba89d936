"""Which batches changed what a model reads, directly or through other models."""

from dataclasses import dataclass
from datetime import datetime

import psycopg

from daysheet.graph import load_graph


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
