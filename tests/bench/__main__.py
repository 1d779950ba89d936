"""``make bench``: load, build, memory, parsing; every line is a ratio or says its unit.

``ARGS="--patients 2000 --years 3 --rows 100000"`` makes a quick one.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from daysheet.settings import PROJECT
from tests.bench.building import measure_build, model_seconds
from tests.bench.loading import HERE_MB, measure_load, measure_memory
from tests.bench.stage import bench_warehouse, load_practice
from tests.bench.totals import compare_totals

UNTIL = date(2026, 11, 20)
console = Console()


def show(title: str, figures: dict[str, object]) -> None:
    table = Table(title=title, title_justify="left", show_header=False)
    for name, value in figures.items():
        table.add_row(name, str(value))
    console.print(table)


def parse_seconds() -> dict[str, object]:
    """Seconds to parse each DAG file once its imports are there."""
    script = (
        "import sys, time, runpy\n"
        "runpy.run_path(sys.argv[1]); started = time.perf_counter()\n"
        "from daysheet.catalog import load_catalog; from daysheet.graph import load_graph\n"
        "load_catalog.cache_clear(); load_graph.cache_clear()\n"
        "runpy.run_path(sys.argv[1]); print(time.perf_counter() - started)\n"
    )
    found: dict[str, object] = {}
    for file in sorted((PROJECT / "dags").glob("*.py")):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script, str(file)],
            check=True,
            capture_output=True,
            text=True,
        )
        found[file.stem] = f"{float(done.stdout.split()[-1]) * 1000:.0f} ms"
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(prog="make bench")
    arguments.add_argument("--patients", type=int, default=20_000)
    arguments.add_argument("--years", type=int, default=10)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--memory-mb", type=int, default=2048)
    arguments.add_argument("--practice", type=Path, help="a generated practice to use as it is")
    chosen = arguments.parse_args()

    show("Parsing a DAG file, imports apart", parse_seconds())
    with tempfile.TemporaryDirectory(prefix="daysheet-bench-") as name:
        folder = Path(name)
        with bench_warehouse() as warehouse:
            show("Loading procedurelog", measure_load(warehouse, folder, chosen.rows))
        with bench_warehouse() as warehouse:
            for share in (8, 1):
                size = chosen.memory_mb * HERE_MB // share
                show("Memory while loading", measure_memory(warehouse, folder, size))
        practice = chosen.practice or folder / "practice"
        if chosen.practice is None:
            generate(practice, chosen.patients, chosen.years)
        with bench_warehouse() as warehouse:
            seconds = load_practice(warehouse, practice)
            show("Loading a whole practice", {"s": round(seconds, 1)})
            show("Building its models", measure_build(warehouse, UNTIL))
            times = model_seconds(warehouse)
            show("Models", {name: f"{took:.2f} s, {rows} rows" for name, took, rows in times})
            show("Known totals against the models", compare_totals(warehouse, practice))


def generate(folder: Path, patients: int, years: int) -> None:
    """Generate with the command a user has."""
    started = time.monotonic()
    subprocess.run(
        [
            Path(sys.executable).with_name("daysheet"), "generate", "--patients", str(patients),
            "--years", str(years), "--until", UNTIL.isoformat(), "--seed", "1", str(folder),
        ],
        check=True,
    )  # fmt: skip
    show("Generating the practice", {"s": round(time.monotonic() - started, 1)})


if __name__ == "__main__":
    main()
