"""Refused rows of reports: mended, taken as they are, discarded, or brought again by a new file."""

import pytest
from tests.ingest.practice_reports import SAMPLES, Practice, paid, visit

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.refusals import Refused
from daysheet.ingest.reports.decisions import accept, discard, retry
from daysheet.warehouse import session

BILLER = Actor("bea", DeskRole.BILLER, "ui")
VIEWER = Actor("vic", DeskRole.VIEWER, "ui")
UNPAID = (
    "Date,Client,Clearinghouse Reference,Payer Claim,Billed,Co-Pay,Ins. Billed,Ins. Paid,"
    "Ins. Balance\n"
)


@pytest.fixture
def practice(warehouse, tmp_path):
    return Practice(warehouse, tmp_path)


@pytest.fixture
def page(practice):
    """A session as pages have it: of the desk's role."""
    clock = practice.settings.clock()
    dsn = practice.warehouse.dsn("desk")
    with session(dsn, "tests", autocommit=True, settings=clock) as connection:
        yield connection


def decided(practice):
    """Decision, who took it and the reason, of every refused row by line."""
    rows = practice.query(
        "select line, decision, decided_by, decision_reason from ops.row_verdict"
        " where verdict = 'quarantined' order by file_id, line"
    )
    return {line: tuple(rest) for line, *rest in rows}


def open_rows(practice):
    return practice.query(
        "select line from desk.work_items where kind = 'quarantined_row' and done_at is null"
        " order by 1"
    )


def in_raw(practice):
    return practice.query(
        "select service_on::text, ins_charge::numeric(12, 2)::text"
        " from raw.simplepractice__appointment_status where _batch_to = 2147483647 order by 1"
    )


def test_a_mended_row_goes_the_way_of_every_other(practice, page):
    outcome = practice.drop_visits("2026-11-13", visit(charge="abc"))
    assert open_rows(practice) == [(2,)]
    verdict = retry(page, BILLER, outcome.file_id, 2, {"ins_charge": "130.0"})
    assert (verdict.verdict, verdict.warnings) == ("inserted", ())
    assert practice.session("billing_status, ins_charge::text, session_id") == (
        "completed", "130.00", verdict.session_id,
    )  # fmt: skip
    assert in_raw(practice) == [("2026-11-02", "130.00")]
    assert decided(practice) == {2: ("retried", "bea", None)}
    assert open_rows(practice) == []
    assert practice.query("select cells, by_user from quarantine.correction") == [
        ({"ins_charge": "130.0"}, "bea")
    ]
    ((text,),) = practice.query("select raw_text from quarantine.refused_row")
    assert "abc" in text
    ((actor,),) = practice.query("select actor from desk.session_status_history")
    assert actor == "system:appointment_status"


def test_a_mended_row_is_known_at_a_batch_and_in_the_digest(practice, page):
    outcome = practice.drop_visits("2026-11-13", visit(charge="abc"), visit(at="11/03/2026 09:00"))
    retry(page, BILLER, outcome.file_id, 2, {"ins_charge": "130.0"})
    batches = practice.query(
        "select _batch_from, state, batch.owner from raw.simplepractice__appointment_status"
        " inner join ops.batch on batch = _batch_from order by 1"
    )
    assert batches == [(1, "committed", "run"), (2, "committed", "desk")]
    counted = practice.query(
        "select row_count::int from ops.source_state where table_name = 'appointment_status'"
        " order by batch"
    )
    assert counted == [(1,), (2,)]


def test_a_row_of_the_wrong_width_has_to_be_typed_whole(practice, page):
    outcome = practice.drop_visits("2026-11-13", visit()[:-1])
    with pytest.raises(Refused, match="missing_date, missing_client, missing_clinician"):
        retry(page, BILLER, outcome.file_id, 2, {"ins_charge": "130.0"})
    assert decided(practice) == {2: (None, None, None)}
    assert practice.query("select count(*) from quarantine.correction") == [(0,)]
    whole = {
        "service_on": "11/02/2026 08:00", "client": "Ferris Nightingale-Oak",
        "clinician": "Wren Halloway", "billing_code": "90837", "total_fee": "130",
        "payer": "Harborlight Health Plan (44101)", "ins_charge": "130", "ins_unpaid": "130",
    }  # fmt: skip
    assert retry(page, BILLER, outcome.file_id, 2, whole).verdict == "inserted"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [({"at": "13/02/2026"}, "bad_date"), ({"charge": "-5"}, "negative_charge")],
)
def test_what_is_still_wrong_is_named_and_changes_nothing(practice, page, cells, reason):
    outcome = practice.drop_visits("2026-11-13", visit(**cells))
    with pytest.raises(Refused, match=reason) as refused:
        retry(page, BILLER, outcome.file_id, 2)
    assert refused.value.status == 422
    with pytest.raises(Refused, match=reason):
        accept(page, BILLER, outcome.file_id, 2)
    assert practice.statuses() == []
    assert decided(practice) == {2: (None, None, None)}


def test_a_doubtful_row_may_be_taken_as_it_is(practice, page):
    outcome = practice.drop_visits(
        "2026-11-13",
        visit(client="=Oddly Named"),
        visit(at="11/03/2014 09:00"),
        visit(at="11/04/2026 09:00", payer=""),
        visit(at="11/05/2026 09:00", units="x"),
    )
    for line in (2, 3, 4):
        assert accept(page, BILLER, outcome.file_id, line, "I asked").verdict == "inserted"
    with pytest.raises(Refused, match="still_refused"):
        accept(page, BILLER, outcome.file_id, 5)
    assert decided(practice)[2] == ("accepted", "bea", "I asked")
    assert [day for day, _ in practice.statuses()] == ["2014-11-03", "2026-11-02", "2026-11-04"]


def test_of_a_conflict_the_picked_row_counts(practice, page):
    practice.drop_visits("2026-11-12", visit(rate="150.0"))
    outcome = practice.drop_visits("2026-11-13", visit(rate="150.0", label="PENDING"), paid())
    assert practice.session("billing_status") == ("completed",)
    with pytest.raises(Refused, match="unchanged"):
        retry(page, BILLER, outcome.file_id, 3)
    verdict = accept(page, BILLER, outcome.file_id, 3)
    assert verdict.verdict == "updated"
    assert practice.session("billing_status") == ("paid",)
    assert decided(practice) == {
        2: ("discarded", "bea", "another row of its key counts"),
        3: ("accepted", "bea", None),
    }
    assert open_rows(practice) == []


def test_a_discarded_row_needs_a_reason_and_stays_out(practice, page):
    outcome = practice.drop_visits("2026-11-13", visit(charge="abc"))
    with pytest.raises(Refused, match="missing"):
        discard(page, BILLER, outcome.file_id, 2, " ")
    discard(page, BILLER, outcome.file_id, 2, "a test of the front desk")
    assert decided(practice) == {2: ("discarded", "bea", "a test of the front desk")}
    with pytest.raises(Refused) as refused:
        retry(page, BILLER, outcome.file_id, 2, {"ins_charge": "130.0"})
    assert refused.value.status == 409


def test_only_a_biller_decides_and_only_on_refused_rows(practice, page):
    outcome = practice.drop_visits("2026-11-13", visit(), visit(at="11/03/2026", charge="abc"))
    with pytest.raises(Refused) as refused:
        discard(page, VIEWER, outcome.file_id, 3, "x")
    assert refused.value.status == 403
    with pytest.raises(Refused) as refused:
        discard(page, BILLER, outcome.file_id, 2, "x")
    assert refused.value.status == 404
    with pytest.raises(Refused, match="unknown_column"):
        retry(page, BILLER, outcome.file_id, 3, {"row_hash": "x"})


def test_a_corrected_file_that_brings_the_row_closes_it(practice):
    practice.drop_visits(
        "2026-11-13", visit(charge="abc"), visit(at="13/01/2026"), paid(charge="x")
    )
    assert open_rows(practice) == [(2,), (3,), (4,)]
    practice.drop_visits("2026-11-14", visit())
    assert decided(practice) == {
        2: ("superseded", "system:appointment_status", None),
        3: (None, None, None),  # nobody can tell which visit it was
        4: ("superseded", "system:appointment_status", None),
    }
    assert open_rows(practice) == [(3,)]


def test_a_second_payment_line_is_taken_for_another_only_by_a_person(practice, page):
    practice.drop_sample("01")
    practice.drop_sample("04")
    practice.drop_sample("05")
    outcome = practice.drop_sample("06")
    with pytest.raises(Refused, match="unchanged"):
        retry(page, BILLER, outcome.file_id, 5)
    (before,) = practice.query("select sum(amount) from desk.payments")[0]
    accept(page, BILLER, outcome.file_id, 5)
    (after,) = practice.query("select sum(amount) from desk.payments")[0]
    assert str(after - before) == "90.26"


def test_case_44_a_row_without_its_visit_is_tried_again_when_visits_come(practice):
    row = "11/02/2026,Ferris Nightingale-Oak,CR1,--,160.0,30.0,130.0,0.0,130.0\n"
    other = "11/02/2026,Nobody Inparticular,CR2,--,160.0,30.0,130.0,0.0,130.0\n"
    practice.drop("unpaid_2026-11-18.csv", UNPAID + row + other)
    (outcome,) = practice.run()
    assert {codes[0] for _, codes in practice.verdicts(outcome.file_id).values()} == {
        "session_not_found"
    }
    practice.drop_visits("2026-11-19", visit())
    assert decided(practice) == {
        2: ("retried", "system:unpaid_insurance_appointments", None),
        3: (None, None, None),
    }
    assert practice.session("billing_status, claim_id is not null") == ("submitted", True)
    assert practice.query(
        "select clearinghouse_ref from raw.simplepractice__unpaid_insurance_appointments"
    ) == [("CR1",)]
    assert open_rows(practice) == [(3,)]


def test_a_row_waits_30_days_for_its_visit(practice):
    row = "11/02/2026,Ferris Nightingale-Oak,CR1,--,160.0,30.0,130.0,0.0,130.0\n"
    practice.drop("a_2026-10-20.csv", UNPAID + row)
    practice.run()
    practice.drop_visits("2026-11-19", visit())
    assert decided(practice) == {2: (None, None, None)}
    assert practice.session("billing_status") == ("completed",)


def test_no_decision_repeats_a_cell(practice, page):
    outcome = practice.drop_sample("03")
    said = []
    for line in (3, 12, 15, 22, 34, 36, 44):
        for decide in (retry, accept):
            try:
                said.append(repr(decide(page, BILLER, outcome.file_id, line)))
            except Refused as refused:
                said.append(f"{refused!r} {refused}")
    assert len(said) == 14
    text = (SAMPLES / "03_appointment-status-report_bad-rows.csv").read_text()
    words = {word for word in text.replace(",", " ").split() if len(word) > 6 and word[0].isalpha()}
    assert "Nightingale-Oak" in words
    assert not any(word in one for one in said for word in words)
