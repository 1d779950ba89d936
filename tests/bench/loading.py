"""How long a million rows take against a bare COPY, and how much memory two gigabytes need."""

import multiprocessing
import resource
import threading
import time
from pathlib import Path

import psycopg

from daysheet.catalog import load_contract
from tests.bench.stage import Warehouse, commit_batch, dropped_file, load_one, open_batch

HERE_MB = 2**20


def write_procedures(path: Path, rows: int | None = None, size: int | None = None) -> int:
    """A procedurelog of ``rows`` rows or ``size`` bytes, in the vendor's shape; rows written."""
    contract = load_contract("opendental", "procedurelog")
    blanks = {"date": "0001-01-01", "timestamp": "0001-01-01 00:00:00", "time": "00:00:00"}
    cells = {
        name: "" if column.type == "text" else blanks.get(column.type, "0")
        for name, column in contract.columns.items()
    } | {
        "ProcStatus": "2",
        "UnitQty": "1",
        "CodeNum": "17",
        "ProvNum": "3",
        "ProcDate": "2025-03-14",
        "DateTStamp": "2025-03-14 15:09:26",
    }
    varying = list(cells)
    with path.open("w", buffering=2**20) as stream:
        stream.write(",".join(varying) + "\n")
        written = row = 0
        while (rows is None or row < rows) and (size is None or written < size):
            row += 1
            cells["ProcNum"], cells["PatNum"] = str(row), str(row % 20_000 + 1)
            cells["ProcFee"] = f"{row % 900 + 35}.{row % 100:02d}"
            cells["ToothNum"] = str(row % 32 + 1)
            written += stream.write(",".join(cells.values()) + "\n")
    return row


def bare_copy(warehouse: Warehouse, path: Path) -> float:
    """Seconds to COPY the file into a logged table of text, in a transaction of its own."""
    contract = load_contract("opendental", "procedurelog")
    with psycopg.connect(warehouse.admin, autocommit=True) as db:
        columns = ", ".join(f'"{name}" text' for name in contract.columns)
        db.execute("drop table if exists public.bare")
        db.execute(f"create table public.bare ({columns})")
        db.execute("checkpoint")
        started = time.monotonic()
        with (
            db.transaction(),
            path.open("rb") as stream,
            db.cursor().copy("copy public.bare from stdin (format csv, header)") as copy,
        ):
            while block := stream.read(2**18):
                copy.write(block)
        return time.monotonic() - started


def measure_load(warehouse: Warehouse, folder: Path, rows: int) -> dict[str, object]:
    """Bare COPY, first load and identical reload of the same file."""
    path = folder / "procedurelog.csv"
    write_procedures(path, rows=rows)
    bare = sorted(bare_copy(warehouse, path) for _ in range(3))[1]
    dropped = dropped_file(path, "opendental", "procedurelog", "changes", "2026-01-31")
    seconds = {}
    for name in ("first load", "identical reload"):
        batch, started = open_batch(warehouse), time.monotonic()
        load_one(warehouse, dropped, batch)
        seconds[name] = time.monotonic() - started
        commit_batch(warehouse, batch)
    path.unlink()
    return {"rows": rows, "bare COPY, s": round(bare, 2)} | {
        f"{name}, ratio to bare COPY": round(took / bare, 2) for name, took in seconds.items()
    }


def measure_memory(warehouse: Warehouse, folder: Path, size: int) -> dict[str, object]:
    """Peak memory above idle of the loading process, and of its backend alone."""
    path = folder / "procedurelog.csv"
    rows = write_procedures(path, size=size)
    batch = open_batch(warehouse)
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue = context.Queue()
    process = context.Process(target=_load_and_tell, args=(warehouse, path, batch, results))
    backend = _BackendMemory(warehouse.admin)
    process.start()
    backend.start()
    idle, peak = results.get()
    process.join()
    backend.done.set()
    backend.join()
    commit_batch(warehouse, batch)
    path.unlink()
    return {
        "file, MB": size // HERE_MB,
        "rows": rows,
        "loading process above idle, MB": (peak - idle) // 1024,
        "its backend's private memory, MB": backend.peak // 1024,
    }


def _load_and_tell(warehouse: Warehouse, path: Path, batch: int, results) -> None:
    dropped = dropped_file(path, "opendental", "procedurelog", "changes", "2026-01-31")
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    load_one(warehouse, dropped, batch)
    results.put((idle, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


class _BackendMemory(threading.Thread):
    """Samples the private memory (KB) of backends named ``bench load``."""

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self.dsn, self.peak, self.done = dsn, 0, threading.Event()

    def run(self) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as db:
            while not self.done.wait(0.2):
                for (pid,) in db.execute(
                    "select pid from pg_stat_activity where application_name = 'bench load'"
                    " and backend_type = 'client backend'"
                ).fetchall():
                    self.peak = max(self.peak, _private(pid))


def _private(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))
