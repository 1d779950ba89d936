"""Reports dropped into the inbox: told by their header, each applied once, whole or not at all."""

import gzip
import json
import logging
import os
import signal
import zipfile
from datetime import datetime

import pytest
from tests.ingest.deliveries import states
from tests.ingest.practice_reports import HEADER, SAMPLES, Practice, paid, visit, written

from daysheet.ingest import drops, filing, ledger
from daysheet.ingest.batches import BatchLost
from daysheet.ingest.drop_folder import DropFolder
from daysheet.ingest.recognition import time_in
from daysheet.ingest.reports import load as report_load

DAYS = [f"10/{day:02}/2026 09:00" for day in range(1, 31)]


@pytest.fixture
def practice(warehouse, tmp_path):
    return Practice(warehouse, tmp_path)


def refusal(practice, name, data):
    """State and reason code of one dropped file; where it lies then; nothing of it is applied."""
    (practice.inbox / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    (outcome,) = practice.run()
    assert practice.query("select count(*) from desk.sessions") == [(0,)]
    assert practice.query("select count(*) from ops.row_verdict") == [(0,)]
    return outcome.state, outcome.code


def xlsx(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return path.read_bytes()


def test_case_32_what_is_no_text_is_rejected_with_its_reason(practice, tmp_path):
    good = written(visit())
    not_text = {
        "workbook.csv": xlsx(tmp_path / "book"),
        "utf16.csv": good.encode("utf-16"),
        "nul.csv": good.replace("PAID", "PA\0ID"),
        "printed.csv": b"%PDF-1.7\n",
        "printed.pdf": b"%PDF-1.7\n",
    }
    for name, data in not_text.items():
        assert refusal(practice, name, data) == ("rejected", "not_csv"), name
    assert refusal(practice, "torn.csv", good.encode() + b"\x81\x8d") == (
        "rejected", "bad_encoding",
    )  # fmt: skip
    assert practice.files("inbox", "archive") == set()
    reason = practice.root / "rejected/simplepractice/workbook.csv.reason.txt"
    assert "spreadsheet" in reason.read_text()


def test_case_33_a_file_without_rows_is_no_success(practice):
    assert refusal(practice, "empty.csv", "") == ("rejected", "empty_file")
    assert refusal(practice, "header.csv", written()) == ("rejected", "no_rows")
    only_skipped = written() + "\n,,,,,,,,,,,,,,,,,\nTotal,,,,,,,,0,,0,0,0,0,,0,0,0\n"
    assert refusal(practice, "totals.csv", only_skipped) == ("rejected", "no_rows")


@pytest.mark.parametrize("sign", [";", "\t", "|"])
def test_case_34_another_delimiter_is_named(practice, sign):
    text = written(visit()).replace(",", sign)
    assert refusal(practice, "export.csv", text) == ("rejected", "wrong_delimiter")


def test_case_35_an_unknown_header_is_rejected_and_missing_columns_are_named(practice):
    assert refusal(practice, "photos.csv", "Album,Picture\na,b\n") == ("rejected", "unknown_header")
    without_client_block = [*HEADER[:9], *HEADER[14:]]
    row = visit()
    text = written([*row[:9], *row[14:]], header=without_client_block)
    assert refusal(practice, "visits.csv", text) == ("rejected", "missing_columns")
    ((problem,),) = practice.query("select problem from ops.file where problem like 'missing_%'")
    assert problem == (
        "missing_columns: read as appointment_status, it lacks Client Payment Status (client), "
        "Charge (client), Uninvoiced (client), Paid (client), Unpaid (client)"
    )


def test_case_36_columns_may_change_places_within_their_block(practice):
    order = [8, 3, 2, 1, 0, 7, 6, 5, 4, 9, 13, 12, 11, 10, 14, 17, 15, 16]
    row = visit(client_paid="20.0", client_unpaid="10.0", paid="100.0", unpaid="30.0")
    text = written([row[at] for at in order], header=[HEADER[at].upper() for at in order])
    practice.drop("shuffled.csv", text)
    assert states(practice.run()) == ["loaded"]
    assert practice.session(
        "client_paid::text, client_unpaid::text, ins_paid_reported::text, ins_unpaid_reported::text"
    ) == ("20.00", "10.00", "100.00", "30.00")


def test_case_37_the_same_file_again_changes_nothing(practice):
    practice.drop_sample("01")
    before = practice.everything()
    practice.drop_sample("03")
    practice.drop_sample("02")
    after = practice.everything()
    for number in ("01", "02", "03"):  # also one that is not the newest any more
        assert practice.drop_sample(number).state == "duplicate"
    assert practice.everything() == after != before
    assert practice.files("inbox", "rejected", "held") == set()


def test_case_37_a_run_that_is_cleared_and_repeated_changes_nothing(practice):
    practice.drop("a.csv", written(visit()))
    with practice.begun("run") as run:
        (share,) = drops.plan(run)
        assert states(drops.bring_in(run, share.tokens)) == ["loaded"]
        once = practice.everything()
        assert list(drops.bring_in(run, share.tokens)) == []
    assert practice.everything() == once


def test_case_38_a_file_still_being_written_waits(warehouse, tmp_path):
    practice = Practice(warehouse, tmp_path)
    practice.settings = practice.settings.model_copy(update={"stable_seconds": 60})
    practice.drop("growing.csv", written(visit()))
    practice.drop("upload.csv.part", written(visit()))
    assert practice.run() == []
    practice.settings = practice.settings.model_copy(update={"stable_seconds": 0})
    assert states(practice.run()) == ["loaded"]
    assert practice.files("inbox") == {"inbox/simplepractice/upload.csv.part"}


def test_case_39_an_older_export_changes_nothing(practice):
    practice.drop_visits("2026-11-13", visit())
    practice.drop_visits("2026-11-15", visit(), visit(at=DAYS[0]))  # says the same of it, later
    outcome = practice.drop_visits("2026-11-14", paid())
    assert practice.verdicts(outcome.file_id) == {2: ("unchanged", ["stale_export"])}
    assert (outcome.report.stale, outcome.report.replaced) == (1, 0)
    assert practice.statuses() == [("2026-10-01", "completed"), ("2026-11-02", "completed")]
    history = practice.query("select count(*) from desk.session_status_history")
    assert history == [(2,)]
    assert practice.query("select sum(ins_paid_reported)::text from desk.sessions") == [("0.00",)]


def test_case_40_too_many_bad_rows_reject_the_file(practice):
    good = [visit(at=day) for day in DAYS[:3]]
    bad = [visit(at=day, charge="abc") for day in DAYS[3:10]]
    assert refusal(practice, "shifted.csv", written(*good, *bad)) == (
        "rejected", "too_many_bad_rows",
    )  # fmt: skip
    practice.drop("sixty_percent.csv", written(*good, visit(at=DAYS[20]), *bad[:6]))
    practice.drop("nine_rows.csv", written(visit(at=DAYS[21]), *bad[:6], *good[:2]))
    assert states(practice.run()) == ["loaded_with_quarantine"] * 2


def test_case_41_a_database_lost_midway_leaves_nothing(practice, monkeypatch):
    practice.drop("visits.csv", written(visit()))
    empty = practice.everything()
    real = report_load.remember

    def lost(connection, *arguments, **named):
        real(connection, *arguments, **named)
        connection.execute("select pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(report_load, "remember", lost)
    with pytest.raises(Exception, match="SQLSTATE") as fault:
        practice.run()
    assert fault.value.is_retryable
    assert practice.everything() == empty
    assert practice.ledger() == []
    monkeypatch.undo()
    assert states(practice.run()) == ["loaded"]
    assert len(practice.statuses()) == 1


def killed(practice, where, what, death):
    """Run in a process of its own that is killed at that moment; how it ended."""
    pid = os.fork()
    if pid == 0:
        try:
            setattr(where, what, death)
            practice.run("first run")
        except BatchLost:
            os._exit(3)
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)


def after(function):
    def dying(*arguments, **named):
        function(*arguments, **named)
        die()

    return dying


@pytest.mark.parametrize(
    ("where", "what", "death"),
    [
        pytest.param(report_load, "remember", die, id="between desk and raw"),
        pytest.param(report_load, "end_file", die, id="before the accounting"),
        pytest.param(drops, "load_report", after(report_load.load_report), id="before the commit"),
        pytest.param(ledger, "set_place", die, id="after the commit"),
        pytest.param(DropFolder, "move", after(DropFolder.move), id="after the move"),
        pytest.param(filing, "finish_folder", die, id="in a folder"),
    ],
)
def test_case_41_a_killed_load_is_finished_by_the_next_run(practice, where, what, death, request):
    text = written(visit(), paid(at=DAYS[0]), visit(at=DAYS[1], charge="abc"))
    if request.node.callspec.id == "in a folder":
        practice.drop_folder("weekly", {"visits.csv": text})
    else:
        practice.drop("visits.csv", text)
    assert killed(practice, where, what, death) == -signal.SIGKILL
    practice.run("second run")
    assert [row[1] for row in practice.ledger()] == ["loaded_with_quarantine"]
    assert practice.statuses() == [("2026-10-01", "paid"), ("2026-11-02", "completed")]
    assert practice.query("select count(*) from desk.session_status_history") == [(2,)]
    assert practice.query(
        "select verdict, count(*)::int from ops.row_verdict group by 1 order by 1"
    ) == [("inserted", 2), ("quarantined", 1)]
    assert practice.files("inbox") == set()


def test_case_42_files_at_once_are_applied_one_after_the_other_oldest_first(practice):
    practice.drop("b_11202026.csv", written(paid()))
    practice.drop("a_11_13_2026.csv", written(visit()))
    practice.drop("c_2026-11-14.csv", (SAMPLES / "04_insurance_claims_report_2026-11-18.csv")
                  .read_text())  # fmt: skip
    (share,) = practice.planned()
    assert share.tables == ["simplepractice.reports"]
    practice.run("run")
    assert [row[0][0] for row in practice.ledger()] == ["a", "c", "b"]
    assert practice.session("billing_status, source_as_of::text") == ("paid", "2026-11-20")
    history = practice.query(
        "select to_status from desk.session_status_history order by history_id"
    )
    assert history == [("completed",), ("paid",)]


def test_case_43_windows_1252_is_read_and_is_the_same_client(practice):
    practice.drop_visits("2026-11-13", visit(client="Zoë D'Arcanelle"))
    old = written(visit(client="Zoë D'Arcanelle", at="11/03/2026 08:00")).encode("cp1252")
    (practice.inbox / "old_2026-11-14.csv").write_bytes(old)
    (outcome,) = practice.run()
    assert outcome.state == "loaded"
    assert "cp1252_decoded" in outcome.report.warnings
    assert practice.query("select full_name from desk.clients") == [("Zoë D'Arcanelle",)]


def test_case_49_odd_file_names_are_kept_apart_and_repeated_nowhere(practice, caplog):
    caplog.set_level(logging.DEBUG)
    names = ["..csv", "a;rm -rf ~.csv", "<b>Calyx<b>\n.csv", "\u202egnp.csv", "x" * 250 + ".csv"]
    for day, name in zip(DAYS, names, strict=False):
        (practice.inbox / name).write_text(written(visit(at=day)))
    outcomes = practice.run()
    assert states(outcomes) == ["loaded"] * 4  # ".." is hidden, as every name with a dot first
    said = caplog.text + json.dumps([outcome.as_json() for outcome in outcomes])
    assert not any(name in said for name in names)
    assert "Calyx" not in said
    archived = practice.query("select archived_as from ops.file order by 1")
    assert all(place.startswith("archive/simplepractice/") for (place,) in archived)
    assert all((practice.root / place).is_file() for (place,) in archived)


def test_the_name_says_nothing_about_the_report(practice):
    practice.drop("insurance_claims_2026-11-18", written(visit()))
    (practice.inbox / "notes.txt.gz").write_bytes(gzip.compress(written(paid()).encode()))
    practice.drop_folder("weekly", {"x.csv": written(visit(at=DAYS[0]))})
    outcomes = practice.run()
    assert {outcome.table for outcome in outcomes} == {"appointment_status"}
    assert len(outcomes) == 3


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("report_2026-11-20.csv", datetime(2026, 11, 20)),
        ("appointments_report 11202026.csv", datetime(2026, 11, 20)),
        ("report-11_20_2026(1).csv", datetime(2026, 11, 20)),
        ("report 11-20-2026.csv", datetime(2026, 11, 20)),
        ("report_13_20_2026.csv", None),
        ("report 11_2026.csv", None),
        ("call 5551120202612.csv", None),
    ],
)
def test_a_name_says_when_it_was_exported(name, day):
    assert time_in(name) == day


def test_an_export_from_tomorrow_is_held_until_it_is_released(practice):
    practice.settings = practice.settings.model_copy(update={"as_of": None})
    practice.drop("report_2199-01-01.csv", written(visit()))
    (outcome,) = practice.run()
    assert (outcome.state, outcome.code) == ("held", "exported_in_future")
    assert practice.statuses() == []


@pytest.mark.parametrize("table", ["payment_export", "session_log"])
def test_a_known_report_that_is_not_loaded_is_parked_in_the_archive(practice, table):
    header = {
        "payment_export": "Payment ID,Date Paid,Account,Payment type,Name,Amount,"
        "Payment Reference ID\n1,11/02/2026,Accounts Receivable,Card,Calyx Thornbury,20.0,x\n",
        "session_log": "Client,Client type,Date added,Primary clinician,Start time,End time,"
        "Minutes,Primary insurance,Billing route,Status,Notes\na,b,11/02/2026,c,9:00,10:00,60,"
        "d,e,submitted,f\n",
    }
    practice.drop("some.csv", header[table])
    (outcome,) = practice.run()
    assert (outcome.state, outcome.table, outcome.is_clean) == ("parked", table, True)
    assert practice.files() == {"archive/simplepractice/some.csv"}


def test_too_large_a_report_is_rejected(warehouse, tmp_path):
    practice = Practice(warehouse, tmp_path, max_report_rows=3, max_report_bytes=2000)
    assert refusal(practice, "long.csv", written(*[visit(at=day) for day in DAYS[:4]])) == (
        "rejected", "too_large",
    )  # fmt: skip
    assert refusal(practice, "wide.csv", written(visit(client="x" * 2000)))[1] == "too_large"


def test_a_wrong_row_count_in_the_manifest_holds_the_file(practice):
    text = written(visit(), visit(at=DAYS[0], charge="abc")) + "\n"
    practice.drop_folder("a", {"visits.csv": text}, listed={"visits.csv": {"rows": 3}})
    (outcome,) = practice.run()
    assert (outcome.state, outcome.code) == ("held", "row_count")
    practice.drop_folder("b", {"visits.csv": text}, listed={"visits.csv": {"rows": 2}})
    assert states(practice.run()) == ["loaded_with_quarantine"]


def test_no_cell_is_in_a_log_or_a_result(practice, caplog):
    caplog.set_level(logging.DEBUG)
    outcomes = [practice.drop_sample(number) for number in ("03", "01", "02")]
    said = caplog.text + json.dumps([outcome.as_json() for outcome in outcomes])
    assert "23 quarantined" in said
    for word in ("Ferris", "Halloway", "Harborlight", "HYPERLINK", "MYSTERY", "13/02"):
        assert word not in said, word


def test_reports_and_tables_share_the_inbox(practice):
    other = practice.root / "inbox" / "opendental" / "usergroup_2026-11-01.csv"
    other.write_text("UserGroupNum,Description\n1,Admin\n")
    practice.drop("visits.csv", written(visit()))
    assert states(practice.run()) == ["loaded", "loaded"]
    assert practice.query("select count(*) from ops.batch where state = 'committed'") == [(1,)]


def test_of_two_exports_of_one_day_the_one_written_later_counts(practice):
    """A browser names the second download of a day " (1)", which sorts before the first."""
    first = practice.drop("appointments_2026-11-19.csv", written(visit()))
    second = practice.drop("appointments_2026-11-19 (1).csv", written(paid()))
    os.utime(first, (1_000_000, 1_000_000))
    os.utime(second, (2_000_000, 2_000_000))
    practice.run()
    assert practice.session("billing_status, ins_paid_reported::text") == ("paid", "100.00")
