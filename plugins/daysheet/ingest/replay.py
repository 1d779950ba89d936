"""A contract was widened: load a table's archived files again, and swap the result in at a batch.

The files go, in their order, through the same loader into a table of their own. What then differs
from the current rows ends, and begins anew, at one batch; what was known before stays as it was.
"""

from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from psycopg import sql

from daysheet.catalog import Contract
from daysheet.ingest import ledger
from daysheet.ingest.batches import side_batch
from daysheet.ingest.drop_folder import DropFolder
from daysheet.ingest.ledger import Known
from daysheet.ingest.load import load_file
from daysheet.ingest.taking import own_copy
from daysheet.ingest.verdicts import DroppedFile
from daysheet.settings import Settings
from daysheet.warehouse import LockClass
from daysheet.warehouse.raw import CURRENT, HISTORY_COLUMNS, storage_order, sync_raw_tables


class ArchiveIncomplete(Exception):
    """A file that was loaded is not in the archive as it was: nothing was changed."""


@dataclass(frozen=True)
class Replayed:
    """What a replay did: files read, row versions ended and begun at ``batch``."""

    source: str
    table: str
    files: int
    ended: int
    begun: int
    batch: int


def replay(
    connection: psycopg.Connection,
    drops: DropFolder,
    contract: Contract,
    settings: Settings,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Replayed:
    """Replay the archive of one table, all or nothing; ``connection`` is the administrator's.

    Files of this table that are dropped meanwhile wait. Raises :class:`ArchiveIncomplete`.
    """
    aside = contract.model_copy(update={"source": f"replay_{contract.source}"})
    with connection.transaction():
        connection.execute(
            "select pg_advisory_xact_lock(%s, hashtext(%s))",
            [LockClass.TABLE_LOAD, contract.relation],
        )
        files = ledger.loaded_files(connection, contract.source, contract.table)
        for file in files:
            if not (file.archived_as and drops.exists(file.archived_as)):
                raise ArchiveIncomplete(f"file {file.file_id} is not in the archive: put it back")
        sync_raw_tables(connection, {one.relation: one for one in (contract, aside)})
        connection.execute("set local role none")  # the line above left us the owner
        origins = {}
        for number, file in enumerate(files, start=1):
            origins[_load_again(connection, drops, aside, file, settings)] = file.file_id
            progress(number, len(files))
        batch = side_batch(connection, "reload")
        ended, begun = _swap(connection, contract, aside, batch, origins)
        _forget(connection, aside)
    return Replayed(contract.source, contract.table, len(files), ended, begun, batch)


def _load_again(
    connection: psycopg.Connection,
    drops: DropFolder,
    aside: Contract,
    file: Known,
    settings: Settings,
) -> int:
    assert file.archived_as is not None
    assert file.batch is not None
    with own_copy(drops, file.archived_as, settings.home / "work") as copy:
        if copy.sha256 != file.sha256:
            raise ArchiveIncomplete(
                f"file {file.file_id} was changed in the archive: put the original back"
            )
        again = DroppedFile(
            source=aside.source,
            table=aside.table,
            name=file.file_name,
            path=copy.path,
            sha256=copy.sha256,
            bytes=copy.bytes,
            mode=file.mode,
            exported_on=file.exported_on,
        )
        report = load_file(
            connection, aside, again, batch=file.batch, settings=settings, released=True
        )
    return report.file_id


def _swap(
    connection: psycopg.Connection,
    contract: Contract,
    aside: Contract,
    batch: int,
    origins: dict[int, int],
) -> tuple[int, int]:
    names = {
        "table": sql.Identifier("raw", contract.relation),
        "aside": sql.Identifier("raw", aside.relation),
        "same_key": sql.SQL(" and ").join(
            sql.SQL("new.{0} = old.{0}").format(sql.Identifier(key)) for key in contract.key
        ),
        "current": sql.Literal(CURRENT),
    }
    ended = connection.execute(
        sql.SQL(
            "update {table} as old set _batch_to = %s where _batch_to = {current}"
            " and not exists (select from {aside} as new where new._batch_to = {current}"
            " and {same_key} and new._row_hash = old._row_hash)"
        ).format(**names),
        [batch],
    ).rowcount
    kept = [name for name in HISTORY_COLUMNS if name not in ("_batch_from", "_file_id")]
    columns = [*kept, *storage_order(contract)]
    begun = connection.execute(
        sql.SQL(
            "insert into {table} (_batch_from, _file_id, {columns})"
            " select %s, origin.file_id, {values} from {aside} as new"
            " inner join unnest(%s::bigint[], %s::bigint[]) as origin (replayed_as, file_id)"
            " on new._file_id = origin.replayed_as"
            " where new._batch_to = {current} and not exists (select from {table} as old"
            " where old._batch_to = {current} and {same_key})"
        ).format(
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            values=sql.SQL(", ").join(sql.Identifier("new", column) for column in columns),
            **names,
        ),
        [batch, list(origins), list(origins.values())],
    ).rowcount
    connection.execute(
        "insert into ops.source_state"
        " (source, table_name, batch, row_count, digest_high, digest_low, newest_full)"
        " select %s, table_name, %s, row_count, digest_high, digest_low, newest_full"
        " from ops.source_state where source = %s and table_name = %s order by batch desc limit 1"
        " on conflict (source, table_name, batch) do update set row_count = excluded.row_count,"
        " digest_high = excluded.digest_high, digest_low = excluded.digest_low,"
        " newest_full = excluded.newest_full",
        [contract.source, batch, aside.source, contract.table],
    )
    return ended, begun


def _forget(connection: psycopg.Connection, aside: Contract) -> None:
    """Leave no trace of the table aside: its rows are in the real one, under their own files."""
    connection.execute(
        "delete from quarantine.refused_row using ops.file"
        " where refused_row.file_id = file.file_id and file.source = %s",
        [aside.source],
    )
    for table in ("source_state", "file"):
        connection.execute(
            sql.SQL("delete from {} where source = %s").format(sql.Identifier("ops", table)),
            [aside.source],
        )
    connection.execute(sql.SQL("drop table {}").format(sql.Identifier("raw", aside.relation)))
