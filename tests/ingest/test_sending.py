"""``daysheet load`` and ``release``: what goes into the inbox, and what the commands say of it."""

import json
import os
import threading

import pytest
from tests.ingest.deliveries import Deliveries, groups
from typer.testing import CliRunner

from daysheet.cli import app
from daysheet.cli import drops as commands
from daysheet.ingest import ledger
from daysheet.ingest.inbox import Inbox
from daysheet.ingest.manifest import MANIFEST
from daysheet.ingest.sending import NothingToSend, pack, send
from daysheet.warehouse import session


@pytest.fixture
def export(tmp_path):
    """An export of one source, with files that are no part of it."""
    folder = tmp_path / "export" / "opendental"
    folder.mkdir(parents=True)
    (folder / "usergroup.csv").write_text(groups((1, "Admin")))
    (folder / "employer.csv").write_text("EmployerNum,EmpName,City,State\n1,A,B,C\n")
    (folder / "notes.txt").write_text("x")
    (folder / ".usergroup.csv").write_text("x")
    (tmp_path / "export" / "totals.csv").write_text("x")
    return folder


def packed(folder, source=None):
    return [(one.source, one.folder.name, one.files) for one in pack(folder, source)]


def test_a_folder_of_sources_and_a_sources_folder_are_the_same(export):
    expected = [("opendental", "opendental", ("employer.csv", "usergroup.csv"))]
    assert packed(export.parent) == packed(export) == expected
    assert packed(export, "opendental") == expected


def test_a_folder_with_a_manifest_is_sent_as_it_is_and_by_itself(export):
    inner = export / "nightly"
    inner.mkdir()
    (inner / "usergroup.csv").write_text(groups((1, "Boss")))
    (inner / "fee.csv").write_text("not listed")
    (inner / MANIFEST).write_text('{"mode": "full", "files": {"usergroup.csv": {"rows": 1}}}')
    assert [name for _, name, _ in packed(export)] == ["opendental", "nightly"]
    (_, parcel) = pack(export, None)
    assert (parcel.files, parcel.manifest.mode) == (("usergroup.csv",), "full")


@pytest.mark.parametrize(
    "manifest", ['{"files": {"usergroup.csv": {}, "gone.csv": {}}}', '{"files": {}}', "{"]
)
def test_a_manifest_that_cannot_be_right_is_refused_before_anything_is_copied(export, manifest):
    (export / MANIFEST).write_text(manifest)
    with pytest.raises(NothingToSend, match=MANIFEST):
        pack(export, None)


def test_what_holds_nothing_to_load_is_refused(export, tmp_path):
    for folder, source in ((tmp_path / "none", None), (export, "nobody"), (export / "..", "x")):
        with pytest.raises(NothingToSend):
            pack(folder, source)
    (tmp_path / "empty").mkdir()
    with pytest.raises(NothingToSend, match="no CSV files"):
        pack(tmp_path / "empty", None)


def test_what_is_sent_is_ready_at_once_and_keeps_its_times(export, warehouse, tmp_path):
    practice = Deliveries(warehouse, tmp_path / "drops")
    os.utime(export / "usergroup.csv", (10**9, 10**9))
    copied = []
    (parcel,) = pack(export, None)
    send(parcel, practice.root / "inbox", copied.append)
    assert sum(copied) == parcel.bytes
    settings = practice.settings.model_copy(update={"stable_seconds": 60})
    by_table = {drop.table: drop for drop in Inbox(practice.drops, settings, 10**10).ready()}
    assert by_table["usergroup"].exported_on.year == 2001
    assert len(by_table["employer"].sha256) == 64
    assert len(by_table) == 2


class Stub:
    """As much of a deployment as the commands use."""

    url = "http://nowhere"

    def __init__(self, practice):
        self.inbox = practice.root / "inbox"
        self.dsn = practice.warehouse.dsn


@pytest.fixture
def practice(warehouse, tmp_path, monkeypatch):
    practice = Deliveries(warehouse, tmp_path / "drops")
    monkeypatch.setattr(commands.Deployment, "load", lambda: Stub(practice))
    return practice


def command(practice, *arguments):
    """Run a command while somebody ingests; its exit code, and what it printed."""
    done = threading.Event()

    def ingest():
        while not done.wait(0.2):
            practice.run()

    ingesting = threading.Thread(target=ingest)
    ingesting.start()
    try:
        result = CliRunner().invoke(app, list(map(str, arguments)))
    finally:
        done.set()
        ingesting.join()
    return result.exit_code, result.stdout


def test_load_waits_for_its_batch_and_reports_every_file(practice, export):
    code, said = command(practice, "load", export, "--json")
    report = json.loads(said)
    assert (code, report["batch"]) == (0, 1)
    assert {(file["table"], file["state"], file["inserted"]) for file in report["files"]} == {
        ("usergroup", "loaded", 1),
        ("employer", "loaded", 1),
    }
    code, said = command(practice, "load", export)
    assert code == 0
    assert said.count("duplicate") == 2


def test_a_file_is_settled_only_when_its_batch_is_committed(practice):
    practice.drop("usergroup.csv", groups((1, "Admin")))
    for commit in (False, True):
        practice.run(commit=commit)
        with session(practice.warehouse.dsn("reader"), "test", autocommit=True) as connection:
            (verdict,) = ledger.verdicts(connection, [("opendental", "usergroup.csv")])
        assert verdict["is_settled"] is commit


def test_load_exits_with_1_when_a_file_was_refused(practice, export):
    (export / "nobody.csv").write_text("x\n")
    (export / "usergroup.csv").write_text("Colour\nred\n")
    code, said = command(practice, "load", export, "--json")
    states = {file["table"]: file["state"] for file in json.loads(said)["files"]}
    assert code == 1
    assert states == {None: "rejected", "usergroup": "held", "employer": "loaded"}


def test_release_lets_a_held_file_through(practice, tmp_path):
    export = tmp_path / "late"
    export.mkdir()
    (export / "usergroup_2150-01-01.csv").write_text(groups((1, "Admin")))
    assert command(practice, "load", export)[0] == 1
    name = "usergroup_2150-01-01.csv"
    assert command(practice, "release", "employer.csv", "--reason", "x")[0] == 1
    assert practice.current() == []
    code, said = command(practice, "release", name, "--reason", "the clock was wrong", "--json")
    assert code == 0
    assert [file["state"] for file in json.loads(said)["files"]] == ["loaded"]
    assert practice.current() == [(1, "Admin")]
