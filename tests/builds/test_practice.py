"""The real models over a generated practice: totals to the cent, versions whatever the order."""

import random
from datetime import date, timedelta

import psycopg
import pytest

from daysheet.builds.explaining import explain
from daysheet.graph import load_graph
from daysheet.synthetic import generate, one_changed_claim
from daysheet.warehouse import Role
from tests.bench.building import finish, new_build, run_engine
from tests.bench.stage import commit_batch, dropped_file, load_one, load_practice, open_batch
from tests.bench.totals import compare_totals

UNTIL = date(2026, 11, 20)


@pytest.fixture(scope="module")
def practice(tmp_path_factory):
    """Four hundred invented patients over two years."""
    folder = tmp_path_factory.mktemp("practice")
    generate(folder, patients=400, years=2, until=UNTIL, seed=7)
    return folder


@pytest.fixture(scope="module")
def published(practice, shared_warehouse):
    """That practice loaded, built, checked and published."""
    load_practice(shared_warehouse, practice)
    build = new_build(shared_warehouse, UNTIL)
    run_engine(shared_warehouse, build, 2)
    finish(shared_warehouse, build)
    return shared_warehouse


def rows(warehouse, query, *values):
    with psycopg.connect(warehouse.dsn(Role.READER)) as db:
        return db.execute(query, values).fetchall()


def fingerprints(warehouse):
    newest = "(select max(build) from ops.build)"
    found = f"select model, fingerprint from ops.build_model where build = {newest}"
    return dict(rows(warehouse, found))


def test_every_model_is_built_and_no_promise_is_broken(published):
    assert set(fingerprints(published)) == set(load_graph().order)
    broken = rows(
        published,
        "select check_name from ops.check_result where severity = 'error' and failing > 0",
    )
    assert broken == []
    assert rows(published, "select count(*) from ops.check_result") > [(100,)]


def test_known_totals_are_the_models_totals_to_the_cent(published, practice):
    apart = {name: value for name, value in compare_totals(published, practice).items() if value}
    assert apart == {}
    ((production,),) = rows(
        published, "select sum(gross_production) from reporting.int_procedure_complete"
    )
    assert production > 100_000, "a practice without money proves nothing"


def test_files_in_any_order_make_the_same_versions(published, practice, warehouse):
    files = [*practice.glob("opendental/*.csv"), *practice.glob("practice/*.csv")]
    files.sort()
    random.Random(5).shuffle(files)
    exported_on = (UNTIL + timedelta(days=1)).isoformat()
    for file in files:  # each file a batch of its own, as loose changes of a later day
        batch = open_batch(warehouse)
        source = file.parent.name
        load_one(warehouse, dropped_file(file, source, file.stem, "changes", exported_on), batch)
        commit_batch(warehouse, batch)
    build = new_build(warehouse, UNTIL)
    run_engine(warehouse, build, 2)
    assert fingerprints(warehouse) == fingerprints(published)


def test_one_changed_claim_rebuilds_only_what_reads_claims(published, practice, tmp_path):
    changed = one_changed_claim(practice / "opendental", tmp_path)
    batch = open_batch(published)
    dropped = dropped_file(
        changed / "claim.csv", "opendental", "claim", "changes", "2026-11-21T00:00:00"
    )
    assert load_one(published, dropped, batch).replaced == 1
    commit_batch(published, batch)
    build = new_build(published, UNTIL)
    run_engine(published, build, 1)
    found = f"select model, action from ops.build_model where build = {build.build}"
    actions = dict(rows(published, found))
    reads_claim = {
        name
        for name, reads in load_graph().reads.items()
        if ("opendental", "claim") in reads.sources
    }
    built = {name for name, action in actions.items() if action == "built"}
    assert built == load_graph().downstream(reads_claim)
    assert len(built) < len(actions)
    finish(published, build)


def test_a_claim_line_is_traced_to_its_file_and_line(published, practice):
    ((key,),) = rows(published, "select min(claim_procedure_id) from reporting.int_claim_details")
    trace = explain(published.dsn(Role.BUILDER), "int_claim_details", str(key))
    (origin,) = [one for one in trace.origins() if one.relation == "opendental.claimproc"]
    lines = (practice / "opendental" / "claimproc.csv").read_text().splitlines()
    assert lines[origin.line - 1].split(",")[0] == str(key)
    assert origin.file.endswith("claimproc.csv")


@pytest.mark.parametrize("version", [1, 3, 4])
def test_totals_hold_under_each_version_of_payment_plans(version, warehouse, tmp_path):
    generate(tmp_path, patients=120, years=2, until=UNTIL, seed=3, payplans_version=version)
    load_practice(warehouse, tmp_path)
    build = new_build(warehouse, UNTIL)
    run_engine(warehouse, build, 2)
    finish(warehouse, build)
    apart = {name: value for name, value in compare_totals(warehouse, tmp_path).items() if value}
    assert apart == {}
    plans = rows(warehouse, "select sum(abs(total_payplan)) from reporting.int_ar_analysis_base")
    assert plans[0][0] > 0, "no plan touches any account"
