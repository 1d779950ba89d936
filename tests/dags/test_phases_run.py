"""The chain, run for real in this process: open, build, check, publish; and by hand."""

import psycopg
import pytest

from daysheet.catalog import load_catalog

pytestmark = pytest.mark.airflow

CHAIN = (
    "phase_0_foundation",
    "phase_1_core_transactions",
    "phase_2_analysis_and_metrics",
    "phase_3_operations",
    "phase_4_quality_and_publish",
)


def rows(warehouse, query):
    with psycopg.connect(warehouse.dsn("reader")) as db:
        return db.execute(query).fetchall()


def opened(run_dag, warehouse, **conf):
    assert run_dag("open_build", as_of="2026-01-31", **conf).state == "success"
    return rows(warehouse, "select max(build) from ops.build")[0][0]


def test_an_empty_practice_builds_and_publishes(run_dag, warehouse):
    build = opened(run_dag, warehouse)
    for dag_id in CHAIN:
        assert run_dag(dag_id, build=build).state == "success", dag_id
    assert rows(warehouse, "select build, as_of::text from ops.current_build") == [
        (build, "2026-01-31")
    ]
    made = rows(warehouse, f"select model from ops.build_model where build = {build}")
    assert {row[0] for row in made} == set(load_catalog().models)


def test_a_phase_by_hand_before_anything_is_published_is_refused(run_dag, warehouse):
    assert run_dag("phase_1_core_transactions").state == "failed"
    assert rows(warehouse, "select count(*) from ops.build") == [(0,)]


def test_a_phase_by_hand_goes_on_to_a_new_publish(run_dag, warehouse):
    first = opened(run_dag, warehouse)
    for dag_id in CHAIN:
        run_dag(dag_id, build=first)
    assert run_dag("phase_1_core_transactions").state == "success"
    ((second,),) = rows(warehouse, "select max(build) from ops.build")
    for dag_id in CHAIN[2:-1]:
        assert run_dag(dag_id, build=second).state == "success"
    actions = dict(
        rows(warehouse, f"select model, action from ops.build_model where build = {second}")
    )
    assert second == first + 1
    assert set(actions.values()) == {"linked", "inherited"}
    assert set(actions) == set(load_catalog().models)
    assert run_dag(CHAIN[-1], build=second).state == "success"
    assert rows(warehouse, "select build from ops.current_build") == [(second,)]


def test_the_last_phase_by_hand_publishes_what_is_published_again(run_dag, warehouse):
    first = opened(run_dag, warehouse)
    for dag_id in CHAIN:
        run_dag(dag_id, build=first)
    assert run_dag(CHAIN[-1]).state == "success"
    assert rows(warehouse, "select build from ops.current_build") == [(first + 1,)]
