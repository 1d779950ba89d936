"""What the claims report and the one of unpaid appointments do to sessions, word by word."""

from datetime import date
from decimal import Decimal

import pytest
from tests.ingest.loaded_reports import claim, claims, practice_in, tie, unpaid
from tests.ingest.practice_reports import visit, written

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.lifecycle.changes import Details, change_status

BILLER = Actor("biller", DeskRole.BILLER, "ui")


@pytest.fixture(scope="module")
def opened(shared_warehouse, tmp_path_factory):
    with practice_in(shared_warehouse, tmp_path_factory.mktemp("reports")) as practice:
        yield practice


@pytest.fixture
def practice(opened):
    """One documented-or-not visit of 2026-11-02, insurance charge 130.00."""
    with opened.undone():
        opened.load("appointments_2026-11-03.csv", written(visit()))
        yield opened


def load_claims(practice, day, *rows):
    return practice.verdicts(practice.load(f"claims_{day}.csv", claims(*rows)))


def load_unpaid(practice, day, *rows):
    return practice.verdicts(practice.load(f"unpaid_{day}.csv", unpaid(*rows)))


@pytest.mark.parametrize(
    ("word", "status", "items"),
    [
        ("Submitted", "submitted", []),
        ("Received", "submitted", []),
        ("Pending", "pending", []),
        ("Accepted", "pending", []),
        ("More Info Required", "pending", ["more_info"]),
        ("PAID PENDING", "approved", []),
        ("Paid", "approved", []),
        ("Denied", "denied", ["denial"]),
        ("Deductible", "client_responsibility", []),
        ("Rejected", "ready_to_bill", ["rejection"]),
        ("Prepared", "submitted", ["confirm_sent"]),
        ("Scrub", "submitted", ["confirm_sent"]),
        ("Downloaded", "submitted", ["confirm_sent"]),
        ("Teleported", "submitted", []),
    ],
)
@pytest.mark.parametrize("claims_first", [True, False])
def test_a_claims_word_says_where_its_session_is(practice, word, status, items, claims_first):
    loads = [
        lambda: load_claims(practice, "2026-11-06", claim(word)),
        lambda: load_unpaid(practice, "2026-11-06", tie()),
    ]
    for load in loads if claims_first else loads[::-1]:
        load()
    assert practice.only("billing_status, first_submitted_on") == (status, date(2026, 11, 4))
    assert practice.items() == items


def test_an_unknown_word_is_told(practice):
    load_unpaid(practice, "2026-11-06", tie())
    told = load_claims(practice, "2026-11-06", claim("Teleported"))
    assert told == {2: ["accepted_with_warning", "unknown_claim_status"]}


def test_a_claim_without_any_reference_was_not_sent(practice):
    told = load_claims(practice, "2026-11-06", claim("Prepared", ref="--", sent="--"))
    assert told == {2: ["skipped", "no_reference_yet"]}
    assert practice.all("select from desk.claims") == []


def test_a_denial_is_dated_by_the_file_until_a_better_day_comes(practice):
    load_claims(practice, "2026-11-06", claim("Denied"))
    load_unpaid(practice, "2026-11-06", tie())
    day = date(2026, 11, 6)
    assert practice.only(
        "denied_on, appeal_deadline, first_adjudicated_on, first_outcome_is_estimated"
    ) == (day, date(2027, 1, 5), day, True)
    assert practice.one("select denied_on, is_estimated from desk.denials") == (day, True)


def test_a_deductible_moves_all_that_is_owed_to_the_client(practice):
    load_claims(practice, "2026-11-06", claim("Deductible"))
    load_unpaid(practice, "2026-11-06", tie())
    assert practice.only("client_transfer, outstanding, first_outcome") == (
        Decimal(130),
        Decimal(0),
        "patient",
    )


@pytest.mark.parametrize(
    ("first", "then", "status", "is_conflict"),
    [
        ("Submitted", "Paid", "approved", False),
        ("Paid", "Pending", "approved", False),
        ("Pending", "Received", "pending", False),
        ("Denied", "Deductible", "client_responsibility", False),
        ("Deductible", "Denied", "client_responsibility", False),
        ("Pending", "Rejected", "ready_to_bill", False),
        ("Rejected", "Submitted", "submitted", False),
        ("Rejected", "Denied", "denied", False),
        ("Denied", "Received", "denied", True),
        ("Denied", "Paid", "denied", True),
        ("Denied", "Rejected", "denied", True),
        ("Paid", "Rejected", "approved", True),
    ],
)
def test_a_later_status_is_kept_and_an_impossible_one_asked_about(
    practice, first, then, status, is_conflict
):
    load_unpaid(practice, "2026-11-06", tie())
    load_claims(practice, "2026-11-06", claim(first))
    told = load_claims(practice, "2026-11-07", claim(then))
    assert practice.only("billing_status") == (status,)
    assert ("conflict" in practice.items()) == is_conflict
    assert told == {2: ["accepted_with_warning", "status_conflict"] if is_conflict else ["updated"]}


def test_the_same_word_again_does_not_undo_what_a_person_did(practice):
    load_unpaid(practice, "2026-11-06", tie())
    load_claims(practice, "2026-11-06", claim("Denied"))
    (session_id,) = practice.only("session_id")
    details = Details(reason="code corrected")
    change_status(practice.loader, BILLER, session_id, "ready_to_bill", details=details)
    assert load_claims(practice, "2026-11-07", claim("Denied")) == {2: ["unchanged"]}
    assert practice.only("billing_status") == ("ready_to_bill",)


def test_an_older_export_changes_nothing(practice):
    load_claims(practice, "2026-11-07", claim("Paid"))
    told = load_claims(practice, "2026-11-06", claim("Denied"))
    assert told == {2: ["unchanged", "stale_export"]}
    assert practice.one("select source_status from desk.claims") == ("Paid",)


def test_sending_again_makes_no_claim_young(practice):
    load_unpaid(practice, "2026-11-06", tie())
    load_claims(practice, "2026-11-06", claim("Rejected"))
    load_claims(practice, "2026-11-12", claim("Submitted", sent="11/11/2026"))
    assert practice.only("first_submitted_on, last_submitted_on, clean_claim") == (
        date(2026, 11, 4),
        date(2026, 11, 11),
        False,
    )
    assert practice.all("select n, submitted_on, kind from desk.submissions order by n") == [
        (1, date(2026, 11, 4), "original"),
        (2, date(2026, 11, 11), "corrected"),
    ]


@pytest.mark.parametrize("claims_first", [True, False])
@pytest.mark.parametrize(
    ("sent", "warning"),
    [("11/01/2026", "submitted_before_service"), ("11/21/2026", "submitted_in_future")],
)
def test_case_48_a_day_no_claim_can_be_sent_on_is_left_out(practice, sent, warning, claims_first):
    told = []
    loads = [
        lambda: load_claims(practice, "2026-11-06", claim(sent=sent)),
        lambda: load_unpaid(practice, "2026-11-06", tie()),
    ]
    for load in loads if claims_first else loads[::-1]:
        told += load().values()
    assert ["accepted_with_warning", warning] in told
    assert practice.one("select submitted_on from desk.claims") == (None,)
    assert practice.only("billing_status, first_submitted_on") == ("submitted", None)


def test_case_47_a_reference_now_of_another_client_is_not_moved(practice):
    load_unpaid(practice, "2026-11-06", tie())
    load_claims(practice, "2026-11-06", claim())
    practice.load(
        "appointments_2026-11-04.csv", written(visit(client="Odile Marchbanks", at="11/03/2026"))
    )
    told = load_claims(practice, "2026-11-07", claim("Denied", client="Odile Marchbanks"))
    assert told == {2: ["unchanged", "reference_of_another_client"]}
    tied = load_unpaid(practice, "2026-11-07", tie(client="Odile Marchbanks", day="11/03/2026"))
    assert tied == {2: ["unchanged", "reference_of_another_client"]}
    assert practice.all(
        "select full_name, billing_status, claim_id is not null from desk.sessions"
        " inner join desk.clients using (client_id) order by service_on"
    ) == [("Ferris Nightingale-Oak", "submitted", True), ("Odile Marchbanks", "completed", False)]
    assert practice.items() == ["conflict"]


def test_case_44_an_unknown_visit_is_tried_again_when_appointments_come(practice):
    told = load_unpaid(practice, "2026-11-06", tie(day="11/05/2026"))
    assert told == {2: ["quarantined", "session_not_found"]}
    load_claims(practice, "2026-11-06", claim("Pending", sent="11/06/2026"))
    assert practice.items() == ["quarantined_row"]
    practice.load("appointments_2026-11-07.csv", written(visit(at="11/05/2026 08:00")))
    assert practice.one(
        "select billing_status from desk.sessions where service_on = '2026-11-05'"
    ) == ("pending",)
    assert practice.items() == []


def test_case_44_of_two_visits_the_one_that_costs_as_much_or_none(practice):
    second = visit(at="11/02/2026 09:00", code="90785", fee="50.0", charge="20.0", unpaid="20.0")
    third = visit(at="11/02/2026 10:00", code="90785", fee="50.0", charge="20.0", unpaid="20.0")
    practice.load("appointments_2026-11-04.csv", written(second, third))
    told = load_unpaid(practice, "2026-11-06", tie("CR1"), tie("CR2", billed="20.0"))
    assert told == {2: ["linked"], 3: ["quarantined", "ambiguous_session"]}
    assert practice.all("select billing_status from desk.sessions order by service_time") == [
        ("submitted",),
        ("completed",),
        ("completed",),
    ]


def test_a_visit_on_no_claim_is_left_alone(practice):
    told = load_unpaid(practice, "2026-11-06", tie("--"))
    assert told == {2: ["unchanged", "not_on_a_claim"]}
    assert practice.only("billing_status") == ("completed",)


def test_a_rejected_visit_may_come_again_under_a_new_reference(practice):
    load_unpaid(practice, "2026-11-06", tie("CR1"))
    load_claims(practice, "2026-11-06", claim("Rejected", "CR1"))
    load_claims(practice, "2026-11-12", claim("Received", "CR2", sent="11/11/2026"))
    assert load_unpaid(practice, "2026-11-12", tie("CR2")) == {2: ["linked"]}
    assert practice.one(
        "select billing_status, clearinghouse_ref, first_submitted_on from desk.sessions"
        " inner join desk.claims using (claim_id)"
    ) == ("submitted", "CR2", date(2026, 11, 4))


def test_a_visit_a_payer_works_on_is_not_moved_to_another_claim(practice):
    load_unpaid(practice, "2026-11-06", tie("CR1"))
    told = load_unpaid(practice, "2026-11-07", tie("CR2"))
    assert told == {2: ["unchanged", "session_on_another_claim"]}
    assert practice.items() == ["conflict"]


def test_a_payers_claim_number_tells_a_claim_that_has_no_reference_yet(practice):
    load_claims(practice, "2026-11-06", claim("Pending", ref="--", number="HL1"))
    told = load_claims(practice, "2026-11-07", claim("Denied", ref="CR9", number="HL1"))
    assert told == {2: ["updated"]}
    assert practice.one(
        "select clearinghouse_ref, payer_claim_no, source_status from desk.claims"
    ) == (
        "CR9",
        "HL1",
        "Denied",
    )


def test_a_visit_after_its_claims_day_has_no_known_day(practice):
    practice.load("appointments_2026-11-05.csv", written(visit(at="11/05/2026 08:00")))
    load_claims(practice, "2026-11-06", claim())
    load_unpaid(practice, "2026-11-06", tie(), tie(day="11/05/2026"))
    assert practice.all(
        "select billing_status, first_submitted_on from desk.sessions order by service_on"
    ) == [("submitted", date(2026, 11, 4)), ("submitted", None)]
