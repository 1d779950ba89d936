"""The models against what the generated practice is known to hold, area by area."""

import json
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from daysheet.builds.versions import make_model
from daysheet.catalog import load_catalog
from daysheet.desk.published import Reader
from daysheet.desk.reading.receivables import ForgottenFilter, forgotten_money, forgotten_totals
from daysheet.graph import load_graph
from daysheet.synthetic import generate
from daysheet.warehouse import Role
from tests.bench.building import in_order, new_build
from tests.bench.stage import commit_batch, dropped_file, load_one, load_practice, open_batch
from tests.bench.totals import families_apart
from tests.conftest import Warehouse

UNTIL = date(2026, 11, 20)
PATIENTS, YEARS, SEED = 200, 3, 9


class Built:
    """A build of the newest batch with the models some questions need."""

    def __init__(self, warehouse: Warehouse, models: Iterable[str]) -> None:
        self._dsn = warehouse.dsn(Role.BUILDER)
        build = new_build(warehouse, UNTIL)
        self.schema, needed = build.schema, needed_for(models)
        in_order(
            lambda name: make_model(self._dsn, build.build, name) if name in needed else None, 2
        )

    def rows(self, query: str) -> list[tuple]:
        with psycopg.connect(self._dsn) as db:
            db.execute(f"set search_path to {self.schema}")
            return db.execute(query).fetchall()

    def families_apart(self, folder: Path) -> list[tuple[str, str, int]]:
        with psycopg.connect(self._dsn) as db:
            return families_apart(db, self.schema, folder)

    def counts(self, query: str) -> dict[str, int]:
        return {str(label): count for label, count in self.rows(query)}


def needed_for(models: Iterable[str]) -> set[str]:
    """The models, what they read and what their checks compare them with."""
    needed, asked, catalog = set(), list(models), load_catalog().models
    while asked:
        name = asked.pop()
        if name in catalog and name not in needed:
            needed.add(name)
            asked += [*load_graph().reads[name].models, *(r.of for r in catalog[name].reconciles)]
    return needed


@pytest.fixture(scope="module")
def practice(shared_warehouse, tmp_path_factory):
    """Two hundred invented patients over three years, loaded."""
    folder = tmp_path_factory.mktemp("practice")
    generate(folder, patients=PATIENTS, years=YEARS, until=UNTIL, seed=SEED)
    load_practice(shared_warehouse, folder)
    return folder


@pytest.mark.parametrize(
    ("version", "offsetting"), [(1, True), (2, True), (2, False), (3, False), (4, True)]
)
def test_every_family_is_aged_as_its_ledger_was_kept(
    version, offsetting, practice, shared_warehouse, tmp_path
):
    # The same seed gives the same ledger whatever the settings, so only they are loaded anew.
    how = {"payplans_version": version, "offsetting": offsetting}
    generate(tmp_path, patients=PATIENTS, years=YEARS, until=UNTIL, seed=SEED, **how)
    batch = open_batch(shared_warehouse)
    for table in ("preference", "patient"):
        path = tmp_path / "opendental" / f"{table}.csv"
        exported_on = f"{UNTIL + timedelta(days=batch)}T00:00:00"  # newer than all before
        dropped = dropped_file(path, "opendental", table, "full", exported_on)
        load_one(shared_warehouse, dropped, batch)
    commit_batch(shared_warehouse, batch)
    built = Built(shared_warehouse, ["int_ar_aging_snapshot"])
    assert built.families_apart(tmp_path) == []


@pytest.fixture(scope="module")
def known(practice):
    return json.loads((practice / "known_totals.json").read_text())["counts"]


@pytest.fixture(scope="module")
def desk(practice, shared_warehouse):
    models = ("int_billing_statements", "int_appointment_details", "int_provider_availability")
    others = ("int_task_management", "int_patient_communications_base", "int_user_preferences")
    found = ("int_procedure_complete", "int_claim_details", "int_insurance_coverage")
    return Built(shared_warehouse, models + others + found)


def test_statements_are_of_the_kinds_that_were_written(desk, known):
    kinds = desk.counts(
        "select case when document_kind <> 'statement' then document_kind"
        " when is_sent then 'sent' else 'not sent' end, count(*)"
        " from int_billing_statements group by 1"
    )
    written = known["statements"]
    plural = {"receipts": "receipt", "invoices": "invoice"}
    assert kinds == {plural.get(kind, kind): count for kind, count in written.items()}


def test_visits_have_the_states_they_were_given(desk, known):
    visits = desk.counts(
        "select appointment_status, count(*) from int_appointment_details group by 1"
    )
    given = dict(known["appointments by status"])
    given["1"] += given.pop("deleted")  # scheduled until the day they were deleted
    assert visits == {status: count for status, count in given.items() if status not in "78"}


def test_providers_are_scheduled_as_long_as_their_blocks_cover(desk, known):
    minutes = desk.counts(
        "select provider_id, sum(scheduled_minutes)::int from int_provider_availability group by 1"
    )
    assert minutes == known["minutes scheduled by provider"]


def test_every_contact_of_the_log_goes_its_way(desk, known):
    directions = desk.counts(
        "select direction, count(*) from int_patient_communications_base"
        " where communication_source = 'commlog' group by 1"
    )
    way = known["contacts by direction"]
    assert directions == {"none": way["0"], "outbound": way["1"], "inbound": way["2"]}


def test_tasks_are_counted_once_and_no_secret_arrives(desk, known):
    ((tasks, done),) = desk.rows(
        "select count(*), count(*) filter (where is_done) from int_task_management"
    )
    written = known["tasks by status"]
    assert (tasks, done) == (sum(written.values()), written["2"])
    assert desk.rows(
        "select count(*) from int_user_preferences where value_text like 'secret%'"
    ) == [(0,)]


def test_the_desk_finds_all_work_on_no_claim_to_the_cent(desk, known, shared_warehouse):
    left = known["completed on no claim"]
    assert left["procedures"] > 3
    with psycopg.connect(shared_warehouse.admin) as db:
        db.execute(f"set search_path to {desk.schema}")
        db.execute(f"set daysheet.as_of to '{UNTIL}'")
        reader, of = Reader(db, 1), ForgottenFilter(kind="procedure_on_no_claim")
        (total,) = forgotten_totals(reader, of)
        rows = forgotten_money(reader, of, limit=None)
    assert (total.rows, total.amount * 100) == (left["procedures"], left["cents"])
    assert len(rows) == total.rows
