"""A model is two files and an example; what its yml says is what its SQL does."""

import re

import pytest
from sqlglot import exp

from daysheet.catalog import load_catalog, load_contract
from daysheet.catalog.documents import read_yaml
from daysheet.catalog.models import column_meanings
from daysheet.graph import load_graph
from daysheet.settings import PROJECT
from tests.house.repository import models, parsed, shown, tracked

MODELS = sorted(models())
EXAMPLES = PROJECT / "tests" / "models"

# What makes a number or a decision of its own, and so needs an example.
COMPUTES = (
    exp.Add,
    exp.AggFunc,
    exp.Case,
    exp.Coalesce,
    exp.Div,
    exp.Filter,
    exp.Mul,
    exp.Sub,
    exp.Window,
)

MONEY = re.compile(r"(_amount|_fee|_balance|_balance_total|_payment|_writeoff)$")
# Whose money is another row's, repeated for the reader: summing it means nothing.
SHOWS_MONEY_OF_OTHERS = {"int_insurance_eob_attachments", "int_patient_profile"}


def test_there_are_models():
    assert len(MODELS) >= 41


def test_every_model_is_a_pair_of_files_of_the_same_name():
    sql = {path.with_suffix("") for path in tracked("sql/**/int_*.sql")}
    yml = {path.with_suffix("") for path in tracked("sql/**/int_*.yml")}
    assert len(sql) >= 41
    alone = sorted(shown(path) for path in sql ^ yml)
    assert not alone, f"add the missing .sql or .yml beside: {alone}"


def test_every_system_says_what_it_is():
    folders = {path.parent for path in tracked("sql/**/int_*.sql")}
    assert folders
    missing = [shown(folder) for folder in folders if not (folder / "_system.yml").exists()]
    assert not missing, f"add _system.yml (title, purpose, owner, phase, reads) to {missing}"


@pytest.mark.parametrize("name", MODELS)
def test_the_yml_lists_the_columns_the_sql_selects_in_order(name):
    selected = parsed(name).named_selects
    assert "*" not in selected, f"{name}.sql: name every column instead of *"
    assert selected == list(models()[name].columns), f"{name}.yml: same columns, same order"


@pytest.mark.parametrize("name", MODELS)
def test_a_model_reads_only_its_own_system_and_those_its_system_may_read(name):
    catalog, reads = load_catalog(), load_graph().reads[name]
    system = catalog.models[name].system
    assert reads.models or reads.sources, f"{name}.sql reads nothing"
    wrong = [
        f"{other} ({catalog.models[other].system.name})"
        for other in sorted(reads.models)
        if catalog.models[other].system.name not in {system.name, *system.reads}
    ]
    assert not wrong, (
        f"{name} reads {', '.join(wrong)}: add the system to reads in sql/{system.name}/"
        "_system.yml if it really may depend on it"
    )


def test_systems_are_read_forwards_only():
    systems = load_catalog().systems
    assert systems
    for system in systems.values():
        unknown = set(system.reads) - set(systems)
        assert not unknown, f"sql/{system.name}/_system.yml: no system named {unknown}"
        later = [other for other in system.reads if systems[other].phase > system.phase]
        assert not later, f"{system.name} is built before {later}: change its phase or its reads"
        assert system.name not in system.reads, f"{system.name} may always read itself"


@pytest.mark.parametrize("name", MODELS)
def test_a_model_reads_only_sources_that_have_a_contract(name):
    for source, table in sorted(load_graph().reads[name].sources):
        assert load_contract(source, table)


def test_every_column_has_one_meaning_and_every_meaning_a_column():
    meanings = column_meanings()
    used = {column for model in models().values() for column in model.columns}
    assert used
    missing = sorted(used - set(meanings))
    assert not missing, f"say in sql/columns.yml what these mean: {missing}"
    unused = sorted(set(meanings) - used)
    assert not unused, f"no model has these columns: take them out of sql/columns.yml: {unused}"
    empty = [column for column, meaning in meanings.items() if not str(meaning or "").strip()]
    assert not empty, f"sql/columns.yml says nothing about {empty}"


def test_the_meanings_are_sorted_and_none_is_said_twice():
    lines = (PROJECT / "sql" / "columns.yml").read_text().splitlines()
    names = [line.split(":")[0] for line in lines if line[:1].strip() and line[0] != "#"]
    assert len(names) > 50
    assert names == sorted(names, key=lambda name: name.encode()), "sort sql/columns.yml"
    assert len(names) == len(set(names)), "sql/columns.yml says something twice"
    assert set(names) == set(read_yaml(PROJECT / "sql" / "columns.yml"))


def test_a_model_that_computes_has_an_example():
    computing = [name for name in MODELS if any(parsed(name).find_all(*COMPUTES))]
    assert len(computing) > 10
    bare = [name for name in computing if not tracked(f"tests/models/{name}/*.yml")]
    assert not bare, f"add tests/models/<model>/what_holds.yml, given and expected rows: {bare}"


def test_every_example_is_of_a_model():
    folders = {path.parent.name for path in tracked("tests/models/int_*/*.yml")}
    assert folders
    assert not folders - set(models()), "these models are gone, their examples are not"


@pytest.mark.parametrize("name", MODELS)
def test_the_key_is_checked(name):
    model = models()[name]
    assert set(model.grain) <= set(model.columns)
    nullable = [
        column
        for column in model.grain
        if f"{column} not null" not in {check.name for check in model.row_checks}
    ]
    assert len(nullable) < len(model.grain), (
        f"{name}.yml: add {{checks: [not_null]}} to the columns of its grain"
    )


def test_money_reconciles_with_where_it_came_from():
    holders = {
        name: model
        for name, model in models().items()
        if any(MONEY.search(column) for column in model.columns)
        and name not in SHOWS_MONEY_OF_OTHERS
    }
    assert len(holders) > 5
    loose = [name for name, model in holders.items() if not model.reconciles]
    assert not loose, f"say in reconciles: where the money comes from, to the cent: {loose}"


@pytest.mark.parametrize("name", MODELS)
def test_no_column_shows_free_text_or_a_secret(name):
    reads = load_graph().reads[name]
    hidden = {
        contract.staging_name(column): f"{table}.{column}"
        for source, table in reads.sources
        for contract in [load_contract(source, table)]
        for column, declared in contract.loaded.items()
        if declared.phi in ("free_text", "secret_or_account") and declared.load != "presence"
    }
    shown_as_is = {
        projection.alias_or_name: projection.unalias().name
        for select in parsed(name).find_all(exp.Select)
        for projection in select.expressions
        if isinstance(projection.unalias(), exp.Column)
    }
    wrong = {
        column: hidden[source]
        for column, source in shown_as_is.items()
        if source in hidden and column in models()[name].columns
    }
    assert not wrong, f"{name}: derive a flag, a length or a date instead of showing {wrong}"
