"""What a second build costs: nothing new, only another day, one family's charge changed."""

import csv
import time
from datetime import date, timedelta
from pathlib import Path

import psycopg

from daysheet.builds.opening import Build
from daysheet.catalog import load_contract
from daysheet.warehouse import Role
from tests.bench.building import finish, new_build, run_engine
from tests.bench.stage import Warehouse, commit_batch, dropped_file, load_one, open_batch


def measure_rebuilds(
    warehouse: Warehouse, practice: Path, folder: Path, as_of: date
) -> dict[str, dict[str, object]]:
    """Three builds after a published one of ``practice``: what each rebuilt, in seconds."""
    next_day = as_of + timedelta(days=1)
    found = {"No-change build": _measure(warehouse, as_of)}
    found["Next-day build, no new data"] = _measure(warehouse, next_day)
    drop_one_charge(warehouse, practice / "opendental", folder, next_day)
    found["One family's charge changed, the same day"] = _measure(warehouse, next_day)
    return found


def _measure(warehouse: Warehouse, as_of: date) -> dict[str, object]:
    build = new_build(warehouse, as_of)
    taken = run_engine(warehouse, build, 2)
    built = _built(warehouse, build)
    started = time.monotonic()
    finish(warehouse, build)
    return {
        "all models on 2 connections, s": round(taken, 2),
        "checking the whole and publishing, s": round(time.monotonic() - started, 2),
        "models rebuilt": len(built),
        **{f"  {model}, s": round(seconds, 2) for model, seconds in built},
    }


def _built(warehouse: Warehouse, build: Build) -> list[tuple[str, float]]:
    with psycopg.connect(warehouse.dsn(Role.READER)) as db:
        return db.execute(
            "select model, seconds::float from ops.build_model"
            " where build = %s and action = 'built' order by seconds desc",
            [build.build],
        ).fetchall()


def drop_one_charge(warehouse: Warehouse, drop: Path, folder: Path, day: date) -> None:
    """Load, as a batch of its own, one completed procedure whose fee was mended on ``day``."""
    path = folder / "procedurelog.csv"
    with (drop / "procedurelog.csv").open(newline="", encoding="utf-8") as stream:
        charge = next(row for row in csv.DictReader(stream) if row["ProcStatus"] == "2")
    charge["ProcFee"] = str(float(charge["ProcFee"]) + 10)
    contract = load_contract("opendental", "procedurelog")
    assert contract.changed_at is not None
    charge[contract.changed_at] = f"{day} 09:00:00"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(charge), lineterminator="\n")
        writer.writeheader()
        writer.writerow(charge)
    batch = open_batch(warehouse)
    dropped = dropped_file(path, "opendental", "procedurelog", "changes", f"{day}T10:00:00")
    assert load_one(warehouse, dropped, batch).replaced == 1
    commit_batch(warehouse, batch)
