"""``make bench``: what Daysheet costs, as ratios within one run.

Sections, each alone with ``--only``: ``parse`` (DAG files), ``load`` (a million rows against bare
COPY), ``memory`` (while loading a small and a large file), ``build`` (a practice loaded and built,
by the engine and bare, and its known totals), ``airflow`` (whole builds in a deployment of its
own, less the same DAGs with ``select 1``), ``desk`` (loading long reports; its views and lists over
50,000 sessions, with the plans; the daily refresh), ``pages`` (every page in a deployment of its
own, opened by twenty people at once while two builds run; none may fail, nor show two builds). All
that is made is removed again; anything that fails ends it with an exit code. ``make bench
ARGS="--patients 2000 --years 3 --rows 100000"`` is quick.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from daysheet.settings import PROJECT
from tests.bench.building import measure_build, measure_models
from tests.bench.desk import fill_desk, measure_desk
from tests.bench.desk_work import measure_refresh, measure_reports
from tests.bench.loading import MB, measure_load, measure_memory, write_procedures
from tests.bench.pages import Crowd, measure_pages
from tests.bench.phases import measure_phases
from tests.bench.rebuilding import measure_rebuilds
from tests.bench.stage import bench_warehouse, load_practice
from tests.bench.totals import compare_totals

UNTIL = date(2026, 11, 20)

console = Console()


def show(title: str, figures: dict[str, object]) -> None:
    table = Table(title=title, title_justify="left", show_header=False, min_width=len(title))
    for name, value in figures.items():
        table.add_row(name, str(value))
    console.print(table)


def parse(_: argparse.Namespace, __: Path) -> None:
    """Each DAG file once its imports are there."""
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
    show("Parsing a DAG file, imports apart", found)


def load(chosen: argparse.Namespace, folder: Path) -> None:
    path = folder / "procedurelog.csv"
    write_procedures(path, rows=chosen.rows)
    show("Loading procedurelog", measure_load(path, chosen.rounds))


def memory(chosen: argparse.Namespace, folder: Path) -> None:
    with bench_warehouse() as warehouse:
        for share in (8, 1):
            size = chosen.memory_mb * MB // share
            show("Memory while loading", measure_memory(warehouse, folder, size))


def build(chosen: argparse.Namespace, folder: Path) -> None:
    practice = chosen.practice or generated(chosen, folder)
    with bench_warehouse() as warehouse:
        show("Loading a whole practice", {"s": round(load_practice(warehouse, practice), 1)})
        show("Building its models", measure_build(warehouse, UNTIL, chosen.rounds))
        apart = compare_totals(warehouse, practice)
        show("Known totals against the models", apart)
        show("Each model, bare and alone", measure_models(warehouse, UNTIL))
        for title, figures in measure_rebuilds(warehouse, practice, folder, UNTIL).items():
            show(title, figures)
    assert not any(apart.values()), "the models differ from the known totals"


def airflow(chosen: argparse.Namespace, folder: Path) -> None:
    walls, tasks = measure_phases(
        chosen.practice or generated(chosen, folder), UNTIL, chosen.rounds
    )
    show("The phases in Airflow", walls)
    show("Their tasks (medians)", tasks)


def desk(chosen: argparse.Namespace, folder: Path) -> None:
    with bench_warehouse() as warehouse:
        show("Loading reports of 50,000 rows", measure_reports(warehouse, folder / "reports"))
    with bench_warehouse() as warehouse:
        show("Writing 50,000 sessions", {"s": round(fill_desk(warehouse, UNTIL), 1)})
        figures, plans = measure_desk(warehouse, UNTIL, chosen.rounds)
        show("The desk over 50,000 sessions", figures)
        for name, plan in plans.items():
            console.print(f"{name}\n{plan}\n", markup=False, soft_wrap=True)
        show("The daily refresh over them", measure_refresh(warehouse, UNTIL))


def pages(chosen: argparse.Namespace, folder: Path) -> None:
    practice = chosen.practice or generated(chosen, folder)
    size = Crowd(chosen.sessions, chosen.people, chosen.seconds)
    tables, wrong = measure_pages(practice, folder, UNTIL, size)
    for title, figures in tables.items():
        show(title, figures)
    assert not wrong, f"{wrong} pages failed, or were not of the one build that was current"


SECTIONS: dict[str, Callable[[argparse.Namespace, Path], None]] = {
    section.__name__: section for section in (parse, load, memory, build, airflow, desk, pages)
}


def generated(chosen: argparse.Namespace, folder: Path) -> Path:
    """A practice made by the command a user has, once for all sections."""
    practice, started = folder / "practice", time.monotonic()
    if not practice.exists():
        subprocess.run(
            [
                Path(sys.executable).with_name("daysheet"), "generate",
                "--patients", str(chosen.patients), "--years", str(chosen.years),
                "--until", UNTIL.isoformat(), "--seed", "1", str(practice),
            ],
            check=True,
        )  # fmt: skip
        show("Generating a practice", {"s": round(time.monotonic() - started, 1)})
    return practice


def main() -> None:
    arguments = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    arguments.add_argument("--only", choices=SECTIONS, action="append", help="may be repeated")
    arguments.add_argument("--patients", type=int, default=20_000, help="of the practice built")
    arguments.add_argument("--years", type=int, default=10)
    arguments.add_argument("--rows", type=int, default=1_000_000, help="of the file loaded")
    arguments.add_argument("--memory-mb", type=int, default=2048, help="of the large file")
    arguments.add_argument("--sessions", type=int, default=50_000, help="of the desk with pages")
    arguments.add_argument("--people", type=int, default=20, help="at the pages, each every 3 s")
    arguments.add_argument("--seconds", type=int, default=120, help="of that, and until builds end")
    arguments.add_argument("--rounds", type=int, default=3, help="medians are shown")
    arguments.add_argument("--practice", type=Path, help="build this generated practice")
    chosen = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # clean up then, too
    with tempfile.TemporaryDirectory(prefix="daysheet-bench-") as name:
        for section in chosen.only or SECTIONS:
            SECTIONS[section](chosen, Path(name))


if __name__ == "__main__":
    main()
