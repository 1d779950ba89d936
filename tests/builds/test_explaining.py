import psycopg
import pytest

from daysheet.builds.explaining import NotFound, Trace, explain, parts_of_key, trace_row
from daysheet.builds.opening import read_build
from tests.builds.conftest import load_batch
from tests.builds.test_versions import publish_all


@pytest.fixture
def traced(project, practice, monkeypatch):
    from daysheet.builds import plan

    monkeypatch.setattr("daysheet.builds.explaining.load_catalog", plan.load_catalog)
    monkeypatch.setattr("daysheet.builds.explaining.load_graph", plan.load_graph)
    with psycopg.connect(practice.admin) as db:
        db.execute(
            "insert into ops.file (source, table_name, file_name, sha256, bytes, mode,"
            " exported_on, state) values ('opendental', 'provider', 'provider.csv', 'x', 1,"
            " 'full', '2026-01-01', 'loaded')"
        )
    publish_all(practice)
    return practice


def test_a_row_is_traced_to_its_file_and_line(traced):
    trace = explain(traced.dsn("builder"), "int_aged", "2")
    assert (trace.relation, trace.key) == ("int_aged", {"provider_id": 2})
    (origin,) = trace.origins()
    assert (origin.relation, origin.key) == ("opendental.provider", {"ProvNum": 2})
    assert (origin.file, origin.line) == ("provider.csv", 2)


def test_it_is_the_line_the_build_was_made_of_even_after_a_newer_batch(traced):
    load_batch(traced, [(2, "NEW")])
    (origin,) = explain(traced.dsn("builder"), "int_aged", "provider_id=2").origins()
    assert origin.line == 2


@pytest.mark.parametrize(
    ("model", "key"), [("int_nothing", "1"), ("int_aged", "99"), ("int_aged", "a=1")]
)
def test_what_is_not_there_is_said(traced, model, key):
    with pytest.raises(NotFound):
        explain(traced.dsn("builder"), model, key)


def test_a_null_in_a_key_is_nothing_behind_its_sign():
    trace = Trace("int_x", {"mode": "running", "patient_id": None})
    assert trace.key_text == "mode=running,patient_id="
    assert parts_of_key(("mode", "patient_id"), trace.key_text, "int_x") == trace.key


def test_without_time_the_row_itself_is_told_and_that_nothing_was_looked_for(traced):
    with psycopg.connect(traced.dsn("reader")) as db:
        trace = trace_row(db, read_build(db, 1), "int_aged", "2", patience=1e-9)
    assert (trace.key, trace.below, trace.is_whole) == ({"provider_id": 2}, [], False)


def test_the_reader_of_the_pages_is_told_as_much_as_the_builder(traced):
    assert explain(traced.dsn("reader"), "int_aged", "2") == explain(
        traced.dsn("builder"), "int_aged", "2"
    )
