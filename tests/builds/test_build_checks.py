"""Every build check is shown a violation of its own and must tell it; a true build is let be."""

import csv
import re
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import psycopg
import pytest

from daysheet.builds.opening import read_build
from daysheet.builds.schemas import ensure_schemas
from daysheet.rendering import render_text
from daysheet.synthetic import generate
from tests.bench.building import finish, new_build, run_engine
from tests.bench.stage import load_practice
from tests.builds.planting import CHECKS, Planted

UNTIL = date(2026, 11, 20)
ONE_SOURCE = {
    "int_procedure_complete": "procedure_id",
    "int_adjustments": "adjustment_id",
    "int_payment_split": "split_id",
    "int_patient_payment_allocated": "split_id",
    "int_insurance_payment_allocated": "claim_procedure_id",
    "int_claim_details": "claim_procedure_id",
    "int_claim_payments": "claim_procedure_id",
    "int_claim_snapshot": "claim_snapshot_id",
    "int_claim_tracking": "claim_tracking_id",
    "int_insurance_coverage": "patplan_id",
    "int_insurance_eob_attachments": "eob_attach_id",
    "int_patient_profile": "patient_id",
    "int_provider_profile": "provider_id",
    "int_billing_statements": "statement_id",
    "int_task_management": "task_id",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A hundred and fifty invented patients over two years."""
    folder = tmp_path_factory.mktemp("practice")
    generate(folder, patients=150, years=2, until=UNTIL, seed=13)
    return folder


@pytest.fixture(scope="module")
def stale(folder):
    """Guarantors whose cached balances are, as the generator knows, of an earlier day."""
    with (folder / "known_aging.csv").open(newline="") as stream:
        known = {
            int(row["guarantor_id"])
            for row in csv.DictReader(stream)
            if row["is_cache_stale"] == "1"
        }
    assert known, "a practice without one proves nothing"
    return known


@pytest.fixture(scope="module")
def built(folder, shared_warehouse):
    """That practice built twice, published once; the warehouse and the second build's number."""
    load_practice(shared_warehouse, folder)
    first = new_build(shared_warehouse, UNTIL)
    run_engine(shared_warehouse, first, 2)
    finish(shared_warehouse, first)
    second = new_build(shared_warehouse, UNTIL)
    run_engine(shared_warehouse, second, 2)
    return shared_warehouse, second.build


@contextmanager
def planting(built):
    warehouse, number = built
    with psycopg.connect(warehouse.admin) as db:
        ensure_schemas(db, read_build(db, number))
        yield Planted(db, number)
        db.rollback()


@pytest.fixture
def planted(built):
    with planting(built) as made:
        yield made


def subjects(found: list[dict]) -> set[str]:
    return {str(offender["subject"]) for offender in found}


def test_a_true_build_breaks_no_check_at_error(planted):
    errors = [name for name, check in CHECKS.items() if check.severity == "error"]
    assert errors
    assert {name: planted.finds(name) for name in errors} == {name: [] for name in errors}


def test_a_total_that_nobody_measured_is_told(planted):
    pair = "[('int_none', 'amount', 'int_nobody', 'amount')]"
    query = render_text(
        f"{{{{ totals_apart({planted.build.build}, {pair}) }}}}", planted.relations, UNTIL, "here"
    )
    assert len(planted.db.execute(query).fetchall()) == 1


def test_a_lost_cent_of_source_money_is_told(planted):
    adjustment = planted.one("int_adjustments", "adjustment_id", "adjustment_amount != 0")
    planted.shows(
        "int_adjustments",
        adjustment_amount=f"adjustment_amount + case adjustment_id when {adjustment} then 0.01"
        " else 0 end",
    )
    (offender,) = planted.finds("every_dollar_of_source_money")
    assert offender["subject"] == "int_adjustments"
    assert float(offender["here"]) - float(offender["there"]) == pytest.approx(0.01)


@pytest.mark.parametrize(("model", "key"), ONE_SOURCE.items())
def test_a_row_that_is_lost_is_told(planted, model, key):
    planted.shows(model, where=f"{key} != {planted.one(model, key)}")
    told = {(found["subject"], found["measure"]) for found in planted.finds("every_source_row")}
    assert told == {(model, "row_count"), (model, "key_digest")}


@pytest.mark.parametrize(("model", "key"), ONE_SOURCE.items())
def test_a_row_in_place_of_another_is_told(planted, model, key):
    replaced = f"case {key} when {planted.one(model, key)} then -1 else {key} end"
    planted.shows(model, **{key: replaced})
    told = {(found["subject"], found["measure"]) for found in planted.finds("every_source_row")}
    assert told == {(model, "key_digest")}


LEDGER = "int_ar_shared_calculations"


@pytest.mark.parametrize(
    "kind", ["procedure", "insurance", "adjustment", "patient payment", "plan debit", "plan credit"]
)
def test_a_ledger_row_that_is_lost_is_told_by_row_and_by_dollar(planted, kind):
    of_kind = f"transaction_type = '{kind}' and source_amount != 0"
    lost = planted.one(LEDGER, "source_id", of_kind)
    planted.shows(LEDGER, where=f"not (transaction_type = '{kind}' and source_id = {lost})")
    (by_dollar,) = planted.finds("every_dollar_of_source_money")
    assert by_dollar["measure"] == f"{kind}: source_amount"
    told = {(found["subject"], found["measure"]) for found in planted.finds("every_source_row")}
    assert told == {(LEDGER, f"{kind}: row_count"), (LEDGER, f"{kind}: key_digest")}


def test_a_ledger_row_that_is_there_twice_is_told(planted):
    some = planted.one(LEDGER, "source_id", "transaction_type = 'procedure' and amount != 0")
    planted.shows(LEDGER, twice=f"transaction_type = 'procedure' and source_id = {some}")
    assert subjects(planted.finds("every_source_row")) == {LEDGER}


def test_two_rows_of_the_ledger_that_swap_their_families_are_told_by_family(planted):
    families = "guarantor_id is not null"
    first = planted.one("int_ar_balance", "guarantor_id", families)
    other = planted.one("int_ar_balance", "guarantor_id", f"guarantor_id > {first}")
    planted.shows(
        "int_ar_balance",
        guarantor_id=f"case guarantor_id when {first} then {other}"
        f" when {other} then {first} else guarantor_id end",
    )
    assert {found["guarantor_id"] for found in planted.finds("receivable_agrees_by_family")} == {
        first,
        other,
    }
    assert planted.finds("receivable_agrees_by_part") == [], "the whole still adds up"


@pytest.mark.parametrize(
    ("model", "column", "condition"),
    [
        ("int_ar_balance", "current_balance", "procedure_id = {}"),
        ("int_ar_transaction_history", "amount", "counts and source_id = {}"),
        ("int_ar_analysis_base", "total_ar_balance", "patient_id = {}"),
        ("int_ar_aging_snapshot", "balance_total", "mode = 'running' and guarantor_id = {}"),
    ],
)
def test_a_cent_more_in_one_model_of_the_receivable_is_told_by_family(
    planted, model, column, condition
):
    key = condition.split()[-3]
    some = planted.one(model, key, f"guarantor_id is not null and {column} != 0")
    planted.shows(
        model,
        **{column: f"{column} + case when {condition.format(some)} then 0.01 else 0 end"},
    )
    assert planted.finds("receivable_agrees_by_family") != []


@pytest.mark.parametrize(
    ("model", "column"),
    [
        ("int_ar_balance", "patient_paid"),
        ("int_ar_balance", "insurance_writeoff"),
        ("int_ar_balance", "adjustment_total"),
        ("int_ar_balance", "payplan_total"),
        ("int_ar_balance", "insurance_pending"),
        ("int_ar_analysis_base", "total_production"),
        ("int_payment_split", "split_amount"),
        ("int_insurance_payment_allocated", "writeoff_amount"),
    ],
)
def test_a_part_of_the_receivable_that_is_another_elsewhere_is_told(planted, model, column):
    planted.shows(model, **{column: f"{column} * 2"})
    assert planted.finds("receivable_agrees_by_part") != []


@pytest.mark.parametrize("model", ["int_billing_statements", "int_collection_communication"])
def test_a_payment_given_out_again_and_again_is_told(planted, model):
    family = planted.one(model, "guarantor_id", "attributed_within_30 > 0")
    planted.shows(
        model,
        attributed_within_30="attributed_within_30"
        f" + case guarantor_id when {family} then 1000000 else 0 end",
    )
    told = {(found["subject"], found["guarantor_id"]) for found in planted.finds("collected_once")}
    assert told == {(model, family)}


@pytest.mark.parametrize(
    ("model", "level", "column"),
    [
        ("int_statement_metrics", "billing type", "statements_sent"),
        ("int_statement_metrics", "overall", "paid_within_30"),
        ("int_collection_metrics", "clinic", "balance_total"),
        ("int_collection_metrics", "campaign", "account_count"),
    ],
)
def test_a_level_that_shows_more_than_there_is_is_told(planted, model, level, column):
    planted.shows(
        model, **{column: f"{column} + case metric_level when '{level}' then 1 else 0 end"}
    )
    told = {(found["subject"], found["metric_level"]) for found in planted.finds("metrics_add_up")}
    assert told == {(model, level)}


def test_a_level_that_is_missing_is_told(planted):
    planted.shows("int_statement_metrics", where="metric_level != 'method'")
    assert [found["metric_level"] for found in planted.finds("metrics_add_up")] == ["method"]


@pytest.mark.parametrize(
    ("model", "column"),
    [
        ("int_ar_analysis", "total_ar_balance"),
        ("int_ar_balance", "current_balance"),
        ("int_patient_financial_journey", "closing_balance"),
        ("int_patient_financial_journey", "opening_balance"),
    ],
)
def test_an_account_that_is_worth_another_sum_elsewhere_is_told(planted, model, column):
    account = planted.one(model, "patient_id", f"{column} != 0")
    planted.shows(
        model, **{column: f"{column} + case patient_id when {account} then 0.01 else 0 end"}
    )
    assert [found["patient_id"] for found in planted.finds("accounts_add_up")] == [account]


def test_a_treatment_whose_money_is_another_in_its_journey_is_told(planted):
    some = planted.one("int_treatment_journey", "procedure_id", "patient_paid != 0")
    planted.shows(
        "int_treatment_journey",
        patient_paid=f"patient_paid + case procedure_id when {some} then 0.01 else 0 end",
    )
    assert [found["procedure_id"] for found in planted.finds("treatments_add_up")] == [some]


def test_the_caches_that_are_stale_are_told_and_no_others(planted, stale):
    told = {found["guarantor_id"] for found in planted.finds("guarantor_caches")}
    compared = planted.db.execute(
        "select value from ops.build_total where build = %s and measure like '%%: compared_count'",
        [planted.build.build],
    ).fetchone()
    assert compared
    assert compared[0] > 20
    assert told <= stale
    assert stale - told == stale & changed_on_the_day(planted)


def changed_on_the_day(planted) -> set[int]:
    found = planted.db.execute(
        f"select guarantor_id from {planted.build.schema}.{LEDGER} where _updated_at >= %s", [UNTIL]
    )
    return {guarantor for (guarantor,) in found}


def kept_on(planted, day: str) -> None:
    planted.shows(
        "stage.opendental__preference",
        value_string=f"case pref_name when 'DateLastAging' then '{day}' else value_string end",
    )


def test_a_bucket_that_the_practice_system_keeps_otherwise_is_told(planted):
    kept_on(planted, "2026-11-20")
    before = {found["guarantor_id"] for found in planted.finds("guarantor_caches")}
    unchanged = (
        f"select min(guarantor_id) from (select guarantor_id from {planted.build.schema}.{LEDGER}"
        " where guarantor_id != all(%s) group by guarantor_id"
        " having max(_updated_at) < '2026-11-20') as families"
    )
    ((family,),) = planted.db.execute(unchanged, [list(before)]).fetchall()
    planted.shows(
        "stage.opendental__patient",
        bal_over90=f"bal_over90 + case patient_id when {family} then 1 else 0 end",
    )
    assert {found["guarantor_id"] for found in planted.finds("guarantor_caches")} - before == {
        family
    }


def test_balances_kept_on_another_day_are_not_compared(planted):
    kept_on(planted, "2026-11-19")
    planted.shows("stage.opendental__patient", bal_total="bal_total + 1")
    assert planted.finds("guarantor_caches") == []
    ((compared,),) = planted.db.execute(
        "select value from ops.build_total where build = %s and measure like '%%: compared_count'",
        [planted.build.build],
    ).fetchall()
    assert compared == 0


def test_a_row_of_nobody_is_told_with_what_it_is_worth(planted):
    found = {offender["subject"]: offender for offender in planted.finds("orphans_in_the_ledger")}
    lost = planted.one(LEDGER, "source_id", "transaction_type = 'procedure' and amount != 0")
    planted.shows(
        LEDGER,
        guarantor_id=f"case when transaction_type = 'procedure' and source_id = {lost}"
        " then null else guarantor_id end",
    )
    again = {offender["subject"]: offender for offender in planted.finds("orphans_in_the_ledger")}
    before = found.get("procedurelog", {"orphan_rows": 0})["orphan_rows"]
    assert again["procedurelog"]["orphan_rows"] == before + 1


def test_money_that_moved_since_the_published_build_is_told_within_a_week(planted):
    assert planted.finds("money_since_last_build") == []
    planted.shows("int_ar_aging_snapshot", balance_over_90="balance_over_90 * 1.3")
    (offender,) = planted.finds("money_since_last_build")
    assert offender["measure"] == "families: balance_over_90"
    planted.db.execute("update ops.current_build set as_of = as_of - 8")
    assert planted.finds("money_since_last_build") == []


def test_rows_that_went_since_the_published_build_are_told(planted):
    assert planted.finds("row_counts_since_last_build") == []
    planted.db.execute(
        "insert into ops.model_version (fingerprint, model, table_name, state, row_count,"
        " byte_size, seconds, inputs, rendered_sql, built_in)"
        " select repeat('0', 64), model, 'another', state, row_count / 2, byte_size, seconds,"
        " inputs, rendered_sql, %(build)s from ops.model_version"
        " where model = 'int_procedure_complete'",
        {"build": planted.build.build},
    )
    planted.db.execute(
        "update ops.build_model set fingerprint = repeat('0', 64)"
        " where build = %s and model = 'int_procedure_complete'",
        [planted.build.build],
    )
    assert subjects(planted.finds("row_counts_since_last_build")) == {"int_procedure_complete"}


def test_a_column_without_a_description_is_told(planted):
    assert planted.finds("undescribed_columns") == []
    planted.db.execute(
        f"comment on column {planted.build.schema}.int_adjustments.adjustment_amount is null"
    )
    (offender,) = planted.finds("undescribed_columns")
    assert offender == {"subject": "int_adjustments", "column_name": "adjustment_amount"}


def test_a_model_slower_than_its_own_history_is_told(planted):
    assert planted.finds("slow_models") == []
    for place, (built_in, seconds) in enumerate([(1, 2), (1, 2), (1, 3), (planted.build.build, 9)]):
        planted.db.execute(
            "insert into ops.model_version (fingerprint, model, table_name, state, row_count,"
            " byte_size, seconds, inputs, rendered_sql, built_in)"
            " values (repeat(%(place)s, 64), 'int_slow', %(place)s, 'ready', 1, 1, %(seconds)s,"
            " '{}', '', %(built_in)s)",
            {"place": str(place), "seconds": seconds, "built_in": built_in},
        )
    assert subjects(planted.finds("slow_models")) == {"int_slow"}


def test_a_source_that_was_never_dropped_is_told(planted):
    assert planted.finds("sources_never_dropped") == []
    planted.db.execute("delete from ops.source_state where table_name = 'claimtracking'")
    assert subjects(planted.finds("sources_never_dropped")) == {"opendental.claimtracking"}


def test_every_check_is_shown_a_violation():
    told = set(re.findall(r'finds\("(\w+)"\)', Path(__file__).read_text(encoding="utf-8")))
    assert told == set(CHECKS)
