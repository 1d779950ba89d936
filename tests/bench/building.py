"""The models through the engine against the same SQL run bare: time, and memory of each."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import date
from pathlib import Path
from statistics import median
from typing import Self

import psycopg
from psycopg import sql

from daysheet.builds.opening import Build, fail_build, open_build, take_build
from daysheet.builds.publishing import check_build, publish
from daysheet.builds.schemas import ensure_schemas
from daysheet.builds.versions import BUILD_SETTINGS, make_model
from daysheet.catalog import load_catalog
from daysheet.checks import compile_checks, run_checks
from daysheet.graph import load_graph
from daysheet.rendering import Relations, render_model
from daysheet.warehouse import Role, session
from tests.bench.stage import Warehouse

OWNER = "bench"
BARE = "bare"  # schema of the tables made without the engine


def new_build(warehouse: Warehouse, as_of: date, batch: int | None = None) -> Build:
    """An owned build of the newest batch."""
    with psycopg.connect(warehouse.dsn(Role.BUILDER), autocommit=True) as db:
        row = db.execute("select max(batch) from ops.batch where state = 'committed'").fetchone()
        assert row is not None
        opened = open_build(
            db, batch=batch or row[0], as_of=as_of, reason="bench", opened_by="bench"
        )
        return take_build(db, opened.build, OWNER)


def in_order(work: Callable[[str], None], connections: int) -> float:
    """Do ``work`` for each model after all it needs, that many at once; the seconds it took."""
    needs, started = _needs(), time.monotonic()
    left, running, done = list(load_graph().order), {}, set()
    with ThreadPoolExecutor(connections) as pool:
        while left or running:
            ready = [name for name in left if needs[name] <= done]
            for name in ready[: connections - len(running)]:
                left.remove(name)
                running[pool.submit(work, name)] = name
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                future.result()
                done.add(running.pop(future))
    return time.monotonic() - started


def _needs() -> dict[str, set[str]]:
    # What a model reconciles to is read by its checks only; the phases have it made by then.
    return {
        name: {*load_graph().reads[name].models, *(one.of for one in model.reconciles)}
        & set(load_catalog().models)
        for name, model in load_catalog().models.items()
    }


def run_bare(
    warehouse: Warehouse, build: Build, connections: int, *, checks: bool = False
) -> float:
    """Create, index and analyze each model in one transaction, without any bookkeeping."""
    relations = Relations(BARE, build.stage_schema)
    with psycopg.connect(warehouse.dsn(Role.BUILDER)) as db:
        db.execute(f"drop schema if exists {BARE} cascade")
        db.execute(f"create schema {BARE}")

    def one(name: str) -> None:
        model, table = load_catalog().models[name], sql.Identifier(BARE, name)
        with session(warehouse.dsn(Role.BUILDER), "bare", settings=BUILD_SETTINGS) as db:
            db.execute(
                f"create table {BARE}.{name} as " + render_model(model, relations, build.as_of)
            )
            for index in model.indexes:
                db.execute(f"create index on {BARE}.{name} ({', '.join(index)})")
            keys = ", ".join(model.grain)
            db.execute(f"create unique index on {BARE}.{name} ({keys}) nulls not distinct")
            db.execute(f"analyze {BARE}.{name}")
            if checks:
                run_checks(db, table, compile_checks(model, relations))

    return in_order(one, connections)


def run_engine(warehouse: Warehouse, build: Build, connections: int) -> float:
    """The same models through :func:`make_model`, checks and all."""
    dsn = warehouse.dsn(Role.BUILDER)
    return in_order(lambda name: (make_model(dsn, build.build, name), None)[1], connections)


def forget_versions(warehouse: Warehouse) -> None:
    """Make the next build build everything."""
    with psycopg.connect(warehouse.admin, autocommit=True) as db:
        tables = db.execute("select tablename from pg_tables where schemaname = 'store'").fetchall()
        for (table,) in tables:
            db.execute(f'drop table store."{table}" cascade')
        db.execute("delete from ops.check_result")
        db.execute("delete from ops.model_version")


def measure_build(warehouse: Warehouse, as_of: date, rounds: int) -> dict[str, object]:
    """Engine against bare on one and two connections, checks apart."""
    result: dict[str, object] = {"rounds (medians)": rounds}
    for connections in (1, 2):
        build = new_build(warehouse, as_of)
        with psycopg.connect(warehouse.dsn(Role.BUILDER), autocommit=True) as db:
            ensure_schemas(db, build)
        run_bare(warehouse, build, connections)  # warms the cache for all
        taken: dict[str, list[float]] = {"bare": [], "bare with checks": [], "engine": []}
        for _ in range(rounds):
            forget_versions(warehouse)
            taken["engine"].append(run_engine(warehouse, build, connections))
            taken["bare"].append(run_bare(warehouse, build, connections))
            taken["bare with checks"].append(run_bare(warehouse, build, connections, checks=True))
        finish(warehouse, build)
        bare, checked, engine = (median(taken[name]) for name in taken)
        result |= {f"{name} on {connections}, s": round(median(taken[name]), 2) for name in taken}
        result |= {
            f"engine to bare with checks on {connections}, ratio": round(engine / checked, 2),
            f"engine less checks to bare on {connections}, ratio": round(
                (engine - (checked - bare)) / bare, 2
            ),
        }
    return result


def finish(warehouse: Warehouse, build: Build) -> None:
    """Check and publish, as phase 4 does."""
    check_build(warehouse.dsn(Role.BUILDER), build.build)
    publish(warehouse.dsn(Role.BUILDER), build.build, OWNER, OWNER)


def measure_models(warehouse: Warehouse, as_of: date) -> dict[str, str]:
    """Of each model, run bare and alone: seconds, share of the whole, rows, peak private memory."""
    build = new_build(warehouse, as_of)
    with psycopg.connect(warehouse.dsn(Role.BUILDER), autocommit=True) as db:
        ensure_schemas(db, build)
    relations = Relations(BARE, build.stage_schema)
    taken: dict[str, tuple[float, int, int]] = {}
    with psycopg.connect(warehouse.dsn(Role.BUILDER)) as db:
        db.execute(f"drop schema if exists {BARE} cascade")
        db.execute(f"create schema {BARE}")
    for name in load_graph().order:
        select = render_model(load_catalog().models[name], relations, as_of)
        with session(warehouse.dsn(Role.BUILDER), "bare", settings=BUILD_SETTINGS) as db:
            started = time.monotonic()
            with PeakMemory(db.info.backend_pid) as memory:
                made = db.execute(f"create table {BARE}.{name} as {select}")
            taken[name] = (time.monotonic() - started, made.rowcount, memory.peak_kb)
            db.execute(f"analyze {BARE}.{name}")
    whole = sum(seconds for seconds, _, _ in taken.values())
    give_up(warehouse, build)
    return {
        name: f"{seconds:.2f} s, {seconds / whole:.0%}, {rows:,} rows, {kb / 1024:.0f} MB"
        for name, (seconds, rows, kb) in sorted(taken.items(), key=lambda one: -one[1][0])
    }


class PeakMemory:
    """The most private memory a Postgres backend of this machine had while this was open."""

    def __init__(self, pid: int) -> None:
        self.peak_kb = 0
        self._status, self._ended = Path(f"/proc/{pid}/status"), threading.Event()
        self._watcher = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.02):
            (line,) = (
                line for line in self._status.read_text().splitlines() if line.startswith("RssAnon")
            )
            self.peak_kb = max(self.peak_kb, int(line.split()[1]))


def give_up(warehouse: Warehouse, build: Build) -> None:
    """End a build that was only for its inputs, so that the next may go on."""
    with psycopg.connect(warehouse.dsn(Role.BUILDER), autocommit=True) as db:
        fail_build(db, build.build, OWNER, "it was only for its inputs")
