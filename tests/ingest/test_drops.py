"""A file's way from the inbox to its verdict, and to where it lies afterwards."""

import gzip
import hashlib
import json
import logging
import os
from contextlib import contextmanager

import pytest
from tests.ingest.deliveries import Deliveries, groups, states

from daysheet.ingest.drop_folder import DropFolder
from daysheet.ingest.drops import bring_in, left_behind, plan
from daysheet.ingest.taking import StillChanging

ADMIN, NURSE = (1, "Admin"), (2, "Nurse")


@pytest.fixture
def practice(warehouse, tmp_path):
    return Deliveries(warehouse, tmp_path)


def committed(practice):
    return [
        row[0]
        for row in practice.query(
            "select batch from ops.batch where state = 'committed' order by 1"
        )
    ]


def test_a_file_is_loaded_and_archived_under_its_dropped_name(practice):
    practice.drop("UserGroup_2026-01-31.csv", groups(ADMIN, NURSE))
    (outcome,) = practice.run()
    assert (outcome.state, outcome.report.inserted, outcome.report.batch) == ("loaded", 2, 1)
    assert practice.current() == [ADMIN, NURSE]
    assert practice.files() == {"archive/opendental/UserGroup_2026-01-31.csv"}
    assert committed(practice) == [1]


def test_a_compressed_file_is_loaded(practice):
    (practice.inbox / "usergroup.csv.gz").write_bytes(gzip.compress(groups(ADMIN).encode()))
    assert states(practice.run()) == ["loaded"]
    assert practice.current() == [ADMIN]


def test_the_same_bytes_again_are_a_duplicate_under_whatever_name(practice):
    practice.drop("usergroup.csv", groups(ADMIN))
    practice.run()
    for name in ("usergroup.csv", "usergroup (1).csv", "copy of usergroup.csv"):
        practice.drop(name, groups(ADMIN))
    assert states(practice.run()) == ["duplicate"] * 3
    assert practice.files() == {"archive/opendental/usergroup.csv"}
    assert len(practice.ledger()) == 4
    assert committed(practice) == [1]


def test_bytes_that_are_not_the_newest_any_more_are_no_duplicate(practice):
    for text in (groups(ADMIN), groups((1, "Boss")), groups(ADMIN)):
        practice.drop("usergroup.csv", text)
        assert states(practice.run()) == ["loaded"]
    assert practice.current() == [ADMIN]


def test_the_same_bytes_in_another_mode_are_no_duplicate(practice):
    practice.drop("usergroup.csv", groups(ADMIN))
    practice.run()
    practice.drop_folder("month", {"usergroup.csv": groups(ADMIN)}, mode="full")
    assert states(practice.run()) == ["loaded"]


def test_files_of_one_folder_become_known_together(practice):
    files = {
        "usergroup.csv": groups(ADMIN),
        "employer.csv": "EmployerNum,EmpName,City,State\n1,A,B,C\n",
    }
    practice.drop_folder("nightly", files)
    assert {outcome.report.batch for outcome in practice.run()} == {1}


def test_files_of_one_table_are_loaded_in_the_order_of_their_export(practice):
    practice.drop("usergroup_2026-03-01.csv", groups((1, "March")))
    practice.drop("usergroup_2026-01-01.csv", groups((1, "January")))
    practice.drop("usergroup_2026-02-01.csv", groups((1, "February")))
    practice.run()
    assert [row[0][10:17] for row in practice.ledger()] == ["2026-01", "2026-02", "2026-03"]
    assert practice.current() == [(1, "March")]


def test_small_tables_share_a_task_and_no_table_is_in_two(practice):
    for table in ("employer", "provider", "usergroup"):
        practice.drop(f"{table}_2026-01-01.csv", "small\n")
        practice.drop(f"{table}_2026-01-02.csv", "small\n")
    for day in (1, 2):
        practice.drop(f"patient_2026-01-0{day}.csv", "large\n" * 500_000)
    shares = practice.planned()
    assert [share.tables for share in shares] == [
        ["opendental.employer", "opendental.provider", "opendental.usergroup"],
        ["opendental.patient"],
    ]
    assert [len(share.tokens) for share in shares] == [6, 2]


def test_a_file_its_manifest_does_not_describe_is_rejected_and_the_rest_is_loaded(practice):
    files = {"usergroup.csv": groups(ADMIN), "employer.csv": "EmployerNum,EmpName\n1,A\n"}
    listed = {
        "usergroup.csv": {"rows": 1, "sha256": hashlib.sha256(groups(ADMIN).encode()).hexdigest()},
        "employer.csv": {"sha256": "0" * 64},
    }
    practice.drop_folder("nightly", files, listed=listed)
    assert sorted(states(practice.run())) == ["loaded", "rejected"]
    assert practice.files() == {
        "archive/opendental/nightly/usergroup.csv",
        "archive/opendental/nightly/_manifest.json",
        "rejected/opendental/nightly/employer.csv",
    }
    archived = json.loads((practice.root / "archive/opendental/nightly/_manifest.json").read_text())
    assert set(archived["files"]) == {"usergroup.csv"}
    reason = practice.root / "rejected/opendental/nightly/employer.csv.reason.txt"
    assert "sha256_differs" in reason.read_text()


def test_a_wrong_row_count_in_the_manifest_holds_the_file(practice):
    practice.drop_folder(
        "nightly", {"usergroup.csv": groups(ADMIN)}, listed={"usergroup.csv": {"rows": 2}}
    )
    assert states(practice.run()) == ["held"]
    assert practice.current() == []


def test_nothing_but_plain_files_is_opened_and_nothing_outside_is_touched(practice, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(groups(ADMIN))
    (practice.inbox / "usergroup.csv").symlink_to(secret)
    os.link(secret, practice.inbox / "2_usergroup.csv")
    os.mkfifo(practice.inbox / "3_usergroup.csv")
    assert states(practice.run()) == ["rejected"] * 3
    assert {row[2] for row in practice.ledger()} == {"not_a_plain_file"}
    assert practice.files("inbox") == set()
    assert len(practice.files("rejected")) == 3
    assert secret.read_text() == groups(ADMIN)
    assert practice.current() == []


def test_one_bad_file_stops_no_other(practice):
    practice.drop("usergroup_2026-01-01.csv", "Colour\nred\n")
    practice.drop("usergroup_2026-01-02.csv", groups(ADMIN))
    practice.drop("holiday photos.csv", "x\n")
    assert sorted(states(practice.run())) == ["held", "loaded", "rejected"]
    assert practice.current() == [ADMIN]


def test_what_the_database_refuses_for_good_is_held_without_its_values(practice, server):
    import psycopg

    with psycopg.connect(practice.warehouse.admin) as admin:
        admin.execute(
            "alter table raw.opendental__usergroup add check (\"Description\" != 'Admin')"
        )
    practice.drop("usergroup.csv", groups(ADMIN))
    (outcome,) = practice.run()
    assert (outcome.state, outcome.code) == ("held", "not_loadable")
    ((problem,),) = practice.query("select problem from ops.file")
    assert "23514" in problem
    assert "Admin" not in problem


class Growing(DropFolder):
    """A drop folder whose files grow while they are read."""

    def reading(self, place):
        with (self.root / place).open("a") as writer:
            writer.write("4,Late\n")
        return super().reading(place)


class Replaced(DropFolder):
    """A drop folder whose files are replaced by others of the same size and times."""

    def reading(self, place):
        path = self.root / place
        facts, text = path.stat(), path.read_text()
        other = path.with_name(".other")
        other.write_text(text.replace("Admin", "Nimda"))
        os.utime(other, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        stream = super().reading(place)
        other.replace(path)
        return stream


@pytest.mark.parametrize("drops", [Growing, Replaced])
def test_a_file_that_changes_while_it_is_read_is_left_for_the_next_run(warehouse, tmp_path, drops):
    practice = Deliveries(warehouse, tmp_path, drops)
    practice.drop("usergroup.csv", groups(ADMIN))
    assert practice.run() == []
    assert practice.ledger() == []
    assert practice.files() == {"inbox/opendental/usergroup.csv"}
    practice.drops = DropFolder(tmp_path)
    assert states(practice.run()) == ["loaded"]


def test_a_folder_waits_for_its_file_that_changes_while_it_is_read(warehouse, tmp_path):
    practice = Deliveries(warehouse, tmp_path, Replaced)
    practice.drop_folder("nightly", {"usergroup.csv": groups(ADMIN)})
    with pytest.raises(StillChanging):  # a task that fails is tried again, and nothing is committed
        practice.run("nightly")
    assert practice.query("select state from ops.batch") == [("open",)]
    practice.drops = DropFolder(tmp_path)
    assert states(practice.run("nightly")) == ["loaded"]


def test_a_file_that_is_moved_during_a_look_hides_no_other(tmp_path, monkeypatch):
    for name in ("moved.csv", "stays.csv"):
        (tmp_path / name).write_text("x\n")
    scandir = os.scandir

    @contextmanager
    def scandir_while_a_file_is_moved(folder):
        with scandir(folder) as scan:
            items = list(scan)
        (tmp_path / "moved.csv").unlink()
        yield items

    monkeypatch.setattr(os, "scandir", scandir_while_a_file_is_moved)
    assert [entry.name for entry in DropFolder(tmp_path).entries("")] == ["stays.csv"]


def test_what_a_taken_folder_still_holds_is_known(practice):
    practice.drop_folder("nightly", {"usergroup.csv": groups(ADMIN), "employer.csv": "x\n"})
    with practice.begun("nightly") as run:
        assert left_behind(run) == 0  # nobody has taken it yet
        first, second = plan(run)[0].tokens
        list(bring_in(run, [first]))
        assert left_behind(run) == 1
        list(bring_in(run, [second]))
        assert left_behind(run) == 0


def test_names_of_files_are_in_no_log_and_no_result(practice, caplog):
    caplog.set_level(logging.DEBUG)
    practice.drop("smithers usergroup.csv", groups(ADMIN))
    practice.drop("usergroup smithers_2199-01-01.csv", groups(NURSE))
    practice.drop("smithers.csv", "x\n")
    outcomes = practice.run()
    said = caplog.text + json.dumps([outcome.as_json() for outcome in outcomes])
    assert len(outcomes) == 3
    assert "usergroup" in said
    assert "smithers" not in said
