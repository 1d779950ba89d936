"""What is ready in the inbox, what waits, and what is refused before it is opened."""

import json
import os
import socket
import time
from datetime import datetime

import pytest
from airflow.sdk import ObjectStoragePath

from daysheet.ingest.drop_folder import DropFolder, NotAPlainFile
from daysheet.ingest.inbox import INCOMPLETE_AFTER, Inbox
from daysheet.ingest.manifest import MANIFEST
from daysheet.settings import Settings

SOON, LATER, MUCH_LATER = 1, 61, INCOMPLETE_AFTER.total_seconds() + 1


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox" / "opendental"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def look(tmp_path):
    def look(seconds_from_now=LATER, root=tmp_path, **settings):
        chosen = Settings(home=tmp_path, stable_seconds=60, **settings)
        return Inbox(DropFolder(root), chosen, time.time() + seconds_from_now).ready()

    return look


def write_folder(inbox, name="nightly", **manifest):
    folder = inbox / name
    folder.mkdir()
    listed = ("patient.csv", "claim.csv")
    for file in listed:
        (folder / file).write_text("x\n")
    text = {"files": {file: {} for file in listed}} | manifest
    (folder / MANIFEST).write_text(json.dumps(text))
    return folder


def refusals(drops):
    return {drop.name: drop.refusal.code for drop in drops if drop.refusal}


def test_a_loose_file_waits_until_it_lies_still(inbox, look):
    (inbox / "patient.csv").write_text("x\n")
    assert look(SOON) == []
    (drop,) = look(LATER)
    assert (drop.table, drop.mode, drop.refusal) == ("patient", "changes", None)


def test_an_old_modification_time_does_not_make_a_growing_file_ready(inbox, look):
    (inbox / "patient.csv").write_text("x\n")
    os.utime(inbox / "patient.csv", (0, 0))
    assert look(SOON) == []


def test_a_clock_that_was_set_back_does_not_hold_a_file_for_ever(inbox, look):
    (inbox / "patient.csv").write_text("x\n")
    assert look(-3600)


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("patient.csv", "patient"),
        ("PATIENT.CSV", "patient"),
        ("patient_2026-11-20.csv.gz", "patient"),
        ("20261120-patient.csv", "patient"),
        ("patient (1).csv", "patient"),
        ("claimproc.csv", "claimproc"),
        ("patients.csv", None),
        ("patient.txt", None),
        ("claim_patient.csv", None),
        ("'; drop table patient--.csv.exe", None),
    ],
)
def test_a_file_is_recognized_by_the_one_table_in_its_name(inbox, look, name, table):
    (inbox / name).write_text("x\n")
    (drop,) = look()
    assert drop.table == table
    assert (drop.refusal.code if drop.refusal else None) == (None if table else "unknown_table")


@pytest.mark.parametrize(
    "name",
    [".patient.csv", "~$patient.csv", "patient.csv.part", "patient.csv.TMP", "p.crdownload"],
)
def test_unfinished_files_are_nobodys_business(inbox, look, name):
    (inbox / name).write_text("x\n")
    assert look(MUCH_LATER) == []


@pytest.mark.parametrize(
    ("name", "exported_on"),
    [
        ("patient_2026-01-31.csv", datetime(2026, 1, 31)),
        ("patient_20260131T053000.csv", datetime(2026, 1, 31, 5, 30)),
        ("patient_20260131_0530.csv", datetime(2026, 1, 31, 5, 30)),
        ("patient_2026-01-31_9999.csv", datetime(2026, 1, 31)),
        ("patient_2026-02-31.csv", datetime(2025, 7, 1, 10)),
        ("patient.csv", datetime(2025, 7, 1, 10)),
    ],
)
def test_export_time_is_the_names_else_the_files_in_practice_time(inbox, look, name, exported_on):
    (inbox / name).write_text("x\n")
    os.utime(inbox / name, (1751378400, 1751378400))  # 2025-07-01 14:00 UTC
    (drop,) = look(timezone="America/New_York")
    assert drop.exported_on == exported_on


def test_the_manifests_export_time_and_mode_hold_for_all_its_files(inbox, look):
    write_folder(inbox, mode="full", exported_on="2026-01-31T10:00:00Z")
    drops = look(SOON, timezone="America/New_York")
    assert {(drop.mode, drop.exported_on) for drop in drops} == {("full", datetime(2026, 1, 31, 5))}


def test_a_folder_is_taken_as_soon_as_its_manifest_is_there(inbox, look):
    folder = write_folder(inbox)
    assert {drop.name for drop in look(SOON)} == {"nightly/patient.csv", "nightly/claim.csv"}
    (folder / MANIFEST).unlink()
    assert look(LATER) == []


def test_a_folder_waits_for_every_file_its_manifest_lists(inbox, look):
    folder = write_folder(inbox)
    (folder / "claim.csv").unlink()
    assert look(LATER) == []
    assert refusals(look(MUCH_LATER)) == {
        "nightly/patient.csv": "manifest_incomplete",
        f"nightly/{MANIFEST}": "manifest_incomplete",
    }


def test_a_file_that_still_grows_after_its_manifest_is_waited_for(inbox, look):
    folder = write_folder(inbox)
    time.sleep(0.02)
    with (folder / "claim.csv").open("a") as claim:
        claim.write("more\n")
    assert look(SOON) == []
    assert len(look(LATER)) == 2


def test_half_a_manifest_is_waited_for_and_then_refused_with_all_its_files(inbox, look):
    folder = write_folder(inbox)
    (folder / MANIFEST).write_text('{"files": {"patient.csv"')
    assert look(SOON) == []
    assert set(refusals(look(LATER)).values()) == {"manifest_invalid"}
    assert len(look(LATER)) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "partial"},
        {"extra": 1},
        {"files": {}},
        {"files": {"patient.csv": {"rows": -1}}},
        {"files": {"patient.csv": {"sha256": "abc"}}},
        {"files": {"patient.csv": {"lines": 3}}},
        {"files": {"../../../etc/patient.csv": {}}},
        {"files": {"/etc/patient.csv": {}}},
        {"files": {"..": {}}},
        {"files": {MANIFEST: {}}},
        {"exported_on": "yesterday"},
    ],
)
def test_a_manifest_that_says_anything_else_is_refused(inbox, look, wrong):
    write_folder(inbox, **wrong)
    drops = look()
    assert len(drops) == 3
    assert {drop.refusal.code for drop in drops} == {"manifest_invalid"}


def test_a_folder_without_a_manifest_is_refused_in_the_end(inbox, look):
    (inbox / "nightly").mkdir()
    assert look(MUCH_LATER) == []
    (inbox / "nightly" / "patient.csv").write_text("x\n")
    assert look(LATER) == []
    assert refusals(look(MUCH_LATER)) == {"nightly/patient.csv": "manifest_missing"}


def test_what_a_manifest_does_not_list_is_refused_and_the_rest_is_not(inbox, look):
    folder = write_folder(inbox)
    (folder / "fee.csv").write_text("x\n")
    (folder / "inner").mkdir()
    os.utime(folder / MANIFEST)
    drops = look(SOON)
    assert refusals(drops) == {
        "nightly/fee.csv": "not_in_manifest",
        "nightly/inner": "nested_folder",
    }
    assert len(drops) == 4


def test_only_regular_files_of_their_own_are_looked_at(inbox, look, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("x\n")
    (inbox / "patient.csv").symlink_to(secret)
    (inbox / "claim.csv").symlink_to(tmp_path)
    os.link(secret, inbox / "fee.csv")
    os.mkfifo(inbox / "provider.csv")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(inbox / "payment.csv"))
    drops = look()
    assert set(refusals(drops).values()) == {"not_a_plain_file"}
    assert len(drops) == 5
    for drop in drops:
        with pytest.raises(NotAPlainFile), DropFolder(tmp_path).reading(drop.place):
            pass


def test_a_link_in_place_of_a_folder_is_not_entered(inbox, look, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    write_folder(outside, "real")
    (inbox / "nightly").symlink_to(outside / "real")
    (drop,) = look()
    assert drop.refusal.code == "not_a_plain_file"
    with (
        pytest.raises(NotADirectoryError),
        DropFolder(tmp_path).reading("inbox/opendental/nightly/claim.csv"),
    ):
        pass


def test_a_linked_manifest_is_not_read(inbox, look, tmp_path):
    folder = write_folder(inbox)
    (folder / MANIFEST).rename(tmp_path / "elsewhere")
    (folder / MANIFEST).symlink_to(tmp_path / "elsewhere")
    assert set(refusals(look()).values()) == {"not_a_plain_file"}


def test_a_folder_swapped_for_a_link_leads_nowhere(inbox, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "patient.csv").write_text("x\n")
    (inbox / "nightly").symlink_to(outside)
    drops, place = DropFolder(tmp_path), "inbox/opendental/nightly"
    for meddle in (
        lambda: drops.move(f"{place}/patient.csv", "archive/patient.csv"),
        lambda: drops.remove(f"{place}/patient.csv"),
        lambda: drops.write(f"{place}/patient.csv", b"y"),
        lambda: drops.entry(f"{place}/patient.csv"),
    ):
        with pytest.raises(NotADirectoryError):
            meddle()
    assert drops.entries(place) == []
    assert [path.read_text() for path in outside.iterdir()] == ["x\n"]


@pytest.mark.parametrize("mark", ["../../../etc", "/etc", "batch-1/../..", "other", ""])
def test_a_mark_that_is_not_ours_takes_no_folder(inbox, look, mark):
    folder = write_folder(inbox)
    (folder / ".taken").write_text(mark)
    (folder / "claim.csv").unlink()
    assert look() == []


def test_a_linked_mark_takes_no_folder(inbox, look, tmp_path):
    (tmp_path / "mark").write_text("nightly")
    folder = write_folder(inbox)
    (folder / ".taken").symlink_to(tmp_path / "mark")
    (folder / "claim.csv").unlink()
    assert look() == []


def test_what_lies_beside_the_sources_is_refused(inbox, look):
    (inbox.parent / "patient.csv").write_text("x\n")
    (inbox.parent / "elsewhere").mkdir()
    assert set(refusals(look())) == {"patient.csv"}
    (inbox.parent / "elsewhere" / "patient.csv").write_text("x\n")
    assert refusals(look()) == {"patient.csv": "unknown_source", "elsewhere": "unknown_source"}


def test_a_file_above_the_limit_is_not_even_copied(inbox, look):
    (inbox / "patient.csv").write_text("x" * 11)
    assert refusals(look(max_file_bytes=10)) == {"patient.csv": "too_large"}


def test_files_are_taken_in_the_order_they_were_exported(inbox, look):
    for name in ("patient_2026-03-01.csv", "patient_2026-01-01.csv", "patient_2026-02-01.csv"):
        (inbox / name).write_text("x\n")
    assert [drop.exported_on.month for drop in look()] == [1, 2, 3]


def test_a_drop_folder_behind_a_url_is_read_the_same(inbox, look, tmp_path):
    write_folder(inbox)
    (inbox / "fee_2026-01-01.csv").write_text("x\n")
    (inbox / "notes.csv").write_text("x\n")
    remote = look(LATER, ObjectStoragePath(f"file://{tmp_path}"))
    assert remote == look(LATER)
    assert len(remote) == 4
