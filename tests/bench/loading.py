"""How long a million rows take against a bare COPY, and how much memory two gigabytes need."""

import multiprocessing
import time
from pathlib import Path
from statistics import median

import psycopg

from daysheet.catalog import load_contract
from tests.bench.stage import (
    Warehouse,
    bench_warehouse,
    commit_batch,
    dropped_file,
    load_one,
    open_batch,
)

MB = 2**20


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
    with path.open("w", buffering=MB) as stream:
        written = row = 0
        stream.write(",".join(cells) + "\n")
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


def measure_load(path: Path, rounds: int) -> dict[str, object]:
    """Bare COPY, first load and identical reload of a procedurelog; each round on a new server."""
    dropped = dropped_file(path, "opendental", "procedurelog", "changes", "2026-01-31")
    taken: dict[str, list[float]] = {"bare COPY": [], "first load": [], "identical reload": []}
    read = 0
    for _ in range(rounds):
        with bench_warehouse() as warehouse:
            bare_copy(warehouse, path)  # brings the file into the cache
            taken["bare COPY"].append(bare_copy(warehouse, path))
            for name in ("first load", "identical reload"):
                batch, started = open_batch(warehouse), time.monotonic()
                read = load_one(warehouse, dropped, batch).read
                taken[name].append(time.monotonic() - started)
                commit_batch(warehouse, batch)
    seconds = {name: median(found) for name, found in taken.items()}
    bare = seconds.pop("bare COPY")
    return {
        "rows": read,
        "file, MB": dropped.bytes // MB,
        "rounds (medians)": rounds,
        "bare COPY, s": round(bare, 2),
        **{f"{name}, s": round(took, 2) for name, took in seconds.items()},
        **{f"{name} to bare COPY, ratio": round(took / bare, 2) for name, took in seconds.items()},
    }


def measure_memory(warehouse: Warehouse, folder: Path, size: int) -> dict[str, object]:
    """Peak memory above idle of the loading process, and of its backend alone."""
    path = folder / "procedurelog.csv"
    rows = write_procedures(path, size=size)
    batch = open_batch(warehouse)
    context = multiprocessing.get_context("spawn")
    results = context.SimpleQueue()
    process = context.Process(target=_load_and_tell, args=(warehouse, path, batch, results))
    process.start()
    backends = {"client backend": 0, "parallel worker": 0}
    with psycopg.connect(warehouse.admin, autocommit=True) as db:
        while process.is_alive():
            time.sleep(0.2)
            for kind, used in _backend_memory(db).items():
                backends[kind] = max(backends[kind], used)
    assert process.exitcode == 0, "the load failed"
    idle, peak = results.get()
    commit_batch(warehouse, batch)
    path.unlink()
    return {
        "file, MB": size // MB,
        "rows": rows,
        "loading process idle, MB": idle // 1024,
        "loading process above idle, MB": (peak - idle) // 1024,
        "its backend, MB": backends["client backend"] // 1024,
        "parallel workers of its backend together, MB": backends["parallel worker"] // 1024,
    }


def _load_and_tell(warehouse: Warehouse, path: Path, batch: int, results) -> None:
    dropped = dropped_file(path, "opendental", "procedurelog", "changes", "2026-01-31")
    load_contract(dropped.source, dropped.table)
    with psycopg.connect(warehouse.admin) as db:
        db.execute("select 1")
    # Of the memory now: getrusage's peak is that of the parent until the child has outgrown it.
    Path("/proc/self/clear_refs").write_text("5")
    idle = _memory("self", "status", "VmRSS:")
    load_one(warehouse, dropped, batch)
    results.put((idle, _memory("self", "status", "VmHWM:")))


def _backend_memory(db: psycopg.Connection) -> dict[str, int]:
    """KB of the backend named ``bench load`` and of its helpers, without shared buffers."""
    found = db.execute(
        "select pid, backend_type from pg_stat_activity where application_name = 'bench load'"
    ).fetchall()
    used = {"client backend": 0, "parallel worker": 0}
    for pid, kind in found:
        # Not "Private": a shared buffer only this process has touched counts as private, too.
        used[kind] += _memory(pid, "smaps_rollup", "Pss_Anon:")
    return used


def _memory(pid: int | str, file: str, field: str) -> int:
    """A field of ``/proc/<pid>/<file>`` in KB; 0 when the process has ended."""
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(field)), 0)
