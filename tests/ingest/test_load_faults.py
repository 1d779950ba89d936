"""A load that is killed, refused or broken off leaves nothing, and says nothing of its rows."""

import json
import logging
import subprocess
import sys
import time

import psycopg
import pytest
from tests.ingest.loading import Loads, dropped

from daysheet.ingest.accounting import AccountingBroken
from daysheet.ingest.verdicts import FileHeld, FileRejected
from daysheet.settings import PROJECT
from daysheet.warehouse import DatabaseFault, LockClass

GROUP = "UserGroupNum,Description\n"
CANARY = "Quillfeather"

# Loads a file in a process of its own, which stops to be killed once it has come to a step.
LOADER = """
import sys, time
from pathlib import Path
from datetime import datetime
from daysheet.catalog import load_contract
from daysheet.ingest.load import load_file
from daysheet.ingest.merge import Merge
from daysheet.ingest.scan import Scan
from daysheet.ingest.verdicts import DroppedFile
from daysheet.settings import Settings
from daysheet.warehouse import session

dsn, path, sha256, batch, step = sys.argv[1:]

def stop():
    print("here", flush=True)
    time.sleep(60)

def chunks(scan, whole=Scan.chunks):
    for chunk in whole(scan):
        yield chunk
        stop()

def after(step):
    def then_stop(*args, **kwargs):
        step(*args, **kwargs)
        stop()
    return then_stop

if step == "copy":
    Scan.chunks = chunks
elif step != "end":
    setattr(Merge, step, after(getattr(Merge, step)))
file = DroppedFile("opendental", "usergroup", "usergroup.csv", Path(path), sha256,
                   Path(path).stat().st_size, "changes", datetime(2026, 6, 1))
with session(dsn, "other load", autocommit=True) as connection:
    load_file(connection, load_contract("opendental", "usergroup"), file,
              batch=int(batch), settings=Settings())
"""


def start_loader(loads: Loads, text: str, step: str) -> subprocess.Popen:
    file = dropped(loads.folder, "usergroup", text)
    arguments = [str(file.path), file.sha256, str(loads.batch), step]
    return subprocess.Popen(
        [sys.executable, "-c", LOADER, loads.warehouse.dsn("loader"), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(PROJECT / "plugins")},
    )


@pytest.fixture
def loads(shared_warehouse, tmp_path):
    with Loads(shared_warehouse, tmp_path) as loads:
        yield loads


def leftovers(loads: Loads) -> list[tuple]:
    return loads.all(
        "select (select count(*) from raw.opendental__usergroup), (select count(*) from ops.file),"
        " (select count(*) from quarantine.refused_row),"
        " (select count(*) from pg_tables where schemaname = 'load')"
    )


def wait_until_gone(loads: Loads) -> None:
    deadline = time.monotonic() + 20
    while loads.all("select from pg_stat_activity where application_name = 'other load'"):
        assert time.monotonic() < deadline, "the backend of a killed loader lives on"
        time.sleep(0.05)


@pytest.mark.parametrize("step", ["copy", "check", "decide", "apply", "finish"])
def test_a_killed_load_leaves_nothing_and_the_next_one_succeeds(loads, step):
    text = GROUP + "".join(f"{key},{'x' * 100}\n" for key in range(30_000)) + "x,bad\n"
    loads.load("usergroup", GROUP + "1,before\n")
    before = leftovers(loads)
    doomed = start_loader(loads, text, step)
    assert doomed.stdout.readline() == "here\n"
    doomed.kill()
    doomed.wait()
    wait_until_gone(loads)
    assert leftovers(loads) == before
    assert loads.load("usergroup", text).quarantined == 1


def test_a_second_load_of_a_table_waits_for_the_first(loads):
    with psycopg.connect(loads.warehouse.admin) as first:
        first.execute(
            "select pg_advisory_xact_lock(%s, hashtext('opendental__usergroup'))",
            [LockClass.TABLE_LOAD],
        )
        second = start_loader(loads, GROUP + "1,a\n", "end")
        while not loads.all("select from pg_locks where locktype = 'advisory' and not granted"):
            assert second.poll() is None
            time.sleep(0.05)
        assert loads.all("select from raw.opendental__usergroup") == []
    assert second.wait(30) == 0
    assert loads.current("usergroup", "UserGroupNum") == [(1,)]


def test_no_refusal_report_or_log_repeats_a_cell(loads, caplog):
    caplog.set_level(logging.DEBUG)
    said = []
    for text in (
        f"{CANARY},{CANARY}\n1,{CANARY}\n",
        f"UserGroupNum,Description,{CANARY},{CANARY}\n1,{CANARY}\n",
        f'"{CANARY}\n1,{CANARY}\n',
        GROUP + f"1,{CANARY}\n",
    ):
        with pytest.raises((FileHeld, FileRejected)) as refusal:
            loads.load("usergroup", text, rows=5)
        said += [str(refusal.value), repr(refusal.value)]
    report = loads.load(
        "usergroup", GROUP + f'1,{CANARY}\n{CANARY},x\n2,"{CANARY}\n{CANARY}\n3,{CANARY}\n'
    )
    assert (report.inserted, report.quarantined) == (2, 3)
    assert loads.current("usergroup", "Description") == [(CANARY,)] * 2
    said += [str(report), json.dumps(report.as_json()), caplog.text]
    said += map(str, loads.all("select * from ops.file"))
    said.append(loads.warehouse.server.log.read_text())
    assert [text for text in said if CANARY in text] == []


def test_a_database_error_in_a_load_rolls_back_and_hides_the_row(loads):
    loads.load("usergroup", GROUP + "1,a\n")
    before = leftovers(loads)
    table = "alter table raw.opendental__usergroup"
    loads.connection.execute(
        f"{table} add constraint no_canary check (\"Description\" != '{CANARY}')"
    )
    try:
        with pytest.raises(DatabaseFault) as fault:
            loads.load("usergroup", GROUP + f"2,b\n3,{CANARY}\n")
    finally:
        loads.connection.execute(f"{table} drop constraint no_canary")
    assert (fault.value.sqlstate, fault.value.constraint) == ("23514", "no_canary")
    assert CANARY not in str(fault.value)
    assert leftovers(loads) == before


def test_accounts_that_do_not_close_roll_the_file_back(loads, monkeypatch):
    monkeypatch.setattr("daysheet.ingest.merge.Merge.quarantine", lambda *_: 0)
    with pytest.raises(AccountingBroken) as broken:
        loads.load("usergroup", GROUP + "1,a\nx,b\n")
    assert str(broken.value) == "of 2 rows read: quarantined 0, not 1"
    assert leftovers(loads) == [(0, 0, 0, 0)]
