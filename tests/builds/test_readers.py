"""Readers during publishes: a page is of one build, whole, or the test says which was mixed."""

import threading

import psycopg
from psycopg import IsolationLevel

from daysheet.builds import publishing
from daysheet.warehouse import LockClass
from tests.builds.conftest import load_batch
from tests.builds.test_versions import publish_all

PUBLISHES = 50


class Reader(threading.Thread):
    """Reads pages of two tables until told to stop; counts pages that mix builds or are empty."""

    def __init__(self, warehouse):
        super().__init__()
        self.warehouse = warehouse
        self.done = threading.Event()
        self.pages = self.mixed = self.empty = 0
        self.error = None

    def run(self):
        try:
            with psycopg.connect(self.warehouse.dsn("reader"), prepare_threshold=None) as db:
                db.isolation_level = IsolationLevel.REPEATABLE_READ
                db.read_only = True
                while not self.done.is_set():
                    with db.transaction():
                        self._page(db)
        except psycopg.Error as error:
            self.error = error

    def _page(self, db):
        (build, _) = db.execute(
            "select build, pg_advisory_xact_lock_shared(%s, build) from ops.current_build",
            [LockClass.BUILD],
        ).fetchone()
        names = db.execute(f"select provider_label from build_{build}.int_names").fetchall()
        aged = db.execute(f"select provider_label from build_{build}.int_aged").fetchall()
        self.pages += 1
        self.empty += not names or not aged
        self.mixed += names != aged


def publish_many(warehouse, reader):
    for number in range(PUBLISHES):
        load_batch(warehouse, [(1, f"label {number}")])
        publish_all(warehouse, batch=number + 2)
        if number == 0:
            reader.start()
    reader.done.set()
    reader.join()


def test_fifty_publishes_and_no_page_is_mixed_or_empty(labelled, practice):
    reader = Reader(practice)
    publish_many(practice, reader)
    assert reader.error is None
    assert reader.pages > PUBLISHES
    assert (reader.mixed, reader.empty) == (0, 0)


def test_the_same_reader_sees_mixed_pages_when_the_pointer_moves_too_early(
    labelled, practice, monkeypatch
):
    """Publishing broken on purpose: the views are re-pointed one by one under the reader."""
    reader = Reader(practice)
    whole = publishing._move_pointer

    def broken(connection, build, actor):
        state = whole(connection, build, actor)
        ((previous,),) = connection.execute(
            "select coalesce(max(build), 0) from ops.build where build < %s", [build.build]
        ).fetchall()
        if previous:
            connection.execute(
                f"create or replace view build_{previous}.int_names as"
                f" select * from build_{build.build}.int_names"
            )
        return state

    monkeypatch.setattr(publishing, "_move_pointer", broken)
    for number in range(PUBLISHES):
        load_batch(practice, [(1, f"label {number}")])
        publish_all(practice, batch=number + 2)
        if number == 0:
            reader.start()
        if reader.mixed:
            break
    reader.done.set()
    reader.join()
    assert reader.mixed > 0
