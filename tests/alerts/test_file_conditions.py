"""Files that did not come, and files that could not be taken."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.desk.conftest import TODAY, Desk

K1 = "appointment_status"


def at(day: date, hour: int = 15) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


@pytest.fixture
def receive(warehouse):
    """A row of the ledger: a file received so many days ago."""
    with Desk(warehouse).open("loader") as loader:

        def received(days, state="loaded", *, source="simplepractice", table=K1, read=100, bad=0,
                     when=None):  # fmt: skip
            row = loader.execute(
                "insert into ops.file (source, table_name, file_name, sha256, bytes, mode,"
                " exported_on, state, rows_read, rows_inserted, rows_quarantined, received_at)"
                " values (%s, %s, 'x.csv', 'x', 1, 'full', now()::timestamp, %s, %s, %s, %s, %s)"
                " returning file_id",
                [source, table, state, read, read - bad, bad, when or at(TODAY - timedelta(days))],
            ).fetchone()
            return row[0]

        received.loader = loader
        yield received


def shown(days):
    return {row["rule_code"]: row["day_count"] for row in days.alerts() if not row["resolved_on"]}


@pytest.mark.parametrize(
    ("source", "table", "ago", "expected"),
    [
        ("simplepractice", K1, 8, {}),
        ("simplepractice", K1, 9, {"no_file": 9}),
        ("simplepractice", "insurance_claims", 90, {}),
        ("opendental", "claim", 3, {}),
        ("opendental", "claim", 4, {"no_drop": 4}),
        ("practice", "adjustment_types", 90, {}),
    ],
)
def test_a_source_that_fell_silent_is_told(days, receive, source, table, ago, expected):
    receive(ago, source=source, table=table)
    days.evaluate()
    assert shown(days) == expected


def test_a_source_that_never_sent_anything_is_not_missed(days):
    assert days.evaluate().opened == 0


def test_only_what_could_be_taken_counts_as_received(days, receive):
    receive(30)
    receive(20, "duplicate")
    receive(1, "rejected", table=None)
    receive(1, "held")
    receive(2, table="insurance_claims")
    days.evaluate()
    assert shown(days)["no_file"] == 20
    receive(0)
    days.evaluate()
    assert "no_file" not in shown(days)


def test_a_file_counts_on_the_practice_s_own_day(days, receive):
    days.db.execute("select set_config('daysheet.timezone', 'America/Chicago', false)")
    receive(0, when=datetime(2026, 11, 12, 5, 30, tzinfo=UTC))  # late on the 11th there
    days.evaluate()
    assert shown(days) == {"no_file": 9}


@pytest.mark.parametrize(
    ("state", "read", "bad", "expected"),
    [
        ("loaded", 100, 0, 0),
        ("loaded_with_quarantine", 100, 10, 0),
        ("loaded_with_quarantine", 100, 11, 1),
        ("loaded_with_quarantine", 9, 1, 1),
        ("rejected", 0, 0, 1),
        ("held", 0, 0, 1),
        ("duplicate", 0, 0, 0),
        ("parked", 0, 0, 0),
    ],
)
def test_a_file_that_could_not_be_taken_is_told(days, receive, state, read, bad, expected):
    file_id = receive(0, state, read=read, bad=bad)
    days.evaluate()
    rows = days.alerts("bad_file")
    assert [(row["file_id"], row["severity"]) for row in rows] == [(file_id, "high")] * expected


def test_a_bad_file_is_made_up_for_by_the_next_good_one_of_its_kind(days, receive):
    receive(2, "rejected")
    days.evaluate()
    for other in ({"table": "insurance_claims"}, {"source": "practice"}, {"bad": 11}):
        receive(1, **other)
    days.evaluate()
    assert len([row for row in days.alerts("bad_file") if not row["resolved_on"]]) == 2
    receive(0, bad=1)
    days.evaluate()
    assert shown(days) == {}


def test_a_good_file_from_before_makes_up_for_nothing(days, receive):
    receive(3)
    receive(2, "rejected")
    days.evaluate()
    assert "bad_file" in shown(days)


def test_a_held_file_that_was_released_is_decided_on(days, receive):
    file_id = receive(0, "held")
    receive.loader.execute(
        "update ops.file set released_by = 'lea', release_reason = 'right' where file_id = %s",
        [file_id],
    )
    days.evaluate()
    assert shown(days) == {}


def test_a_file_of_no_known_kind_is_over_after_two_weeks(days, receive):
    receive(0, "rejected", table=None)
    days.evaluate()
    receive(0)  # of some kind, but nobody can say of which the other was
    days.evaluate(TODAY + timedelta(14))
    assert "bad_file" in shown(days)
    days.evaluate(TODAY + timedelta(15))
    assert "bad_file" not in shown(days)


WEDNESDAY = date(2026, 11, 18)


@pytest.mark.parametrize(
    ("received_on", "holidays", "expected"),
    [
        (date(2026, 11, 17), [], {}),  # Wednesday, Thursday, Friday
        (date(2026, 11, 16), [], {"quarantine_open": 4}),
        (date(2026, 11, 16), [WEDNESDAY], {}),
        (date(2026, 11, 14), [], {"quarantine_open": 5}),  # a Saturday
        (date(2026, 11, 13), [WEDNESDAY], {"quarantine_open": 4}),
    ],
)
def test_refused_rows_wait_business_days(days, receive, received_on, holidays, expected):
    for day in holidays:
        days.db.execute("insert into desk.holiday values (%s, 'closed')", [day])
    file_id = receive(0, "loaded_with_quarantine", bad=2, when=at(received_on))
    for line in (2, 3):
        receive.loader.execute(
            "insert into ops.row_verdict (file_id, line, verdict) values (%s, %s, 'quarantined')",
            [file_id, line],
        )
    days.evaluate()
    assert shown(days) == expected
    days.db.execute(
        "update ops.row_verdict set decision = 'discarded', decided_by = 'lea' where line = 2"
    )
    days.evaluate()
    assert shown(days) == expected, "one row is still undecided"
    days.db.execute("update ops.row_verdict set decision = 'discarded', decided_by = 'lea'")
    days.evaluate()
    assert shown(days) == {}
