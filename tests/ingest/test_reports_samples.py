"""The sample reports: each line has the verdict that was worked out by hand."""

import json

import pytest
from tests.ingest.practice_reports import AS_OF, SAMPLES, Practice, visit, written

EXPECTED = {row["line"]: row for row in json.loads((SAMPLES / "03_verdicts.json").read_text())}

# Which lines of the bad file show which case of bad input.
CASES = {
    1: [3], 2: [4], 3: [5], 4: [6], 5: [7], 6: [12], 7: [13], 8: [14], 9: [15], 10: [16],
    11: [17], 12: [18], 13: [19], 14: [20], 15: [21], 16: [22], 17: [23], 18: [25], 19: [26],
    20: [27], 21: [28], 22: [29], 23: [30], 24: [31], 25: [33], 26: [32], 27: [34], 28: [36],
    29: [37, 38], 30: [39, 40, 41, 42], 31: [43, 44, 45],
}  # fmt: skip


@pytest.fixture(scope="module")
def bad(shared_warehouse, tmp_path_factory):
    practice = Practice(shared_warehouse, tmp_path_factory.mktemp("drops"))
    practice.outcome = practice.drop_sample("03")
    practice.found = practice.verdicts(practice.outcome.file_id)
    practice.status_of = dict(
        practice.query(
            "select line, billing_status from ops.row_verdict inner join desk.sessions"
            " using (session_id)"
        )
    )
    return practice


@pytest.mark.parametrize(
    "line",
    [pytest.param(at, id=f"case_{case}-line_{at}") for case, lines in CASES.items() for at in lines]
    + [line for line in EXPECTED if not any(line in lines for lines in CASES.values())],
)
def test_a_line_of_the_bad_file_has_its_verdict(bad, line):
    expected = EXPECTED[line]
    assert bad.found[line] == (expected["verdict"], expected["reasons"]), expected["why"]
    assert bad.status_of.get(line) == expected.get("billing_status"), expected["why"]


def test_every_line_of_the_bad_file_is_accounted_for(bad):
    report = bad.outcome.report
    assert bad.found.keys() == EXPECTED.keys()
    assert bad.outcome.state == "loaded_with_quarantine"
    assert (report.read, report.quarantined, report.skipped, report.dropped) == (50, 23, 4, 1)
    assert report.inserted == 22
    kept = bad.query("select line, raw_text from quarantine.refused_row order by line")
    assert [line for line, _ in kept] == [
        line for line, row in EXPECTED.items() if row["verdict"] == "quarantined"
    ]
    lines = (SAMPLES / "03_appointment-status-report_bad-rows.csv").read_text().split("\n")
    assert all(text == lines[line - 1] for line, text in kept)


def test_what_is_good_of_the_bad_file_is_in_raw_as_it_is_at_the_desk(bad):
    raw = bad.query(
        "select service_on, service_time, ins_charge, ins_paid, ins_unpaid, billing_code, modifiers"
        " from raw.simplepractice__appointment_status where _batch_to = 2147483647 order by 1, 2"
    )
    desk = bad.query(
        "select service_on, coalesce(service_time, '00:00'), ins_charge, ins_paid_reported,"
        " ins_unpaid_reported, billing_code, array_to_string(modifiers, '-')"
        " from desk.sessions order by 1, 2"
    )
    assert len(raw) == 22
    assert raw == desk


def test_a_client_is_one_however_the_name_is_written(bad):
    names = bad.query("select full_name, initials from desk.clients order by 1")
    assert names == [
        ("Ferris Nightingale-Oak", "FN"),
        ("Marlow, Finch, or Finn Eastwick", "ME"),
        ("Quarry <b>Bold</b> Stane", "QS"),
    ]


def test_the_first_report_and_its_corrections_have_their_verdicts(warehouse, tmp_path):
    practice = Practice(warehouse, tmp_path)
    first = practice.verdicts(practice.drop_sample("01").file_id)
    assert len(first) == 62
    assert {line: codes for line, (_, codes) in first.items() if codes} == {
        56: ["written_off_by_source"], 60: ["payer_id_missing"], 61: ["payer_id_missing"],
    }  # fmt: skip
    assert {verdict for verdict, codes in first.values() if not codes} == {"inserted"}
    assert practice.verdicts(practice.drop_sample("02").file_id) == {
        **{line: ("updated", []) for line in (2, 3, 4, 6, 7, 8)},
        **{line: ("duplicate_dropped", ["duplicate_row"]) for line in (5, 9)},
        **{line: ("quarantined", ["conflicting_duplicate"]) for line in (10, 11)},
        12: ("accepted_with_warning", ["possible_correction"]),
        13: ("accepted_with_warning", ["source_regression"]),
        14: ("accepted_with_warning", ["label_amount_mismatch"]),
        **{line: ("inserted", []) for line in range(15, 20)},
    }
    spellings = practice.query(
        "select count(distinct payer_id), count(*) from desk.payer_aliases"
        " inner join desk.payers using (payer_id) where external_id = '22750'"
    )
    assert spellings == [(1, 3)]


def test_both_money_sides_arrive(warehouse, tmp_path):
    practice = Practice(warehouse, tmp_path)
    row = visit(client_label="UNPAID", client_charge="30.0", uninvoiced="5.0", client_paid="20.0",
                client_unpaid="10.0", label="OVER", charge="130.0", paid="140.5",
                unpaid="-10.5")  # fmt: skip
    practice.drop_visits(AS_OF, row)
    columns = (
        "client_charge, client_uninvoiced, client_paid, client_unpaid, ins_charge,"
        " {0}paid{1}, {0}unpaid{1}"
    )
    sides = ["30.00", "5.00", "20.00", "10.00", "130.00", "140.50", "-10.50"]
    assert list(map(str, practice.session(columns.format("ins_", "_reported")))) == sides
    raw = practice.query(
        f"select {columns.format('ins_', '')} from raw.simplepractice__appointment_status"
    )
    assert [f"{amount:.2f}" for amount in raw[0]] == sides


def test_a_file_of_12_columns_is_all_client_pay(warehouse, tmp_path):
    practice = Practice(warehouse, tmp_path)
    header = [
        "Date of Service", "Client", "Clinician", "Billing Code", "Rate per Unit", "Units",
        "Total Fee", "Client Payment Status", "Charge", "Uninvoiced", "Paid", "Unpaid",
    ]  # fmt: skip
    row = ["10/12/2026 09:00", "Verity Hollowell", "Wren Halloway", "90834", "130.0", "1", "130.0",
           "UNPAID", "130.0", "0.0", "100.0", "30.0"]  # fmt: skip
    practice.drop("any name.csv", written(row, header=header))
    (outcome,) = practice.run()
    assert practice.verdicts(outcome.file_id) == {2: ("inserted", [])}
    assert practice.session("billing_status, payer_id, ins_charge::text, client_unpaid::text") == (
        "client_responsibility", None, "0.00", "30.00",
    )  # fmt: skip
    another = ["10/13/2026 09:00", *row[1:]]
    practice.drop("any name.csv", written(row, another, header=header))
    (outcome,) = practice.run()
    assert practice.verdicts(outcome.file_id) == {2: ("unchanged", []), 3: ("inserted", [])}


def test_a_file_without_the_insurance_columns_takes_nothing_away(warehouse, tmp_path):
    practice = Practice(warehouse, tmp_path)
    practice.drop_visits("2026-11-13", visit())
    header = [
        "Date of Service", "Client", "Clinician", "Billing Code", "Rate per Unit", "Units",
        "Total Fee", "Client Payment Status", "Charge", "Uninvoiced", "Paid", "Unpaid",
    ]  # fmt: skip
    row = visit()
    practice.drop("later_2026-11-14.csv", written([*row[:4], *row[6:14]], header=header))
    (outcome,) = practice.run()
    assert practice.verdicts(outcome.file_id)[2][0] == "unchanged"
    assert practice.session("ins_charge::text, payer_id is null") == ("130.00", False)
