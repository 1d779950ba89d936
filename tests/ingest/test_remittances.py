"""What the insurance payment report does: money posted once, to the cent, whenever it comes."""

from datetime import date
from decimal import Decimal

import pytest
from tests.ingest.loaded_reports import claim, claims, line, payments, practice_in, tie, unpaid
from tests.ingest.practice_reports import paid, visit, written

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.money.payments import Allocation, allocate, record_payment
from daysheet.ingest.reports.decisions import accept
from daysheet.ingest.verdicts import FileParked

BILLER = Actor("biller", DeskRole.BILLER, "ui")
BALANCES = """
    select amount, allocated, unapplied from desk.payment_balances
    order by reference, amount desc
"""


@pytest.fixture(scope="module")
def opened(shared_warehouse, tmp_path_factory):
    with practice_in(shared_warehouse, tmp_path_factory.mktemp("reports")) as practice:
        yield practice


@pytest.fixture
def practice(opened):
    """One visit of 2026-11-02 charged 130.00, sent on claim CR1 (HL1 to its payer)."""
    with opened.undone():
        opened.load("appointments_2026-11-03.csv", written(visit()))
        opened.load("claims_2026-11-06.csv", claims(claim("Pending", number="HL1")))
        opened.load("unpaid_2026-11-06.csv", unpaid(tie()))
        yield opened


def load(practice, *rows, day="2026-11-18"):
    return practice.verdicts(practice.load(f"payments_{day}.csv", payments(*rows)))


def money(practice):
    return practice.only("billing_status, ins_paid_posted, outstanding, payer_credit")


def test_money_in_full_pays_on_the_day_it_came(practice):
    assert load(practice, line("130.0")) == {2: ["posted"]}
    assert money(practice) == ("paid", Decimal(130), Decimal(0), Decimal(0))
    assert practice.only("paid_on, paid_on_source, first_outcome, clean_claim") == (
        date(2026, 11, 10),
        "remittance",
        "paid",
        True,
    )
    assert practice.one("select payment_id, claim_id from ops.row_verdict where verdict = 'posted'")
    assert practice.items() == []


def test_what_is_left_stays_open_until_appointments_show_it_written_off(practice):
    told = load(practice, line("100.0"))
    assert told == {2: ["accepted_with_warning", "needs_disposition"]}
    assert money(practice) == ("pending", Decimal(100), Decimal(30), Decimal(0))
    assert practice.only("needs_disposition, first_outcome") == (True, "partial")
    assert practice.items() == ["disposition"]
    practice.load("appointments_2026-11-19.csv", written(paid()))
    assert money(practice) == ("paid", Decimal(100), Decimal(0), Decimal(0))
    assert practice.only("paid_on, paid_on_source, needs_disposition, first_outcome") == (
        date(2026, 11, 10),
        "remittance",
        False,
        "paid",
    )
    assert practice.items() == []


def test_appointments_that_lag_behind_ask_nothing_about_what_is_paid(practice):
    load(practice, line("130.0"))
    practice.load("appointments_2026-11-19.csv", written(visit(paid="50.0", unpaid="80.0")))
    assert practice.only("billing_status, needs_disposition") == ("paid", False)


def test_money_dates_what_appointments_showed_as_paid(practice):
    practice.load("appointments_2026-11-17.csv", written(paid()))
    assert practice.only("paid_on, paid_on_source") == (None, "unknown")
    assert load(practice, line("100.0")) == {2: ["posted"]}
    assert practice.only("paid_on, paid_on_source") == (date(2026, 11, 10), "remittance")


def test_more_than_was_owed_is_a_credit(practice):
    told = load(practice, line("170.0"))
    assert told == {2: ["accepted_with_warning", "overpayment"]}
    assert money(practice) == ("paid", Decimal(170), Decimal(0), Decimal(40))
    assert practice.items() == ["credit"]


def test_lines_of_one_reference_and_day_are_one_payment(practice):
    practice.load(
        "appointments_2026-11-04.csv", written(visit(client="Odile Marchbanks", at="11/03/2026"))
    )
    other = {"client": "Odile Marchbanks", "ref": "CR2"}
    practice.load("claims_2026-11-07.csv", claims(claim(**other)))
    practice.load("unpaid_2026-11-07.csv", unpaid(tie(day="11/03/2026", **other)))
    told = load(practice, line("130.0"), line("130.0", **other, payment="eft 1"))
    assert told == {2: ["posted"], 3: ["posted"]}
    load(practice, line("1.0", payment="EFT-2"), day="2026-11-19")
    assert practice.all(BALANCES) == [
        (Decimal(260), Decimal(260), Decimal(0)),
        (Decimal(1), Decimal(1), Decimal(0)),
    ]


def test_a_claims_visits_share_its_money_to_the_cent(practice):
    second = visit(at="11/03/2026 08:00", charge="65.0", unpaid="65.0", fee="95.0")
    practice.load("appointments_2026-11-04.csv", written(second))
    practice.load("unpaid_2026-11-07.csv", unpaid(tie(day="11/03/2026", billed="65.0")))
    load(practice, line("100.0"))
    assert practice.all(
        "select amount, split from desk.payment_allocations order by amount desc"
    ) == [(Decimal("66.67"), "auto"), (Decimal("33.33"), "auto")]


def test_a_payers_number_tells_the_claim_and_a_name_never_does(practice):
    load(practice, line("30.0", ref="--", number="HL1"), line("40.0", ref="--", payment="EFT-2"))
    assert practice.all(BALANCES) == [
        (Decimal(30), Decimal(30), Decimal(0)),
        (Decimal(40), Decimal(0), Decimal(40)),
    ]


def test_case_45_money_for_an_unknown_claim_is_kept_unapplied(practice):
    told = load(practice, line("50.0", ref="CR8"), line("-20.0", payment="EFT-2"))
    assert told == {
        2: ["accepted_with_warning", "unmatched_payment"],
        3: ["accepted_with_warning", "unmatched_takeback"],
    }
    assert practice.all(BALANCES) == [
        (Decimal(50), Decimal(0), Decimal(50)),
        (Decimal(-20), Decimal(0), Decimal(-20)),
    ]
    assert practice.items() == ["unmatched_money", "unmatched_takeback"]
    assert money(practice) == ("pending", None, Decimal(130), Decimal(0))


def test_money_that_came_first_is_posted_when_its_claim_and_visit_come(practice):
    other = {"client": "Odile Marchbanks", "ref": "CR2"}
    told = load(practice, line("130.0", **other), line("0.0", ref="CR3", word="Denied"))
    assert told[2] == ["accepted_with_warning", "unmatched_payment"]
    practice.load(
        "appointments_2026-11-19.csv",
        written(visit(client="Odile Marchbanks", at="11/03/2026"), visit(at="11/05/2026")),
    )
    practice.load(
        "unpaid_2026-11-19.csv",
        unpaid(tie(day="11/03/2026", **other), tie(day="11/05/2026", ref="CR3")),
    )
    assert practice.all(
        "select service_on, billing_status, paid_on, denied_on from desk.sessions order by 1"
    ) == [
        (date(2026, 11, 2), "pending", None, None),
        (date(2026, 11, 3), "paid", date(2026, 11, 10), None),
        (date(2026, 11, 5), "denied", None, date(2026, 11, 10)),
    ]
    assert practice.items() == ["denial"]


def test_money_a_person_has_placed_is_not_posted_again(practice):
    load(practice, line("130.0", ref="CR2"))
    (payment_id,) = practice.one("select payment_id from desk.payments")
    (session_id,) = practice.only("session_id")
    allocate(practice.loader, BILLER, payment_id, [Allocation(session_id, Decimal(130))])
    practice.load("appointments_2026-11-19.csv", written(visit(at="11/05/2026")))
    practice.load("unpaid_2026-11-19.csv", unpaid(tie(day="11/05/2026", ref="CR2")))
    assert practice.all("select billing_status, ins_paid_posted from desk.sessions order by 1") == [
        ("paid", Decimal(130)),
        ("submitted", None),
    ]


def test_money_a_person_has_entered_is_not_entered_again(practice):
    payer_id, session_id = practice.only("payer_id, session_id")
    record_payment(
        practice.loader, BILLER, payer_id=payer_id, method="eft", reference="eft 1",
        received_on=date(2026, 11, 10), amount=Decimal(130), idempotency_key="k",
        allocations=[Allocation(session_id, Decimal(130))],
    )  # fmt: skip
    load(practice, line("130.0"))
    assert practice.all(BALANCES) == [(Decimal(130), Decimal(130), Decimal(0))]


def test_case_46_the_same_line_counts_once(practice):
    told = load(practice, line("60.0"), line("60.0"))
    assert told[3] == ["quarantined", "duplicate_payment_row"]
    again = load(practice, line("60.0"), line("25.0", payment="EFT-2"), day="2026-11-19")
    assert again == {2: ["unchanged"], 3: ["accepted_with_warning", "needs_disposition"]}
    assert money(practice) == ("pending", Decimal(85), Decimal(45), Decimal(0))


def test_case_46_a_person_may_say_that_two_equal_lines_are_two(practice):
    file_id = practice.load("payments_2026-11-18.csv", payments(line("60.0"), line("60.0")))
    accept(practice.loader, BILLER, file_id, 3)
    assert money(practice) == ("pending", Decimal(120), Decimal(10), Decimal(0))
    again = load(practice, line("60.0"), day="2026-11-19")
    assert again == {2: ["unchanged"]}


def test_case_46_the_payment_export_adds_no_dollar(practice):
    with pytest.raises(FileParked):
        practice.load(
            "payments_export_2026-11-18.csv",
            "Payment ID,Date Paid,Account,Payment type,Name,Amount,Payment Reference ID\n"
            "P1,11/10/2026,Accounts Receivable Insurance,EFT,Harborlight Health Plan,100.0,EFT-1\n",
        )
    assert practice.all("select from desk.payments") == []


def test_more_lines_of_a_remittance_may_come_in_a_later_file(practice):
    load(practice, line("60.0"))
    told = load(practice, line("60.0"), line("60.0", number="HL1"), day="2026-11-19")
    assert told == {2: ["unchanged"], 3: ["accepted_with_warning", "needs_disposition"]}
    assert money(practice) == ("pending", Decimal(120), Decimal(10), Decimal(0))


@pytest.mark.parametrize(
    ("word", "status", "outcome"),
    [("Denied", "denied", "denied"), ("Deductible", "client_responsibility", "patient")],
)
def test_nothing_paid_is_the_answer_of_the_day_it_came(practice, word, status, outcome):
    assert load(practice, line("0.0", word=word)) == {2: ["posted"]}
    assert practice.only(
        "billing_status, first_outcome, first_adjudicated_on, first_outcome_is_estimated"
    ) == (status, outcome, date(2026, 11, 10), False)


def test_a_remittance_corrects_the_day_the_claims_report_guessed(practice):
    practice.load("claims_2026-11-12.csv", claims(claim("Denied", number="HL1")))
    load(practice, line("0.0", word="Denied"))
    assert practice.only(
        "denied_on, appeal_deadline, first_adjudicated_on, first_outcome_is_estimated"
    ) == (date(2026, 11, 10), date(2027, 1, 9), date(2026, 11, 10), False)
    assert practice.one("select denied_on, is_estimated from desk.denials") == (
        date(2026, 11, 10),
        False,
    )


def test_nothing_paid_and_nothing_said_is_asked_about(practice):
    assert load(practice, line("0.0")) == {2: ["accepted_with_warning", "needs_disposition"]}
    assert practice.only("billing_status, needs_disposition") == ("pending", True)
    assert practice.items() == ["disposition"]


def test_a_denial_of_what_was_paid_is_asked_about(practice):
    load(practice, line("130.0"))
    told = load(practice, line("0.0", word="Denied", payment="EFT-2"), day="2026-11-19")
    assert told == {2: ["accepted_with_warning", "status_conflict"]}
    assert practice.only("billing_status") == ("paid",)
    assert practice.items() == ["conflict"]


def test_money_taken_back_reopens_what_it_paid(practice):
    told = load(practice, line("130.0"), line("-130.0", payment="EFT-2", received="11/16/2026"))
    assert told[3] == ["accepted_with_warning", "reversal"]
    assert money(practice) == ("pending", Decimal(0), Decimal(130), Decimal(0))
    assert practice.only("paid_on, paid_on_source") == (None, None)
    assert practice.one("select sum(amount) from desk.payments") == (Decimal(0),)


def test_a_takeback_waits_for_the_money_it_takes_back(practice):
    load(practice, line("-80.0", payment="EFT-2", received="11/16/2026"))
    assert practice.items() == ["unmatched_takeback"]
    load(practice, line("80.0"), day="2026-11-19")
    assert money(practice) == ("pending", Decimal(0), Decimal(130), Decimal(0))
    assert practice.items() == []


def test_two_takebacks_of_one_remittance_are_two(practice):
    back = {"received": "11/16/2026", "payment": "EFT-2"}
    told = load(practice, line("-20.0", ref="CR7", **back), line("-20.0", ref="CR8", **back))
    assert [why for _, why in told.values()] == ["unmatched_takeback"] * 2
    assert practice.one("select sum(unapplied) from desk.payment_balances") == (Decimal(-40),)


def test_case_47_money_for_a_claim_of_another_client_is_not_posted(practice):
    told = load(practice, line("130.0", client="Odile Marchbanks"))
    assert told == {2: ["accepted_with_warning", "reference_of_another_client"]}
    assert practice.all(BALANCES) == [(Decimal(130), Decimal(0), Decimal(130))]
    assert practice.items() == ["conflict", "unmatched_money"]


def test_what_a_person_placed_of_a_payment_leaves_the_rest_for_its_lines(practice):
    """Two payments for one claim: the second's other line comes a round later than its first."""
    load(
        practice,
        line("10.0", ref="CR2", payment="EFT-1"),
        line("20.0", ref="CR2", payment="EFT-2"),
        line("30.0", ref="CR3", payment="EFT-2"),
    )
    (session_id,) = practice.only("session_id")
    (payment_id,) = practice.one("select payment_id from desk.payments where amount = 50")
    placed = Allocation(session_id, Decimal(20), remainder="leave_open")
    allocate(practice.loader, BILLER, payment_id, [placed])
    practice.load(
        "appointments_2026-11-19.csv", written(visit(at="11/05/2026"), visit(at="11/06/2026"))
    )
    practice.load(
        "unpaid_2026-11-19.csv",
        unpaid(tie(day="11/05/2026", ref="CR2"), tie(day="11/06/2026", ref="CR3")),
    )
    assert practice.all(
        "select service_on, ins_paid_posted from desk.sessions order by service_on"
    ) == [
        (date(2026, 11, 2), Decimal(20)),
        (date(2026, 11, 5), Decimal(10)),
        (date(2026, 11, 6), Decimal(30)),
    ]
