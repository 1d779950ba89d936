"""One verdict for each row: what is new, changed, the same, late, absent or there twice."""

from datetime import datetime, timedelta

import pytest
from tests.ingest.loading import Loads

from daysheet.ingest.verdicts import FileHeld

FEE = "FeeNum,Amount,FeeSched,CodeNum,ClinicNum,ProvNum,SecDateEntry,SecDateTEdit\n"
GROUP = "UserGroupNum,Description\n"


@pytest.fixture
def loads(shared_warehouse, tmp_path):
    with Loads(shared_warehouse, tmp_path, hold_closed_rows=2, hold_closed_pct=50) as loads:
        yield loads


def day(number: int) -> datetime:
    return datetime(2026, 1, 1) + timedelta(days=number)


def fees(*rows: tuple[int, int, int]) -> str:
    """A fee file of (key, amount, day it changed)."""
    return FEE + "".join(f"{key},{amount},1,1,0,0,,{day(at)}\n" for key, amount, at in rows)


def groups(*rows: tuple[int, str]) -> str:
    return GROUP + "".join(f"{key},{text}\n" for key, text in rows)


def amounts(loads: Loads) -> dict[int, int]:
    return {key: int(amount) for key, amount in loads.current("fee", "FeeNum", "Amount")}


def verdicts(report) -> dict[str, int]:
    names = ("inserted", "replaced", "unchanged", "stale", "quarantined", "skipped", "closed")
    return {name: count for name in names if (count := getattr(report, name))}


def test_a_later_row_replaces_and_an_older_one_is_stale(loads):
    loads.load("fee", fees((1, 10, 5), (2, 20, 5)))
    report = loads.load("fee", fees((1, 11, 6), (2, 19, 4), (3, 30, 1)))
    assert verdicts(report) == {"replaced": 1, "stale": 1, "inserted": 1}
    assert amounts(loads) == {1: 11, 2: 20, 3: 30}


def test_the_same_file_twice_changes_nothing(loads):
    first = loads.load("fee", fees((1, 10, 5), (2, 20, 5)))
    before = loads.state("fee")
    loads.next_batch()
    again = loads.load("fee", fees((1, 10, 5), (2, 20, 5)))
    assert (first.changed, again.changed) == (2, 0)
    assert verdicts(again) == {"unchanged": 2}
    assert loads.state("fee") == before == loads.counted_state("fee")
    assert loads.one("select count(*) from raw.opendental__fee") == (2,)


def test_of_one_time_the_same_row_wins_in_either_order(loads):
    results = []
    for order in ((10, 99), (99, 10)):
        loads.clear()
        for amount in order:
            loads.load("fee", fees((1, amount, 5)))
        results.append((amounts(loads), loads.state("fee")))
    assert results[0] == results[1]


def test_rows_of_one_key_in_a_file_are_settled_whatever_their_order(loads):
    rows = [(1, 10, 5), (1, 12, 7), (1, 11, 6), (1, 12, 7), (2, 1, 1)]
    for order in (rows, rows[::-1]):
        loads.clear()
        report = loads.load("fee", fees(*order))
        assert verdicts(report) == {"inserted": 2, "stale": 2, "unchanged": 1}
        assert amounts(loads) == {1: 12, 2: 1}
        assert "3 rows repeat a key of the file: the latest of each counts" in report.warnings


def test_history_tells_what_was_known_at_each_batch(loads):
    known = {}
    for at in range(1, 4):
        loads.load("fee", fees((1, at * 10, at), (at + 1, 5, at)))
        known[loads.batch] = (loads.state("fee"), amounts(loads))
        loads.next_batch()
    for batch, (state, rows) in known.items():
        visible = loads.all(
            'select "FeeNum", "Amount"::integer from raw.opendental__fee'
            " where _batch_from <= %s and _batch_to > %s",
            batch,
            batch,
        )
        assert dict(visible) == rows
        assert (
            loads.one(
                "select row_count, digest_high, digest_low from ops.source_state where batch = %s",
                batch,
            )
            == state
        )


def test_two_files_in_one_batch_leave_an_invisible_version_between(loads):
    loads.load("fee", fees((1, 10, 1)))
    loads.load("fee", fees((1, 11, 2)))
    loads.load("fee", fees(), mode="full", exported_on=day(3), released=True)
    versions = loads.all("select _batch_from, _batch_to from raw.opendental__fee order by _line")
    assert versions == [(loads.batch, loads.batch)] * 2
    assert loads.state("fee") == (0, 0, 0) == loads.counted_state("fee")


def test_a_full_file_closes_what_it_lacks_but_not_what_came_later(loads):
    loads.load("fee", fees((1, 10, 1), (2, 20, 2), (3, 30, 9)))
    report = loads.load("fee", fees((1, 10, 1)), mode="full", exported_on=day(5))
    assert verdicts(report) == {"unchanged": 1, "closed": 1}
    assert amounts(loads) == {1: 10, 3: 30}


def test_a_closed_key_stays_closed_until_something_newer_brings_it(loads):
    loads.load("fee", fees((1, 10, 1), (2, 20, 2)))
    loads.load("fee", fees((1, 10, 1)), mode="full", exported_on=day(5))
    assert verdicts(loads.load("fee", fees((2, 20, 2)))) == {"stale": 1}
    assert verdicts(loads.load("fee", fees((2, 20, 2)), mode="full", exported_on=day(4))) == {
        "stale": 1
    }
    assert amounts(loads) == {1: 10}
    assert verdicts(loads.load("fee", fees((2, 22, 6)))) == {"inserted": 1}
    loads.load("fee", fees((1, 10, 1)), mode="full", exported_on=day(7))
    again = loads.load("fee", fees((1, 10, 1), (2, 20, 2)), mode="full", exported_on=day(8))
    assert verdicts(again) == {"unchanged": 1, "inserted": 1}
    assert amounts(loads) == {1: 10, 2: 20}


def test_an_older_full_file_closes_nothing(loads):
    loads.load("fee", fees((1, 10, 1), (2, 20, 2)), mode="full", exported_on=day(5))
    report = loads.load("fee", fees((1, 10, 1)), mode="full", exported_on=day(4))
    assert verdicts(report) == {"unchanged": 1}
    assert report.warnings == ("older than the newest full file: it closes nothing",)
    assert amounts(loads) == {1: 10, 2: 20}


def test_a_refused_row_of_a_full_file_is_not_absent(loads):
    loads.load("fee", fees((1, 10, 1), (2, 20, 1), (3, 30, 1), (4, 40, 1)))
    text = fees((1, 10, 1)) + "2,$5,1,1,0,0,,\n" + '"3",30,1,1,0,0,\n'
    report = loads.load("fee", text, mode="full", exported_on=day(5))
    assert verdicts(report) == {"unchanged": 1, "quarantined": 2, "closed": 1}
    assert amounts(loads) == {1: 10, 2: 20, 3: 30}


def test_a_full_file_with_an_unreadable_key_closes_nothing_and_is_not_the_newest(loads):
    loads.load("fee", fees((1, 10, 1), (2, 20, 1)))
    report = loads.load("fee", fees((1, 10, 1)) + "?,9\n", mode="full", exported_on=day(5))
    assert verdicts(report) == {"unchanged": 1, "quarantined": 1}
    assert report.warnings == ("1 refused rows have no readable key: the file closes nothing",)
    assert amounts(loads) == {1: 10, 2: 20}
    assert loads.one("select newest_full from ops.source_state") == (None,)


def test_a_full_file_that_closes_too_much_is_held_until_released(loads):
    loads.load("fee", fees(*((key, 1, 1) for key in range(10))))
    shorter = fees(*((key, 1, 1) for key in range(4)))
    before = loads.state("fee")
    with pytest.raises(FileHeld) as refusal:
        loads.load("fee", shorter, mode="full", exported_on=day(5))
    assert refusal.value.code == "closes_too_many"
    assert "6 of the table's 10 rows" in refusal.value.problem
    assert loads.state("fee") == before == loads.counted_state("fee")
    assert loads.one("select count(*) from ops.file") == (1,)
    assert loads.load("fee", shorter, mode="full", released=True, exported_on=day(5)).closed == 6


def test_few_rows_or_a_small_share_may_be_closed(loads):
    loads.load("fee", fees(*((key, 1, 1) for key in range(10))))
    half = loads.load(
        "fee", fees(*((key, 1, 1) for key in range(5))), mode="full", exported_on=day(5)
    )
    assert half.closed == 5
    assert loads.load("fee", fees((0, 1, 1), (1, 1, 1), (2, 1, 1)), mode="full",
                      exported_on=day(6)).closed == 2  # fmt: skip


def test_without_a_change_time_the_later_export_wins(loads):
    loads.load("usergroup", groups((1, "new")), exported_on=day(5))
    assert verdicts(loads.load("usergroup", groups((1, "old")), exported_on=day(4))) == {"stale": 1}
    assert loads.current("usergroup", "Description") == [("new",)]


def test_a_row_confirmed_by_a_later_export_is_not_undone_by_one_in_between(loads):
    loads.load("usergroup", groups((1, "a")), exported_on=day(1))
    assert verdicts(loads.load("usergroup", groups((1, "a")), exported_on=day(5))) == {
        "unchanged": 1
    }
    assert verdicts(loads.load("usergroup", groups((1, "b")), exported_on=day(3))) == {"stale": 1}
    assert loads.current("usergroup", "Description") == [("a",)]


@pytest.mark.parametrize("nothing", ["", "0001-01-01 00:00:00", "0000-00-00 00:00:00"])
def test_a_row_that_never_changed_takes_the_time_of_its_export(loads, nothing):
    loads.load("fee", FEE + f"1,10,1,1,0,0,,{nothing}\n", exported_on=day(5))
    assert loads.one("select _row_time from raw.opendental__fee") == (day(5),)
    assert verdicts(loads.load("fee", fees((1, 9, 4)))) == {"stale": 1}


def test_null_and_empty_are_different_content(loads):
    loads.load("usergroup", GROUP + "1,\n", exported_on=day(1))
    report = loads.load("usergroup", "UserGroupNum\n1\n", exported_on=day(2))
    assert verdicts(report) == {"replaced": 1}
    assert loads.current("usergroup", "Description") == [(None,)]


def test_the_ledger_row_holds_the_report(loads):
    report = loads.load("fee", fees((1, 1, 1), (2, 2, 1)) + "3,x,1,1,0,0,,\n", rows=3)
    assert loads.one(
        "select file_id, state, mode, batch, rows_read, rows_inserted, rows_quarantined,"
        " rows_closed from ops.file"
    ) == (report.file_id, "loaded_with_quarantine", "changes", loads.batch, 3, 2, 1, 0)
    assert report.as_json()["reasons"] == {"bad_money:Amount": 1}


def test_a_load_leaves_no_table_behind_and_fresh_statistics(loads):
    loads.load("fee", fees(*((key, 1, 1) for key in range(50))))
    assert loads.all("select from pg_tables where schemaname = 'load'") == []
    assert loads.one(
        "select count(*) > 0 from pg_stats where schemaname = 'raw' and tablename = %s",
        "opendental__fee",
    ) == (True,)
