"""Each dollar of a remittance is posted once, whoever was faster and however files are laid out."""

from datetime import date
from decimal import Decimal

import pytest
from tests.ingest.loaded_reports import claim, claims, line, payments, practice_in, tie, unpaid
from tests.ingest.practice_reports import visit, written

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.money.payments import Allocation, record_payment
from daysheet.ingest.reports.decisions import accept

BILLER = Actor("biller", DeskRole.BILLER, "ui")
TOLD = "select sum(amount) from desk.remittance_lines"
HELD = "select sum(amount) from desk.payments"
BACK = {"payment": "EFT-2", "received": "11/16/2026"}


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


def enter(practice, amount, *allocations):
    (payer_id,) = practice.one("select distinct payer_id from desk.sessions")
    return record_payment(
        practice.loader, BILLER, payer_id=payer_id, method="eft", reference="eft 1",
        received_on=date(2026, 11, 10), amount=Decimal(amount), idempotency_key="k",
        allocations=allocations,
    )  # fmt: skip


def test_a_line_is_the_same_in_whatever_order_its_columns_stand(practice):
    load(practice, line("60.0"))
    rows = [each.split(",") for each in payments(line("60.0")).splitlines()]
    turned = "".join(",".join(reversed(row)) + "\n" for row in rows)
    file_id = practice.load("payments_2026-11-19.csv", turned)
    assert practice.verdicts(file_id) == {2: ["unchanged"]}
    assert practice.one(HELD) == (Decimal(60),)


def test_what_a_person_entered_answers_one_file_and_not_the_next(practice):
    enter(practice, "60.0")
    load(practice, line("60.0"))
    load(practice, line("60.0"), line("60.0", ref="CR2"), day="2026-11-19")
    assert practice.one(HELD) == practice.one(TOLD) == (Decimal(120),)


def test_two_equal_lines_that_come_again_are_still_two(practice):
    twice = payments(line("60.0"), line("60.0"))
    for day in ("2026-11-18", "2026-11-19"):
        file_id = practice.load(f"payments_{day}.csv", twice)
        told = accept(practice.loader, BILLER, file_id, 3)
    assert told.verdict == "unchanged"
    assert practice.one(HELD) == practice.one(TOLD) == (Decimal(120),)


def test_of_three_equal_lines_each_may_be_accepted(practice):
    file_id = practice.load(
        "payments_2026-11-18.csv", payments(line("30.0"), line("30.0"), line("30.0"))
    )
    for number in (4, 3):
        accept(practice.loader, BILLER, file_id, number)
    assert practice.one(HELD) == practice.one(TOLD) == (Decimal(90),)


@pytest.mark.parametrize("taken", ["-40.0", "-100.0"])
def test_of_a_claims_lines_one_or_all_are_taken_back(practice, taken):
    load(practice, line("60.0"), line("40.0"))
    told = load(practice, line(taken, **BACK), day="2026-11-19")
    assert told == {2: ["accepted_with_warning", "reversal"]}
    assert practice.only("ins_paid_posted") == (Decimal(100) + Decimal(taken),)


def _remittance(practice):
    load(practice, line("50.0", ref="CR9", number="HL9"))


def _claim(practice, ref):
    practice.load("appointments_2026-11-04.csv", written(visit(at="11/03/2026 08:00")))
    practice.load("claims_2026-11-19.csv", claims(claim(ref=ref, number="HL9")))


@pytest.mark.parametrize(("ref", "is_it"), [("--", True), ("CR8", False)])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_number_tells_a_claim_unless_references_differ(practice, ref, is_it, is_first):
    steps = [lambda: _remittance(practice), lambda: _claim(practice, ref)]
    for step in steps if is_first else reversed(steps):
        step()
    assert practice.one("select claim_id is not null from desk.remittance_lines") == (is_it,)


def test_a_claim_a_person_has_paid_gets_no_other_claims_money(practice):
    other = {"client": "Odile Marchbanks", "ref": "CR2"}
    practice.load(
        "appointments_2026-11-04.csv", written(visit(client="Odile Marchbanks", at="11/03/2026"))
    )
    practice.load("claims_2026-11-07.csv", claims(claim(**other)))
    practice.load("unpaid_2026-11-07.csv", unpaid(tie(day="11/03/2026", **other)))
    (session_id,) = practice.one(
        "select session_id from desk.sessions where service_on = '2026-11-02'"
    )
    enter(practice, "100.0", Allocation(session_id, Decimal(50), remainder="leave_open"))
    load(practice, line("50.0"), line("50.0", **other))
    assert practice.all("select ins_paid_posted from desk.sessions") == [(Decimal(50),)] * 2
