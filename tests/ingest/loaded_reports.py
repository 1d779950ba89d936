"""Reports loaded straight into one warehouse, past the inbox, always on one day."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg
from tests.conftest import Warehouse

from daysheet.catalog import load_contract
from daysheet.ingest.recognition import time_in
from daysheet.ingest.reports.load import load_report, tell_report
from daysheet.ingest.verdicts import DroppedFile
from daysheet.settings import Settings
from daysheet.warehouse import session

SAMPLES = Path(__file__).parent / "reports"
AS_OF = date(2026, 11, 20)


class Practice:
    """Loads as the loader does; looks as the desk does."""

    def __init__(
        self, loader: psycopg.Connection, desk: psycopg.Connection, folder: Path, batch: int
    ) -> None:
        self.loader, self.desk, self._folder, self.batch = loader, desk, folder, batch
        self._settings = Settings(as_of=AS_OF, timezone="UTC")

    def load_sample(self, number: str) -> int:
        """Load the sample of that number; the file's number in the ledger."""
        (path,) = SAMPLES.glob(f"{number}_*.csv")
        return self.load(path.name, path.read_bytes())

    def load(self, name: str, text: str | bytes) -> int:
        """Load a report, told by its header; its export's date is in its name."""
        data = text if isinstance(text, bytes) else text.encode()
        path = self._folder / "report.csv"
        path.write_bytes(data)
        file = DroppedFile(
            source="simplepractice",
            table="",
            name=name,
            path=path,
            sha256=hashlib.sha256(data).hexdigest(),
            bytes=len(data),
            mode="changes",
            exported_on=time_in(name) or datetime(AS_OF.year, AS_OF.month, AS_OF.day),
        )
        table = tell_report(file, self._settings)
        return load_report(
            self.loader,
            load_contract("simplepractice", table),
            replace(file, table=table),
            batch=self.batch,
            settings=self._settings,
        ).file_id

    def all(self, query: str, *values: Any) -> list[tuple]:
        """All rows of a query."""
        return self.desk.execute(query, values or None).fetchall()

    def one(self, query: str, *values: Any) -> tuple:
        """The one row of a query."""
        (row,) = self.all(query, *values)
        return row

    def verdicts(self, file_id: int) -> dict[int, list[str]]:
        """Verdict, reasons and warnings of each line of a file."""
        return {
            line: [verdict, *reasons, *warnings]
            for line, verdict, reasons, warnings in self.all(
                "select line, verdict, reasons, warnings from ops.row_verdict where file_id = %s",
                file_id,
            )
        }


@contextmanager
def practice_in(warehouse: Warehouse, folder: Path) -> Iterator[Practice]:
    """An empty practice with an open batch."""
    clock = {"daysheet.as_of": AS_OF.isoformat(), "daysheet.timezone": "UTC"}
    with (
        session(warehouse.dsn("loader"), "tests", autocommit=True, settings=clock) as loader,
        session(warehouse.dsn("desk"), "tests", autocommit=True, settings=clock) as desk,
        psycopg.connect(warehouse.admin, autocommit=True) as admin,
    ):
        row = admin.execute("insert into ops.batch default values returning batch").fetchone()
        yield Practice(loader, desk, folder, row[0])
