"""What ``ops.source_state`` knows of a table: rows, digest and the newest full file applied."""

from dataclasses import dataclass
from datetime import datetime

import psycopg

from daysheet.catalog import Contract


@dataclass(frozen=True)
class TableState:
    """The current rows of a table; the digest is two sums over halves of ``_row_hash``."""

    row_count: int = 0
    digest_high: int = 0
    digest_low: int = 0
    newest_full: datetime | None = None


def read_state(connection: psycopg.Connection, contract: Contract) -> TableState:
    """The newest state, of the open batch if it has one; of an empty table if there is none."""
    row = connection.execute(
        "select row_count, digest_high, digest_low, newest_full from ops.source_state"
        " where source = %s and table_name = %s order by batch desc limit 1",
        [contract.source, contract.table],
    ).fetchone()
    return TableState(row[0], int(row[1]), int(row[2]), row[3]) if row else TableState()


def write_state(
    connection: psycopg.Connection, contract: Contract, batch: int, state: TableState
) -> None:
    """Say what holds from ``batch`` on."""
    connection.execute(
        "insert into ops.source_state"
        " (source, table_name, batch, row_count, digest_high, digest_low, newest_full)"
        " values (%s, %s, %s, %s, %s, %s, %s)"
        " on conflict (source, table_name, batch) do update set row_count = excluded.row_count,"
        " digest_high = excluded.digest_high, digest_low = excluded.digest_low,"
        " newest_full = excluded.newest_full",
        [
            contract.source, contract.table, batch, state.row_count, state.digest_high,
            state.digest_low, state.newest_full,
        ],
    )  # fmt: skip
