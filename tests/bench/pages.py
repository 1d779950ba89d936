"""The pages in a deployment of their own: a crowd at all of them while builds run and publish."""

import csv
import json
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import quantiles

from daysheet.embedded.api import AirflowApi
from daysheet.embedded.demo import build_of
from tests.bench.crowd import Opened, Timeline, open_pages
from tests.bench.desk import fill_desk
from tests.bench.paths import every_page, hire
from tests.bench.phases import DeployedWarehouse, drop_and_build
from tests.embedded.conftest import Home, make_home

_DROPS = 2  # of a changed table, while people are at the pages
_WITHIN = 1800  # seconds, for a run of a DAG


@dataclass(frozen=True)
class Crowd:
    """How many sessions the desk has, how many people there are and for how long."""

    sessions: int
    people: int
    seconds: float


def measure_pages(
    practice: Path, folder: Path, as_of: date, size: Crowd
) -> tuple[dict[str, dict[str, object]], int]:
    """Tables by title, and how many pages were errors or of no one build that was current."""
    for home in make_home():
        home.environment["DAYSHEET_AS_OF"] = as_of.isoformat()
        home.do("up")
        warehouse = DeployedWarehouse(home.deployment)
        filled = fill_desk(warehouse, as_of, size.sessions)
        made = {"writing the sessions, s": round(filled, 1)}
        made |= drop_and_build(home, practice / "opendental")
        _bring_up_to_date(AirflowApi(home.deployment))
        chosen = hire(warehouse, size.people)
        pages = every_page(warehouse)
        people = {
            user: [(route, path.replace("{selection}", str(key))) for route, path in pages]
            for user, key in chosen.items()
        }
        timeline, is_over = Timeline(), threading.Event()
        with ThreadPoolExecutor(2) as pool:
            watching = pool.submit(timeline.watch, warehouse.admin, is_over)
            building = pool.submit(_build_meanwhile, home, practice, folder, as_of)
            try:
                opened = open_pages(home.deployment, people, size.seconds, building.done)
            finally:
                is_over.set()
            watching.result()
            made["builds published meanwhile, s"] = ", ".join(building.result())
    return {"The deployment": made} | _figures(opened, timeline), _wrong(opened, timeline)


def _bring_up_to_date(api: AirflowApi) -> None:
    """Wait for the desk's run after the publish, then have alerts evaluated."""
    deadline = time.monotonic() + _WITHIN
    runs: list[dict] = []
    while not any(run["state"] == "success" for run in runs):
        assert time.monotonic() < deadline, "the desk was not brought up to its day"
        time.sleep(1)
        runs = api.get("dags/revenue_cycle_daily/dagRuns", limit=100)["dag_runs"]
        assert not any(run["state"] == "failed" for run in runs), "revenue_cycle_daily failed"
    run_id = api.trigger("alert_aged_claims", {})
    while (state := api.run_state("alert_aged_claims", run_id)) != "success":
        assert state != "failed", "alert_aged_claims failed"
        assert time.monotonic() < deadline, "alerts were not evaluated"
        time.sleep(1)


def _build_meanwhile(home: Home, practice: Path, folder: Path, as_of: date) -> list[str]:
    """Drop a changed table so many times; the seconds from each drop to its published build."""
    taken = []
    for number in range(1, _DROPS + 1):
        started = time.monotonic()
        drop = _changed_carrier(practice, folder / f"drop{number}", as_of, number)
        files = json.loads(home.do("load", str(drop), "--json"))["files"]
        assert [file["replaced"] for file in files] == [1], files
        build_of(home.deployment, max(file["batch"] for file in files), lambda _: None)
        taken.append(f"{time.monotonic() - started:.1f}")
    return taken


def _changed_carrier(practice: Path, folder: Path, as_of: date, number: int) -> Path:
    """A drop of one insurance company with another electronic id."""
    folder.mkdir()
    at = f"{as_of + timedelta(days=1)}T{8 + number:02}:00:00"
    with (practice / "opendental" / "carrier.csv").open(newline="", encoding="utf-8") as stream:
        carrier = next(csv.DictReader(stream))
    carrier |= {"ElectID": f"9{number:04}", "SecDateTEdit": at.replace("T", " ")}
    with (folder / "carrier.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(carrier), lineterminator="\n")
        writer.writeheader()
        writer.writerow(carrier)
    manifest = {"mode": "changes", "exported_on": at, "files": {"carrier.csv": {}}}
    (folder / "_manifest.json").write_text(json.dumps(manifest))
    return folder


def _figures(opened: Sequence[Opened], timeline: Timeline) -> dict[str, dict[str, object]]:
    by_route: dict[str, list[float]] = {}
    for page in opened:
        by_route.setdefault(page.route, []).append(page.took)
    slowest = sorted(by_route.items(), key=lambda one: -_p95(one[1]))
    return {
        "Each page, the slowest first": {route: _told(took) for route, took in slowest},
        "All pages": {
            "all": _told([page.took for page in opened]),
            "errors": sum(page.is_error for page in opened),
            "which errors": ", ".join(
                sorted({f"{page.route} {page.status}" for page in opened if page.is_error})
            ),
            "pages that name a build": sum(bool(page.builds) for page in opened),
            "builds that were current": ", ".join(map(str, sorted(set(timeline.builds)))),
            "mixed pages": sum(map(timeline.is_mixed, opened)),
            "which of them": ", ".join(
                sorted({page.route for page in opened if timeline.is_mixed(page)})
            ),
        },
    }


def _told(took: Sequence[float]) -> str:
    middle = sorted(took)[len(took) // 2]
    figures = {"p50": middle, "p95": _p95(took), "max": max(took)}
    told = ", ".join(f"{name} {value * 1000:.0f} ms" for name, value in figures.items())
    return f"n {len(took)}, {told}"


def _p95(took: Sequence[float]) -> float:
    return quantiles(took, n=20, method="inclusive")[-1] if len(took) > 1 else took[0]


def _wrong(opened: Sequence[Opened], timeline: Timeline) -> int:
    assert any(page.builds for page in opened), "no page named its build: nothing was compared"
    return sum(page.is_error or timeline.is_mixed(page) for page in opened)
