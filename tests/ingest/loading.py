"""Files loaded straight into one warehouse, past the inbox: what the loader's tests share."""

import hashlib
from datetime import datetime
from pathlib import Path

import psycopg

from daysheet.catalog import load_contract
from daysheet.ingest.load import load_file
from daysheet.ingest.scan import Scan
from daysheet.ingest.verdicts import DroppedFile, FileReport
from daysheet.settings import Settings
from daysheet.warehouse import session
from daysheet.warehouse.errors import without_values

EXPORTED = datetime(2026, 6, 1)


def dropped(
    folder: Path,
    table: str,
    text: str | bytes,
    mode: str = "changes",
    exported_on: datetime = EXPORTED,
    rows: int | None = None,
    name: str | None = None,
    sha256: str | None = None,
) -> DroppedFile:
    """Our own copy of a file, as ingest would hand it to the loader."""
    data = text if isinstance(text, bytes) else text.encode()
    path = folder / "copy"
    path.write_bytes(data)
    return DroppedFile(
        source="opendental",
        table=table,
        name=name or f"{table}.csv",
        path=path,
        sha256=sha256 or hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        mode=mode,
        exported_on=exported_on,
        expected_rows=rows,
    )


class Loads:
    """One warehouse, one open batch at a time; rows of ``raw`` to look at."""

    def __init__(self, warehouse, folder: Path, **settings) -> None:
        self.warehouse, self.folder = warehouse, folder
        self.settings = Settings(**settings)

    def __enter__(self) -> "Loads":
        self.connection = psycopg.connect(self.warehouse.admin, autocommit=True)
        self._session = session(self.warehouse.dsn("loader"), "test load", autocommit=True)
        self._loader = self._session.__enter__()
        raw = self.all("select 'raw.' || tablename from pg_tables where schemaname = 'raw'")
        ops = ["quarantine.refused_row", "ops.source_state", "ops.file", "ops.batch"]
        tables = [*ops, *(name for (name,) in raw)]
        self._forget = "; ".join(f"delete from {table}" for table in tables)
        self.next_batch()
        return self

    def __exit__(self, *error) -> None:
        self._session.__exit__(*error)
        self.clear()
        self.connection.close()

    def clear(self) -> None:
        """Forget every batch, file and row; begin with a new batch."""
        self.connection.execute(self._forget)
        self.next_batch()

    def next_batch(self) -> int:
        """Commit the open batch and open another."""
        self.connection.execute("update ops.batch set state = 'committed' where state = 'open'")
        (self.batch,) = self.one("insert into ops.batch default values returning batch")
        return self.batch

    def load(self, table: str, text: str | bytes, released=False, **facts) -> FileReport:
        """Load a CSV as the loader's role would."""
        contract = load_contract("opendental", table)
        file = dropped(self.folder, table, text, **facts)
        with without_values():
            return load_file(
                self._loader, contract, file,
                batch=self.batch, settings=self.settings, released=released,
            )  # fmt: skip

    def one(self, query: str, *values) -> tuple:
        """The one row of a query."""
        return self.all(query, *values)[0]

    def all(self, query: str, *values) -> list[tuple]:
        """All rows of a query, seen by the administrator."""
        return self.connection.execute(query, values or None).fetchall()

    def current(self, table: str, *columns: str) -> list[tuple]:
        """Current rows of a raw table, by their columns' order."""
        names = ", ".join(f'"{column}"' for column in columns)
        return self.all(
            f"select {names} from raw.opendental__{table}"
            f" where _batch_to = 2147483647 order by {names}"
        )

    def quarantined(self, file_id: int) -> dict[int, list[str]]:
        """Reasons of a file's refused rows by line."""
        return dict(
            self.all("select line, reasons from quarantine.refused_row where file_id = %s", file_id)
        )

    def state(self, table: str) -> tuple:
        """Row count and digest that the loader keeps of a table."""
        return self.one(
            "select row_count, digest_high, digest_low from ops.source_state"
            " where table_name = %s order by batch desc limit 1",
            table,
        )

    def counted_state(self, table: str) -> tuple:
        """The same, counted anew from the current rows, the slow way."""
        half = "('x' || substr(replace(_row_hash::text, '-', ''), {}, 16))::bit(64)::bigint"
        return self.one(
            f"select count(*), coalesce(sum({half.format(1)}), 0),"
            f" coalesce(sum({half.format(17)}), 0)"
            f" from raw.opendental__{table} where _batch_to = 2147483647"
        )


def scanned(file: DroppedFile, settings: Settings | None = None) -> tuple[Scan, bytes]:
    """A whole scan without a database."""
    scan = Scan(file, load_contract("opendental", file.table), settings or Settings())
    return scan, b"".join(scan.chunks())
