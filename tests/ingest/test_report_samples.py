"""The sample reports, loaded one after the other, give what was worked out by hand."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
import yaml
from tests.ingest.loaded_reports import practice_in
from tests.ingest.practice_reports import SAMPLES

from daysheet.ingest.reports.cells import fold

EXPECTED = yaml.safe_load((SAMPLES / "expected_load.yml").read_text())


@pytest.fixture(scope="module")
def practice(shared_warehouse, tmp_path_factory):
    with practice_in(shared_warehouse, tmp_path_factory.mktemp("reports")) as practice:
        practice.files = {number: practice.load_sample(number) for number in EXPECTED["load_order"]}
        yield practice


@pytest.mark.parametrize("number", EXPECTED["load_order"])
def test_every_line_has_its_verdict(practice, number):
    told = practice.verdicts(practice.files[number])
    expected = EXPECTED["files"][number]
    assert Counter(verdict for verdict, *_ in told.values()) == expected["counts"]
    assert {line: told[line] for line in expected.get("lines", {})} == expected.get("lines", {})


def test_each_session_has_its_status(practice):
    rows = practice.all("select billing_status, count(*) from desk.sessions group by 1")
    assert dict(rows) == EXPECTED["billing_status"]
    assert sum(dict(rows).values()) == EXPECTED["sessions"]


def test_the_aging_report_has_each_bracket(practice):
    rows = practice.all(
        "select age_bracket, count(*), sum(outstanding) from desk.aging_report"
        " where in_ar group by age_bracket"
    )
    brackets = {name: (count, Decimal(sum_)) for name, (count, sum_) in EXPECTED["aging"].items()}
    assert {name: (count, sum_) for name, count, sum_ in rows} == brackets
    assert sum(count for count, _ in brackets.values()) == EXPECTED["outstanding_sessions"]
    count, charged = EXPECTED["not_submitted"]
    assert practice.one(
        "select count(*), sum(ins_charge) from desk.aging_report"
        " where age_bracket = 'not_submitted'"
    ) == (count, Decimal(charged))


@pytest.mark.parametrize("metric", EXPECTED["metrics"])
def test_each_metric_is_right(practice, metric):
    (value,) = practice.one(f"select {metric} from desk.dashboard_metrics")
    assert value == Decimal(EXPECTED["metrics"][metric])


def test_the_denial_rate_counts_first_outcomes(practice):
    (denied,) = practice.one(
        "select count(*) from desk.sessions where first_outcome = 'denied'"
        " and first_adjudicated_on between desk.today() - 89 and desk.today()"
    )
    assert denied == EXPECTED["first_outcome_denied"]


def test_the_aging_total_is_what_the_metric_says_is_outstanding(practice):
    (total,) = practice.one("select sum(outstanding) from desk.aging_report where in_ar")
    (metric,) = practice.one("select outstanding_claims_amount from desk.dashboard_metrics")
    assert total == metric == Decimal(EXPECTED["metrics"]["outstanding_claims_amount"])


def test_claims_over_90_days_are_listed_with_their_age(practice):
    rows = practice.all(
        "select claims.clearinghouse_ref, first_submitted_on, age_days, billing_status, outstanding"
        " from desk.aging_report inner join desk.claims using (claim_id)"
        " where in_ar and age_days > 90 order by 1, aging_report.service_on"
    )
    assert rows == [
        (claim, sent_on, age, status, Decimal(outstanding))
        for claim, sent_on, age, status, outstanding in EXPECTED["aged_over_90"]
    ]


def test_payers_credits_are_shown(practice):
    rows = practice.all(
        "select service_on, full_name, payer_credit from desk.sessions"
        " inner join desk.clients using (client_id) where payer_credit > 0"
    )
    assert set(rows) == {
        (day, client, Decimal(credit)) for day, client, credit in EXPECTED["payer_credits"]
    }


def test_money_without_a_session_stays_unapplied(practice):
    rows = practice.all(
        "select line, unapplied, warnings[1] from ops.row_verdict"
        " inner join desk.payment_balances using (payment_id)"
        " where file_id = %s and unapplied <> 0 order by line",
        practice.files["06"],
    )
    assert rows == [
        (line, Decimal(amount), why) for line, amount, why in EXPECTED["unapplied_payments"]
    ]


def test_a_payer_is_one_under_all_its_spellings(practice):
    rows = practice.all(
        "select coalesce(external_id, 'name:' || lower(name)), array_agg(alias_norm order by 1)"
        " from desk.payers inner join desk.payer_aliases using (payer_id) group by payer_id"
    )
    assert {name: set(aliases) for name, aliases in rows} == {
        name: set(map(fold, spellings)) for name, spellings in EXPECTED["payers"].items()
    }


def test_a_remittance_brings_the_day_a_claim_was_paid_or_denied(practice):
    days = practice.all(
        "select clearinghouse_ref, paid_on, denied_on, first_adjudicated_on, first_outcome"
        " from desk.sessions inner join desk.claims using (claim_id)"
        " where first_adjudicated_on is not null order by 1"
    )
    assert days == [
        ("CR48002001", None, date(2026, 7, 6), date(2026, 7, 6), "denied"),
        ("CR48002003", None, None, date(2026, 11, 12), "partial"),
        ("CR48002007", None, date(2026, 10, 12), date(2026, 10, 12), "denied"),
        ("CR48002010", date(2026, 10, 30), None, date(2026, 10, 30), "paid"),
        ("CR48002011", date(2026, 10, 30), None, date(2026, 10, 30), "paid"),
        ("CR48002012", date(2026, 10, 30), None, date(2026, 10, 30), "paid"),
        ("CR48002013", None, None, date(2026, 11, 3), "patient"),
        ("CR48002015", None, None, date(2026, 11, 18), "approved"),
        ("CR48002016", date(2026, 11, 6), None, date(2026, 11, 6), "paid"),
        ("CR48002021", None, None, date(2026, 11, 10), "partial"),
    ]
