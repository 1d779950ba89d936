"""Where files lie after their verdict: nothing is lost, and the archive can be loaded again."""

import os

import pytest
from airflow.sdk import ObjectStoragePath
from tests.ingest.deliveries import Deliveries, groups, states

from daysheet.ingest.drop_folder import DropFolder
from daysheet.ingest.sending import pack, send

ADMIN, NURSE, CLERK = (1, "Admin"), (2, "Nurse"), (3, "Clerk")


@pytest.fixture
def practice(warehouse, tmp_path):
    return Deliveries(warehouse, tmp_path)


def test_a_duplicate_is_kept_when_the_archive_has_lost_its_twin(practice):
    practice.drop("usergroup.csv", groups(ADMIN))
    practice.run()
    (practice.root / "archive/opendental/usergroup.csv").unlink()
    practice.drop("again_usergroup.csv", groups(ADMIN))
    assert states(practice.run()) == ["duplicate"]
    assert practice.files() == {"archive/opendental/again_usergroup.csv"}


def test_a_name_taken_in_the_archive_gets_a_folder_of_its_batch(practice):
    practice.drop("usergroup.csv", groups(ADMIN))
    practice.run()
    practice.drop("usergroup.csv", groups(NURSE))
    practice.run()
    assert practice.files() == {
        "archive/opendental/usergroup.csv",
        "archive/opendental/batch-2/usergroup.csv",
    }
    assert practice.current() == [ADMIN, NURSE]


def test_a_folder_is_archived_whole_with_its_manifest(practice):
    for text in (groups(ADMIN), groups(NURSE)):
        practice.drop_folder("nightly", {"usergroup.csv": text}, exported_on="2026-01-31T10:00:00")
        practice.run()
    assert practice.files() == {
        f"archive/opendental/{folder}/{name}"
        for folder in ("nightly", "batch-2/nightly")
        for name in ("usergroup.csv", "_manifest.json")
    }
    assert not (practice.inbox / "nightly").exists()


def test_a_bad_manifest_loses_nothing(practice):
    practice.drop_folder("nightly", {"usergroup.csv": groups(ADMIN)}, mode="sideways")
    assert states(practice.run()) == ["rejected", "rejected"]
    assert practice.files() == {
        "rejected/opendental/nightly/usergroup.csv",
        "rejected/opendental/nightly/_manifest.json",
    }
    assert not (practice.inbox / "nightly").exists()


def test_a_mark_the_sender_put_there_leads_no_file_astray(practice):
    folder = practice.drop_folder("nightly", {"usergroup.csv": groups(ADMIN)})
    (folder / ".taken").write_text("../../../elsewhere")
    practice.run()
    assert practice.files() == {
        "archive/opendental/nightly/usergroup.csv",
        "archive/opendental/nightly/_manifest.json",
    }


def test_no_name_is_too_strange_to_be_dealt_with(practice):
    long = "nobody" + "y" * 245 + ".csv"
    for name in (b"\xff_usergroup.csv", long.encode(), "l\u00ed\nst.csv".encode(), b"\xfe/x.csv"):
        path = os.fsencode(practice.inbox) + b"/" + name
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write("x\n")
    assert states(practice.run()) == ["rejected"] * 4
    assert practice.files("inbox") == set()
    codes = [row[2] for row in practice.ledger()]
    assert sorted(codes) == ["name_not_utf8"] * 2 + ["unknown_table"] * 2
    reasons = list((practice.root / "rejected").rglob("*.reason.txt"))
    assert len(reasons) == 4


def test_the_archive_can_be_dropped_again_elsewhere(practice, server, tmp_path_factory):
    practice.drop_folder(
        "a", {"usergroup.csv": groups(ADMIN, NURSE)}, mode="full", exported_on="2026-01-01"
    )
    practice.run()
    practice.drop("usergroup_2026-01-02.csv", groups((1, "Boss"), CLERK))
    practice.drop("bad.csv", "x\n")
    practice.run()
    practice.drop_folder(
        "a", {"usergroup.csv": groups((1, "Boss"), CLERK)}, mode="full", exported_on="2026-01-03"
    )
    practice.run()
    assert practice.current() == [(1, "Boss"), CLERK]
    from tests.conftest import _fresh

    for other in _fresh(server):
        elsewhere = Deliveries(other, tmp_path_factory.mktemp("elsewhere"))
        parcels = pack(practice.root / "archive", None)
        assert [parcel.source for parcel in parcels] == ["opendental"] * 3
        for parcel in parcels:
            send(parcel, elsewhere.root / "inbox", lambda _: None)
        assert states(elsewhere.run()) == ["loaded"] * 3
        assert elsewhere.current() == practice.current()


def test_a_drop_folder_behind_a_url_works_the_same(warehouse, tmp_path):
    practice = Deliveries(
        warehouse, tmp_path, lambda root: DropFolder(ObjectStoragePath(root.as_uri()))
    )
    practice.drop_folder("nightly", {"usergroup.csv": groups(ADMIN)}, mode="full")
    practice.drop("usergroup.csv", groups(ADMIN, NURSE))
    practice.drop("nobody.csv", "x\n")
    assert sorted(states(practice.run())) == ["loaded", "loaded", "rejected"]
    practice.drop("usergroup again.csv", groups(ADMIN, NURSE))
    assert states(practice.run()) == ["duplicate"]
    assert practice.current() == [ADMIN, NURSE]
    assert practice.files() == {
        "archive/opendental/nightly/usergroup.csv",
        "archive/opendental/nightly/_manifest.json",
        "archive/opendental/usergroup.csv",
        "rejected/opendental/nobody.csv",
    }


def test_our_copies_are_removed_also_those_of_a_killed_worker(practice):
    left = practice.settings.home / "work" / "take-killed"
    left.mkdir(parents=True)
    (left / "usergroup.csv").write_text(groups(ADMIN))
    practice.drop("usergroup.csv", groups(ADMIN))
    practice.run()
    assert list((practice.settings.home / "work").iterdir()) == []
