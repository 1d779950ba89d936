"""The ingest DAG, run for real in this process: dropped files to an open build, refusals to red."""

import threading

import pytest

from daysheet.settings import get_settings
from tests.ingest.deliveries import Deliveries, groups

pytestmark = pytest.mark.airflow

DAG = "ingest_csv_drops"


@pytest.fixture
def practice(warehouse, tmp_path, monkeypatch):
    """Drops below a drop folder that this test's Airflow looks at."""
    monkeypatch.setenv("DAYSHEET_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DAYSHEET_STABLE_SECONDS", "0")
    monkeypatch.setenv("DAYSHEET_DROPS_URL", tmp_path.as_uri())
    get_settings.cache_clear()
    yield Deliveries(warehouse, tmp_path)
    get_settings.cache_clear()


def task_states(run):
    return {(ti.task_id, ti.map_index): str(ti.state) for ti in run.get_task_instances()}


def test_dropped_files_become_a_batch_and_a_build(run_dag, practice, monkeypatch):
    monkeypatch.setenv("DAYSHEET_AS_OF", "2026-01-31")
    get_settings.cache_clear()
    practice.drop_folder(
        "nightly",
        {
            "usergroup.csv": groups((1, "Admin")),
            "employer.csv": "EmployerNum,EmpName,City,State\n1,A,B,C\n",
        },
    )
    run = run_dag(DAG)
    assert run.state == "success"
    assert practice.current() == [(1, "Admin")]
    assert practice.query("select batch, as_of::text, reason, state from ops.build") == [
        (1, "2026-01-31", "files were dropped", "open")
    ]
    assert task_states(run)["load", 0] == "success"


def test_what_was_loaded_before_opens_no_build(run_dag, practice):
    for _ in range(2):
        practice.drop("usergroup.csv", groups((1, "Admin")))
        run = run_dag(DAG)
        assert run.state == "success"
    assert task_states(run)["commit_and_open_build", -1] == "skipped"
    assert practice.query("select count(*) from ops.build") == [(1,)]


def test_a_refused_file_turns_the_run_red_and_the_rest_is_built(run_dag, practice, capfd, mails):
    practice.drop("usergroup.csv", groups((1, "Admin")))
    practice.drop("smithers.csv", "x\n")
    run = run_dag(DAG)
    assert run.state == "failed"
    assert task_states(run)["commit_and_open_build", -1] == "success"
    assert task_states(run)["refused_files", -1] == "failed"
    assert practice.query("select count(*) from ops.build") == [(1,)]
    said = "".join(capfd.readouterr())
    assert "rejected: unknown_table" in said
    assert "smithers" not in said
    (mail,) = mails()
    assert mail["subject"] == "[Daysheet] dropped files that were not loaded: 1"
    for kind in ("plain", "html"):
        told = mail.get_body((kind,)).get_content().replace("<wbr>", "")
        assert "smithers" not in told
        for part in ("opendental", "rejected", "unknown_table", "/dags/ingest_csv_drops/runs/"):
            assert part in told, (kind, part)
    practice.drop("burns.csv", "x\n")
    run_dag(DAG)
    assert len(mails()) == 1, "the same again"
    practice.drop("usergroup.csv", "x\n")
    run_dag(DAG)
    assert len(mails()) == 2, "another table, another reason"


@pytest.mark.parametrize(("refused", "is_told"), [(1, False), (2, True)])
def test_ops_hear_of_a_file_more_than_a_tenth_of_whose_rows_were_refused(
    run_dag, practice, mails, refused, is_told
):
    good = [(number, f"Group {number}") for number in range(1, 11 - refused)]
    practice.drop("usergroup.csv", groups(*good, *[(f"x{each}", "B") for each in range(refused)]))
    assert run_dag(DAG).state == "success"
    if not is_told:
        assert mails() == []
        return
    (mail,) = mails()
    assert mail["subject"] == "[Daysheet] dropped files with many refused rows: 1"
    told = mail.get_body(("plain",)).get_content()
    ((reason,),) = practice.query(
        "select distinct split_part(reasons[1], ':', 1) from quarantine.refused_row"
    )
    assert "of: opendental usergroup; refused: 2; of rows: 10; why: " + reason in told
    assert "Group 1" not in told


def test_what_an_interrupted_run_loaded_is_committed_by_the_next(run_dag, practice):
    practice.drop("usergroup.csv", groups((1, "Admin")))
    practice.run("killed before it could commit", commit=False)
    assert practice.query("select count(*) from ops.build") == [(0,)]
    assert run_dag(DAG).state == "success"
    assert practice.query("select batch from ops.build") == [(1,)]


def test_the_sensor_sleeps_until_something_is_dropped(run_dag, practice, monkeypatch):
    monkeypatch.setenv("DAYSHEET_POLL_SECONDS", "1")
    get_settings.cache_clear()
    later = threading.Timer(3, practice.drop, ["usergroup.csv", groups((1, "Admin"))])
    later.start()
    assert run_dag(DAG).state == "success"
    assert practice.current() == [(1, "Admin")]


def test_the_folders_to_drop_into_are_there_from_the_first_run(run_dag, practice):
    practice.drop("usergroup.csv", groups((1, "Admin")))
    run_dag(DAG)
    assert (practice.root / "inbox" / "practice").is_dir()
    assert (practice.root / "held").is_dir()
