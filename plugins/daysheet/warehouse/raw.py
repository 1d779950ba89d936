"""Tables in ``raw``, made from the contracts by the owner."""

import psycopg
from psycopg import sql

from daysheet.catalog import Contract

# History columns come first: a filter on them then costs 1.1x a plain scan, 2.5x when last.
HISTORY_COLUMNS = {
    "_batch_from": "integer not null",
    "_batch_to": "integer not null",
    "_file_id": "bigint not null",
    "_line": "bigint not null",
    "_row_hash": "uuid not null",
    "_row_time": "timestamp not null",
}
CURRENT = 2147483647  # _batch_to of a row nothing has replaced

_WIDTH_ORDER = {"bigint": 0, "timestamp": 1, "date": 2, "time": 2, "integer": 3, "smallint": 4}


def storage_order(contract: Contract) -> list[str]:
    """Loaded columns as stored: keys, then fixed width, then money and text."""
    return sorted(
        contract.loaded,
        key=lambda name: (
            name not in contract.key,
            _WIDTH_ORDER.get(contract.loaded[name].postgres_type, 9),
        ),
    )


def create_raw_table(
    connection: psycopg.Connection, contract: Contract, name: str | None = None
) -> None:
    """Create ``raw.<relation>`` with its index on the current row of each key."""
    table = sql.Identifier("raw", name or contract.relation)
    columns = [
        sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(definition))
        for column, definition in HISTORY_COLUMNS.items()
    ] + [
        sql.SQL("{} {}").format(
            sql.Identifier(column), sql.SQL(contract.loaded[column].postgres_type)
        )
        for column in storage_order(contract)
    ]
    connection.execute(sql.SQL("create table {} ({})").format(table, sql.SQL(", ").join(columns)))
    connection.execute(
        sql.SQL("create unique index on {} ({}) where _batch_to = {}").format(
            table, sql.SQL(", ").join(map(sql.Identifier, contract.key)), sql.Literal(CURRENT)
        )
    )
    connection.execute(
        sql.SQL("comment on table {} is {}").format(table, sql.Literal(contract.meaning))
    )
    if contract.recognized_by == "header":  # a person may mend a refused row of a report
        connection.execute(
            sql.SQL("grant select, insert, update on {} to daysheet_desk").format(table)
        )


def sync_raw_tables(connection: psycopg.Connection, contracts: dict[str, Contract]) -> list[str]:
    """Create missing raw tables, add columns a contract gained; return the tables touched.

    A column that was added holds null until ``daysheet reload TABLE`` replays the archive.
    """
    touched = []
    with connection.transaction():
        connection.execute("set local role daysheet_owner")
        # Waiting for a long build, it would make every later reader of the table wait too.
        connection.execute("set local lock_timeout = '20s'")
        connection.execute("grant usage on schema raw to daysheet_reader")
        present = _present_columns(connection)
        for contract in contracts.values():
            have = present.get(contract.relation)
            if have is None:
                create_raw_table(connection, contract)
                touched.append(contract.relation)
                have = set(contract.loaded)
            for column in storage_order(contract):
                if column not in have:
                    connection.execute(
                        sql.SQL("alter table {} add column {} {}").format(
                            sql.Identifier("raw", contract.relation),
                            sql.Identifier(column),
                            sql.SQL(contract.loaded[column].postgres_type),
                        )
                    )
                    touched.append(contract.relation)
            if contract.recognized_by == "header":
                _index_history(connection, contract)
            else:
                _open_to_pages(connection, contract)
    return touched


def _index_history(connection: psycopg.Connection, contract: Contract) -> None:
    """Let a page find all that reports ever said of one key: the other index has what holds now."""
    name = sql.Identifier(f"{contract.relation}_said")
    known = connection.execute(
        "select to_regclass(%s) is not null", [f"raw.{contract.relation}_said"]
    ).fetchone()
    if known == (True,):  # to ask for it once more would wait for a load all the same
        return
    connection.execute(
        sql.SQL("create index {} on {} ({})").format(
            name,
            sql.Identifier("raw", contract.relation),
            sql.SQL(", ").join(map(sql.Identifier, contract.key)),
        )
    )


def _open_to_pages(connection: psycopg.Connection, contract: Contract) -> None:
    """Let pages tell where a row came from: its keys, file and line to all, its cells to the desk.

    The keys of these tables are the practice system's numbers, never names.
    """
    keys = {
        *contract.key,
        *(name for name, column in contract.loaded.items() if column.references),
        "_batch_from",
        "_batch_to",
        "_file_id",
        "_line",
    }
    table = sql.Identifier("raw", contract.relation)
    connection.execute(
        sql.SQL("grant select ({}) on {} to daysheet_reader").format(
            sql.SQL(", ").join(map(sql.Identifier, sorted(keys))), table
        )
    )
    connection.execute(sql.SQL("grant select on {} to daysheet_desk").format(table))


def _present_columns(connection: psycopg.Connection) -> dict[str, set[str]]:
    rows = connection.execute(
        "select table_name, array_agg(column_name::text) from information_schema.columns"
        " where table_schema = 'raw' group by table_name"
    ).fetchall()
    return {table: set(columns) for table, columns in rows}
