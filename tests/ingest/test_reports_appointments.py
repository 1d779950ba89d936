"""Appointment reports against the sessions there are: what is new, changed, older or gone."""

from datetime import date
from decimal import Decimal

import pytest
from tests.ingest.practice_reports import HEADER, Practice, paid, visit, written

from daysheet.desk.actors import system
from daysheet.desk.ledger.adjustments import adjust
from daysheet.ingest.reports.statuses import first_status, goes_backwards, steps
from daysheet.warehouse import session

WITH_NOTE = [*HEADER[:9], "Progress Note Status", *HEADER[9:17], "Write-off", HEADER[17]]
DAYS = [f"10/{day:02}/2026 09:00" for day in range(1, 31)]


def noted(note, write_off="0.0", **cells):
    """A row of the 20-column report."""
    row = visit(**cells)
    return [*row[:9], note, *row[9:17], write_off, row[17]]


@pytest.fixture
def practice(warehouse, tmp_path):
    return Practice(warehouse, tmp_path)


def amounts(charge, paid, unpaid, note=None):
    """What the insurer's side of an export says."""
    written_off = Decimal(charge) - Decimal(paid) - Decimal(unpaid)
    return {
        "ins_charge": Decimal(charge), "ins_paid_reported": Decimal(paid),
        "ins_unpaid_reported": Decimal(unpaid), "write_off_reported": written_off,
        "note_status": note,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("day", "snapshot", "status"),
    [
        ("2026-11-21", amounts(130, 130, 0), "scheduled"),
        ("2026-11-20", amounts(0, 0, 0, "LOCKED"), "client_responsibility"),
        ("2026-11-20", amounts(0, 10, -10), "paid"),
        ("2026-11-20", amounts(130, 100, 0), "paid"),
        ("2026-11-20", amounts(130, 160, -30), "paid"),
        ("2026-11-20", amounts(130, 0, 0), "written_off"),
        ("2026-11-20", amounts(130, 50, 80, "LOCKED"), "pending"),
        ("2026-11-20", amounts(130, 0, 130, "LOCKED"), "documented"),
        ("2026-11-20", amounts(130, 0, 130, "signed"), "documented"),
        ("2026-11-20", amounts(130, 0, 130, "DRAFT"), "completed"),
        ("2026-11-20", amounts(130, 0, 130), "completed"),
    ],
)
def test_amounts_decide_the_first_status(day, snapshot, status):
    assert first_status(date.fromisoformat(day), date(2026, 11, 20), snapshot) == status


@pytest.mark.parametrize(
    ("status", "wanted", "outstanding", "path"),
    [
        ("scheduled", "scheduled", 130, []),
        ("scheduled", "completed", 130, ["completed"]),
        ("scheduled", "documented", 130, ["completed", "documented"]),
        ("scheduled", "paid", 0, ["completed", "paid"]),
        ("completed", "documented", 130, ["documented"]),
        ("completed", "pending", 80, []),
        ("documented", "completed", 130, []),
        ("ready_to_bill", "documented", 130, []),
        ("submitted", "pending", 80, ["pending"]),
        ("pending", "paid", 0, ["paid"]),
        ("pending", "paid", 20, []),
        ("denied", "paid", 0, ["paid"]),
        ("submitted", "written_off", 0, ["written_off"]),
        ("submitted", "client_responsibility", 0, []),
        ("paid", "pending", 80, []),
        ("voided", "paid", 0, []),
    ],
)
def test_an_export_moves_a_status_forward_only(status, wanted, outstanding, path):
    assert list(steps(status, wanted, Decimal(outstanding))) == path


@pytest.mark.parametrize(
    ("status", "before", "now", "is_backwards"),
    [
        ("paid", amounts(130, 98, 0), amounts(130, 0, 130), True),
        ("paid", amounts(130, 0, 130), amounts(130, 100, 0), False),
        ("pending", amounts(130, 50, 80), amounts(130, 40, 80), True),
        ("written_off", amounts(130, 0, 0), amounts(130, 0, 130), True),
        ("client_responsibility", amounts(0, 0, 0), amounts(0, 5, -5), True),
        ("documented", amounts(130, 0, 130, "LOCKED"), amounts(130, 0, 130, "DRAFT"), True),
        ("documented", amounts(130, 0, 130, "LOCKED"), amounts(130, 0, 130, "SIGNED"), False),
        ("submitted", amounts(130, 0, 130), amounts(0, 0, 0), True),
        ("completed", amounts(130, 0, 130), amounts(0, 0, 0), False),
    ],
)
def test_what_the_source_takes_back_is_seen(status, before, now, is_backwards):
    assert goes_backwards(status, before, now) is is_backwards


def test_a_newer_export_replaces_what_the_source_says_and_only_that(practice):
    practice.drop_visits("2026-11-13", visit())
    with practice.begun("biller") as run:
        run.connection.execute("update desk.sessions set hold_reason = 'ask', next_action_on = "
                               "'2026-12-01', expected_allowed = 99")  # fmt: skip
    outcome = practice.drop_visits("2026-11-14", paid(client_paid="25.0", client_unpaid="5.0"))
    assert practice.verdicts(outcome.file_id) == {
        2: ("accepted_with_warning", ["label_amount_mismatch"])
    }
    assert practice.session(
        "billing_status, paid_on, paid_on_source, amount_paid::text, write_off::text,"
        " outstanding::text, client_unpaid::text, hold_reason, expected_allowed::text"
    ) == ("paid", None, "unknown", "100.00", "30.00", "0.00", "5.00", "ask", "99.00")
    history = practice.query(
        "select from_status, to_status, source, file_id, line from desk.session_status_history"
        " order by history_id"
    )
    assert history == [
        (None, "completed", "import", 1, 2),
        ("completed", "paid", "import", outcome.file_id, 2),
    ]


def test_an_export_that_says_the_same_does_not_touch_the_session(practice):
    practice.drop_visits("2026-11-13", visit())
    before = practice.session("row_version, updated_at")
    outcome = practice.drop_visits("2026-11-14", visit(), visit(at=DAYS[0]))
    assert practice.verdicts(outcome.file_id)[2] == ("unchanged", [])
    columns = "row_version, updated_at, source_as_of::text"
    assert practice.session(columns, "service_on = '2026-11-02'") == (*before, "2026-11-14")


def test_of_two_exports_of_one_day_the_later_one_counts(practice):
    practice.drop_visits("2026-11-13", visit())
    practice.drop_visits("2026-11-13", paid())
    practice.drop_visits("2026-11-13", paid(paid="110.0"))
    assert practice.session("ins_paid_reported::text") == ("110.00",)
    current = practice.query(
        "select ins_paid::numeric(12, 2)::text from raw.simplepractice__appointment_status"
        " where _batch_to = 2147483647"
    )
    assert current == [("110.00",)]


def test_a_note_documents_a_visit_and_a_lost_note_is_a_conflict(practice):
    practice.drop("a_2026-11-13.csv", written(noted("DRAFT"), header=WITH_NOTE))
    practice.drop("b_2026-11-14.csv", written(noted("LOCKED"), header=WITH_NOTE))
    practice.drop("c_2026-11-15.csv", written(visit()))  # has no such column: says nothing
    practice.drop("d_2026-11-16.csv", written(noted("NO NOTE"), header=WITH_NOTE))
    *_, third, last = practice.run()
    assert practice.verdicts(third.file_id)[2][0] == "unchanged"
    assert practice.verdicts(last.file_id)[2] == ("accepted_with_warning", ["source_regression"])
    assert practice.session("billing_status, note_status") == ("documented", "NO NOTE")
    assert practice.items() == [("conflict", "source_regression")]


def test_a_payment_that_vanishes_keeps_the_status_and_asks(practice):
    practice.drop_visits("2026-11-13", paid())
    outcome = practice.drop_visits("2026-11-14", visit())
    assert practice.verdicts(outcome.file_id)[2][1] == ["source_regression"]
    assert practice.session("billing_status, outstanding::text") == ("paid", "130.00")
    assert practice.items() == [("conflict", "source_regression")]


def test_a_stored_write_off_is_read_or_worked_out(practice):
    practice.drop("a_2026-11-13.csv", written(
        noted("", "20.0", charge="130.0", paid="100.0", unpaid="10.0"),
        noted("", "25.0", at=DAYS[0], charge="130.0", paid="100.0", unpaid="10.0"),
        header=WITH_NOTE,
    ))  # fmt: skip
    practice.drop("b_2026-11-14.csv", written(visit(at=DAYS[1], paid="100.0", unpaid="10.0")))
    first, _ = practice.run()
    assert practice.verdicts(first.file_id)[3][1] == ["balance_identity_mismatch"]
    assert practice.query(
        "select write_off_reported::text, outstanding::text from desk.sessions order by 1, 2"
    ) == [("20.00", "10.00"), ("20.00", "10.00"), ("25.00", "5.00")]


def test_a_visit_moved_in_time_is_a_possible_correction_until_decided(practice):
    practice.drop_visits("2026-11-13", visit(), visit(at=DAYS[0]))
    outcome = practice.drop_visits(
        "2026-11-14",
        visit(at="11/02/2026 08:30"),
        visit(at=DAYS[0]),
        visit(at=DAYS[0], code="90785"),
    )
    assert practice.verdicts(outcome.file_id) == {
        2: ("accepted_with_warning", ["possible_correction"]),
        3: ("unchanged", []),
        4: ("inserted", []),  # the other code of that visit is still in the file
    }
    sides = practice.query(
        "select service_time::text, detail ->> 'this_is' from desk.work_items"
        " inner join desk.sessions using (session_id) order by 1"
    )
    assert sides == [("08:00:00", "old"), ("08:30:00", "new")]


def test_a_session_refused_in_the_file_is_not_gone(practice):
    practice.drop_visits("2026-11-13", visit())
    outcome = practice.drop_visits("2026-11-14", visit(charge="abc"), visit(at="11/02/2026 08:30"))
    assert practice.verdicts(outcome.file_id)[3] == ("inserted", [])


def test_sessions_missing_from_two_exports_in_a_row_are_asked_about(practice):
    rows = [visit(at=day) for day in DAYS[:10]]
    practice.drop_visits("2026-11-13", *rows)
    practice.drop_visits("2026-11-14", *rows[:4], *rows[5:])
    assert practice.items() == []
    practice.drop_visits("2026-11-15", *rows[:4], *rows[5:], visit(at="11/01/2026 09:00"))
    asked = practice.query(
        "select kind, service_on::text, billing_status from desk.work_items"
        " inner join desk.sessions using (session_id)"
    )
    assert asked == [("deleted_at_source", "2026-10-05", "completed")]


@pytest.mark.parametrize("missing", [(3, 3), (3, 1), (1, 3)])
def test_a_thin_export_says_nothing_by_silence(practice, missing):
    rows = [visit(at=day) for day in DAYS[:10]]
    second, third = ([rows[0], *rows[count + 1 :]] for count in missing)
    practice.drop_visits("2026-11-13", *rows)
    practice.drop_visits("2026-11-14", *second)
    practice.drop_visits("2026-11-15", *third, visit(at="11/01/2026 09:00"))
    assert practice.items() == []


def test_a_payer_is_known_by_its_id_and_by_every_spelling(practice):
    practice.drop_visits(
        "2026-11-13",
        visit(at=DAYS[0], payer="Bluemeadow of Jersey (22750)"),
        visit(at=DAYS[1], payer="BLUEMEADOW  Horizon NJ (22750)"),
        visit(at=DAYS[2], payer="Bluemeadow of Jersey"),
        visit(at=DAYS[3], payer="Summit (Lakeshore Plan) (kbh01)"),
    )
    payers = practice.query(
        "select external_id, payers.name, count(*) from desk.sessions"
        " inner join desk.payers using (payer_id) group by 1, 2 order by 1"
    )
    assert payers == [
        ("22750", "BLUEMEADOW Horizon NJ", 3),
        ("KBH01", "Summit (Lakeshore Plan)", 1),
    ]
    assert practice.items() == []


def test_what_the_export_moves_to_the_client_as_well_is_moved_once(practice):
    practice.drop_visits("2026-11-13", visit())
    ((session_id,),) = practice.query("select session_id from desk.sessions")
    with session(practice.warehouse.dsn("desk"), "test") as connection:
        actor = system("import", "insurance_claims")
        adjust(connection, actor, session_id, "to_client", Decimal(130), reason="deductible")
    shown = "client_transfer, outstanding, payer_credit"
    assert practice.session(shown) == (130, 0, 0)
    practice.drop_visits(
        "2026-11-20",
        visit(label="NO CHARGE", charge="0.0", unpaid="0.0", client_charge="160.0"),
    )
    assert practice.session(shown) == (0, 0, 0)
