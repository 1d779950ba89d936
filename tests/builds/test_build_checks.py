"""Every build check is shown a violation of its own and must tell it; a true build is let be."""

from contextlib import contextmanager
from datetime import date

import psycopg
import pytest

from daysheet.builds.opening import read_build
from daysheet.builds.quality import keep_totals
from daysheet.builds.schemas import ensure_schemas
from daysheet.checks.build_checks import load_build_checks, run_build_check
from daysheet.checks.totals import measure_totals
from daysheet.rendering import Relations
from daysheet.synthetic import generate
from tests.bench.building import finish, new_build, run_engine
from tests.bench.stage import load_practice

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
}
CHECKS = {check.name: check for check in load_build_checks()}


@pytest.fixture(scope="module")
def built(tmp_path_factory, shared_warehouse):
    """A practice built twice, published once; the warehouse and the number of the second build."""
    folder = tmp_path_factory.mktemp("practice")
    generate(folder, patients=150, years=2, until=UNTIL, seed=11)
    load_practice(shared_warehouse, folder)
    first = new_build(shared_warehouse, UNTIL)
    run_engine(shared_warehouse, first, 2)
    finish(shared_warehouse, first)
    second = new_build(shared_warehouse, UNTIL)
    run_engine(shared_warehouse, second, 2)
    return shared_warehouse, second.build


class Planted:
    """A build inside a transaction that is rolled back: what is planted here stays here."""

    def __init__(self, db: psycopg.Connection, number: int) -> None:
        self.db, self.build = db, read_build(db, number)
        self.relations = Relations(self.build.schema, self.build.stage_schema)

    def shows(self, relation: str, *, where: str = "true", twice: str = "false", **columns: str):
        """Let a relation show only rows ``where``, some ``twice``, and columns as told."""
        schema, _, name = relation.rpartition(".")
        schema = {"": self.build.schema, "stage": self.build.stage_schema}[schema]
        found = self.db.execute(f"select * from {schema}.{name} limit 0").description
        shown = ", ".join(
            f"{columns[column.name]} as {column.name}" if column.name in columns else column.name
            for column in found
        )
        self.db.execute(f"alter view {schema}.{name} rename to {name}_true")
        self.db.execute(
            f"create view {schema}.{name} as select {shown} from {schema}.{name}_true"
            f" where {where} union all select {shown} from {schema}.{name}_true where {twice}"
        )

    def finds(self, name: str) -> list[dict]:
        """The offenders one check finds, on totals measured anew."""
        keep_totals(self.db, self.build, measure_totals(self.db, self.relations, self.build.as_of))
        return run_build_check(
            self.db,
            CHECKS[name],
            self.relations,
            build=self.build.build,
            batch=self.build.batch,
            as_of=self.build.as_of,
        ).keys

    def one(self, relation: str, column: str, where: str = "true") -> object:
        """The smallest value of a column, for a row to meddle with."""
        row = self.db.execute(
            f"select min({column}) from {self.build.schema}.{relation} where {where}"
        ).fetchone()
        assert row
        assert row[0] is not None, "a practice without one proves nothing"
        return row[0]


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
