"""Reports loaded straight into one warehouse, past the inbox, always on one day."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

import psycopg
from tests.conftest import Warehouse
from tests.ingest.practice_reports import SAMPLES, written

from daysheet.catalog import load_contract
from daysheet.ingest.recognition import time_in
from daysheet.ingest.reports.load import load_report, tell_report
from daysheet.ingest.verdicts import DroppedFile
from daysheet.settings import Settings
from daysheet.warehouse import session

AS_OF = date(2026, 11, 20)


class Practice:
    """Loads as the loader does; looks as the desk does."""

    def __init__(
        self, loader: psycopg.Connection, desk: psycopg.Connection, folder: Path, batch: int
    ) -> None:
        self.loader, self.desk, self._folder, self.batch = loader, desk, folder, batch
        self._settings = Settings(as_of=AS_OF, timezone="UTC")

    def go_to(self, day: date) -> None:
        """Make it that day, for files and for people."""
        self._settings = Settings(as_of=day, timezone="UTC")
        for connection in (self.loader, self.desk):
            connection.execute("select set_config('daysheet.as_of', %s, false)", [day.isoformat()])

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

    @contextmanager
    def undone(self) -> Iterator[Self]:
        """Nothing that is loaded stays; what is checked at a commit is checked."""
        desk, self.desk = self.desk, self.loader
        with self.loader.transaction(force_rollback=True):
            yield self
            self.loader.execute("set constraints all immediate")
        self.desk = desk

    def all(self, query: str, *values: Any) -> list[tuple]:
        """All rows of a query."""
        return self.desk.execute(query, values or None).fetchall()

    def one(self, query: str, *values: Any) -> tuple:
        """The one row of a query."""
        (row,) = self.all(query, *values)
        return row

    def only(self, columns: str) -> tuple:
        """Columns of the one session."""
        return self.one(f"select {columns} from desk.sessions")

    def items(self) -> list[str]:
        """Kinds of the open work items."""
        rows = self.all("select kind from desk.work_items where done_at is null order by kind")
        return [kind for (kind,) in rows]

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


CLIENT, PAYER = "Ferris Nightingale-Oak", "Harborlight Health Plan (44101)"  # of visit()

_CLAIMS = ["Date Submitted", "Client", "Status", "Payer", "Clearinghouse Reference", "Payer Claim"]
_UNPAID = [
    "Date", "Client", "Clearinghouse Reference", "Payer Claim", "Billed", "Co-Pay", "Ins. Billed",
    "Ins. Paid", "Ins. Balance",
]  # fmt: skip
_PAYMENTS = [
    "Date Received", "Client", "Payer", "Amount", "Clearinghouse Reference", "Payer Claim",
    "Payment Reference", "Payment Status",
]  # fmt: skip


def claims(*rows: list[str]) -> str:
    """An insurance claims report."""
    return written(*rows, header=_CLAIMS)


def claim(
    word: str = "Submitted",
    ref: str = "CR1",
    number: str = "--",
    sent: str = "11/04/2026",
    client: str = CLIENT,
    payer: str = PAYER,
) -> list[str]:
    """A row of it."""
    return [sent, client, word, payer, ref, number]


def unpaid(*rows: list[str]) -> str:
    """An unpaid insurance appointments report."""
    return written(*rows, header=_UNPAID)


def tie(
    ref: str = "CR1",
    day: str = "11/02/2026",
    number: str = "--",
    client: str = CLIENT,
    billed: str = "130.0",
) -> list[str]:
    """A row of it."""
    return [day, client, ref, number, "160.0", "30.0", billed, "0.0", billed]


def payments(*rows: list[str]) -> str:
    """An insurance payment report."""
    return written(*rows, header=_PAYMENTS)


def line(
    amount: str = "100.0",
    ref: str = "CR1",
    number: str = "--",
    received: str = "11/10/2026",
    payment: str = "EFT-1",
    word: str = "Paid",
    client: str = CLIENT,
    payer: str = PAYER,
) -> list[str]:
    """A row of it."""
    return [received, client, payer, amount, ref, number, payment, word]
