"""Runs that are killed, and runs that meet: every row once, every file found again."""

import os
import signal

import pytest
from tests.ingest.deliveries import Deliveries, groups, states

from daysheet.ingest import drops, filing, ledger
from daysheet.ingest.batches import (
    BatchLost,
    commit_batch,
    hold_batch,
    open_batch,
    unfinished_batch,
)
from daysheet.ingest.drop_folder import DropFolder
from daysheet.warehouse import DatabaseFault, session

ADMIN, NURSE = (1, "Admin"), (2, "Nurse")


@pytest.fixture
def practice(warehouse, tmp_path):
    return Deliveries(warehouse, tmp_path)


def start(action):
    """Do ``action`` in a process of its own; its process id."""
    pid = os.fork()
    if pid == 0:
        try:
            action()
        except BatchLost:
            os._exit(3)
        except BaseException:
            os._exit(1)
        os._exit(0)
    return pid


def ended(pid):
    """How a process ended: its exit code, or minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)


def die_after(function):
    def dying(*arguments, **named):
        function(*arguments, **named)
        die()

    return dying


KILLED = {
    "in the load": (drops, "load_file", die_after(drops.load_file)),
    "after the load": (ledger, "set_place", die),
    "before the move": (ledger, "set_place", die_after(ledger.set_place)),
    "after the move": (DropFolder, "move", die_after(DropFolder.move)),
}
KILLED_WITH_A_FOLDER = KILLED | {
    "before tidying": (filing, "finish_folder", die),
    "while tidying": (DropFolder, "remove_folder", die),
}


@pytest.mark.parametrize(
    ("moment", "in_folder"),
    [*((moment, False) for moment in KILLED), *((moment, True) for moment in KILLED_WITH_A_FOLDER)],
)
def test_a_killed_run_is_finished_by_the_next(practice, moment, in_folder):
    where, what, death = KILLED_WITH_A_FOLDER[moment]
    if in_folder:
        practice.drop_folder("nightly", {"usergroup.csv": groups(ADMIN, NURSE)}, mode="full")
    else:
        practice.drop("usergroup.csv", groups(ADMIN, NURSE))

    def killed():
        setattr(where, what, death)
        practice.run("first run")

    assert ended(start(killed)) == -signal.SIGKILL
    practice.run("second run")
    assert practice.current() == [ADMIN, NURSE]
    assert [row[1] for row in practice.ledger()] == ["loaded"]
    name = "nightly/usergroup.csv" if in_folder else "usergroup.csv"
    manifest = {"archive/opendental/nightly/_manifest.json"} if in_folder else set()
    assert practice.files() == {f"archive/opendental/{name}"} | manifest
    assert practice.query("select archived_as from ops.file") == [(f"archive/opendental/{name}",)]
    assert practice.query("select batch, state from ops.batch") == [(1, "committed")]
    assert list((practice.settings.home / "work").iterdir()) == []


def test_a_refusal_that_was_killed_before_its_move_is_written_down_once(practice):
    practice.drop("nobody.csv", "x\n")
    practice.drop("usergroup_2199-01-01.csv", groups(ADMIN))

    def killed():
        ledger.set_place = die
        practice.run("first run")

    for _ in range(2):
        assert ended(start(killed)) == -signal.SIGKILL
    practice.run("second run")
    assert sorted(row[1] for row in practice.ledger()) == ["held", "rejected"]
    assert practice.files("inbox") == set()


def test_two_runs_at_once_load_each_row_once(practice):
    for month in range(1, 7):
        practice.drop(f"usergroup_2026-0{month}-01.csv", groups((1, f"M{month}"), (month + 1, "x")))
        practice.drop(
            f"employer_2026-0{month}-01.csv", f"EmployerNum,EmpName,City,State\n{month},A,B,C\n"
        )
    pids = [start(lambda name=name: practice.run(name)) for name in ("one", "other")]
    assert {ended(pid) for pid in pids} <= {0, 3}
    practice.run("last")
    assert practice.files("inbox") == set()
    loads = practice.query("select file_name, count(*) from ops.file group by file_name order by 1")
    assert len(loads) == 12
    assert {count for _, count in loads} == {1}
    assert [row[0] for row in practice.current()] == [1, 2, 3, 4, 5, 6, 7]
    assert practice.current()[0] == (1, "M6")


def test_what_another_run_did_meanwhile_is_not_done_again(practice, monkeypatch):
    real = ledger.last_seen

    def after_the_other_run(*arguments):
        monkeypatch.setattr(ledger, "last_seen", real)
        practice.run("other")
        return real(*arguments)

    monkeypatch.setattr(ledger, "last_seen", after_the_other_run)
    practice.drop("usergroup.csv", groups(ADMIN))
    assert practice.run("one", commit=False) == []
    assert len(practice.ledger()) == 1


@pytest.fixture
def loaders(warehouse):
    with (
        session(warehouse.dsn("loader"), "one", autocommit=True) as one,
        session(warehouse.dsn("loader"), "other", autocommit=True) as other,
    ):
        yield one, other


def test_a_run_that_was_taken_over_can_neither_load_nor_commit(loaders):
    one, other = loaders
    batch = open_batch(one, "one")
    assert open_batch(other, "other") == batch
    with pytest.raises(BatchLost), one.transaction():
        hold_batch(one, batch, "one")
    with pytest.raises(BatchLost):
        commit_batch(one, batch, "one")
    with other.transaction():
        hold_batch(other, batch, "other")


def test_a_batch_cannot_be_taken_over_or_committed_in_the_middle_of_a_load(loaders):
    one, other = loaders
    batch = open_batch(one, "one")
    other.execute("set lock_timeout = '100ms'")
    with one.transaction():
        hold_batch(one, batch, "one")
        for meddle in (
            lambda: open_batch(other, "other"),
            lambda: commit_batch(other, batch, "one"),
        ):
            with pytest.raises(Exception, match="lock timeout"):
                meddle()


def test_a_batch_that_loaded_nothing_waits_for_the_next_run(practice, loaders):
    practice.drop("usergroup.csv", groups(ADMIN))
    practice.run()
    practice.drop("usergroup.csv", groups(ADMIN))
    assert states(practice.run()) == ["duplicate"]
    assert practice.query("select batch, state from ops.batch order by 1") == [
        (1, "committed"),
        (2, "open"),
    ]
    assert unfinished_batch(loaders[0]) is None
    practice.drop("usergroup.csv", groups(NURSE))
    practice.run(commit=False)
    assert unfinished_batch(loaders[0]) == 2
    assert commit_batch(loaders[0], open_batch(loaders[0], "next"), "next")
    assert commit_batch(loaders[0], 2, "next"), "a retry finds its own commit"


def test_a_database_that_went_away_is_retried_and_blames_no_file(practice, server):
    practice.drop("usergroup.csv", groups(ADMIN))

    def load_on_a_dead_connection(connection, *_, **__):
        connection.execute("select pg_terminate_backend(pg_backend_pid())")

    real = drops.load_file
    drops.load_file = load_on_a_dead_connection
    try:
        with pytest.raises(DatabaseFault) as fault:
            practice.run()
    finally:
        drops.load_file = real
    assert fault.value.is_retryable
    assert practice.ledger() == []
    assert states(practice.run()) == ["loaded"]
