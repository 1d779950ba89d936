"""A bench's own Postgres and warehouse, and practice files loaded into it without Airflow."""

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import psycopg

from daysheet.catalog import load_contract
from daysheet.ingest.load import load_file
from daysheet.ingest.verdicts import DroppedFile, FileReport
from daysheet.settings import get_settings
from daysheet.warehouse import Role, session
from daysheet.warehouse.migrate import migrate
from tests.conftest import Warehouse, bare_server, server_folder


@contextmanager
def bench_warehouse() -> Iterator[Warehouse]:
    """A server with the settings the demo has (fsync and all), and a migrated warehouse."""
    with server_folder() as folder:
        server = bare_server(folder)
        server.start()
        try:
            with psycopg.connect(server.url("postgres"), autocommit=True) as db:
                db.execute("create database bench")
            migrate(server.url("bench"))
            with psycopg.connect(server.url("bench"), autocommit=True) as db:
                for role in Role:
                    db.execute(f"alter role daysheet_{role} login password '{server.password}'")
            yield Warehouse(server, "bench")
        finally:
            server.stop("immediate")


def dropped_file(path: Path, source: str, table: str, mode: str, exported_on: str) -> DroppedFile:
    """A file as ingest would describe it."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(2**20):
            digest.update(block)
    return DroppedFile(
        source=source,
        table=table,
        name=path.name,
        path=path,
        sha256=digest.hexdigest(),
        bytes=path.stat().st_size,
        mode=mode,
        exported_on=datetime.fromisoformat(exported_on),
        expected_rows=None,
    )


def load_one(warehouse: Warehouse, dropped: DroppedFile, batch: int) -> FileReport:
    """Load a file in a session of its own."""
    with session(warehouse.dsn(Role.LOADER), "bench load") as connection:
        return load_file(
            connection,
            load_contract(dropped.source, dropped.table),
            dropped,
            batch=batch,
            settings=get_settings(),
        )


def open_batch(warehouse: Warehouse) -> int:
    """A new open batch."""
    with psycopg.connect(warehouse.admin) as db:
        row = db.execute("insert into ops.batch default values returning batch").fetchone()
        assert row is not None
        return row[0]


def commit_batch(warehouse: Warehouse, batch: int) -> None:
    """Builds use committed batches only."""
    with psycopg.connect(warehouse.admin) as db:
        db.execute(
            "update ops.batch set state = 'committed', committed_at = now() where batch = %s",
            [batch],
        )


def load_practice(warehouse: Warehouse, folder: Path) -> float:
    """Load a generated practice, its own lists too, as one batch; the seconds it took."""
    batch, started = open_batch(warehouse), time.monotonic()
    for drop in sorted(folder.glob("*/_manifest.json")):
        manifest, source = json.loads(drop.read_text()), drop.parent.name
        for name in manifest["files"]:
            path = drop.with_name(name)
            dropped = dropped_file(
                path, source, path.stem, manifest["mode"], manifest["exported_on"]
            )
            load_one(warehouse, dropped, batch)
    commit_batch(warehouse, batch)
    return time.monotonic() - started
