"""What a new model must have: a name, words, checks, time stamps, and nothing left blank."""

import re

import pytest

from daysheet.catalog import load_catalog, load_contract
from daysheet.graph import load_graph
from daysheet.scaffolding import BLANK, LONGEST_NAME
from daysheet.settings import PROJECT
from tests.house.repository import models, shown

MODELS = sorted(models())
FILES = sorted((PROJECT / "sql").glob("*/*.sql")) + sorted((PROJECT / "sql").glob("*/_system.yml"))
FILES += [path.with_suffix(".yml") for path in FILES if path.stem.startswith("int_")]


def test_there_are_models_and_files():
    assert len(MODELS) >= 41
    assert len(FILES) > 2 * len(MODELS)


def test_nothing_is_left_to_fill_in():
    blanks = [
        f"{shown(path)}:{number}: {line.split(BLANK, 1)[1].strip(' :')}"
        for path in FILES
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if BLANK in line
    ]
    assert not blanks, f"write this instead of {BLANK}:\n" + "\n".join(blanks)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_named_as_models_are(name):
    assert re.fullmatch(r"int(_[a-z][a-z0-9]*)+", name), f"{name}: int_ and words in snake_case"
    assert len(name) <= LONGEST_NAME, f"{name}: over {LONGEST_NAME} letters"
    vague = {"data", "final", "new", "temp", "test", "v2"} & set(name.split("_"))
    assert not vague, f"{name}: {vague} says nothing of its rows; name what a row is"


@pytest.mark.parametrize("name", MODELS)
def test_columns_are_named_as_columns_are(name):
    odd = [each for each in models()[name].columns if not re.fullmatch(r"_?[a-z][a-z0-9_]*", each)]
    assert not odd, f"{name}: name them in snake_case: {odd}"


@pytest.mark.parametrize("name", MODELS)
def test_the_description_says_what_a_row_is(name):
    said = models()[name].description.strip()
    assert len(said) >= 40, f"{name}.yml: description: say what has a row, and what is left out"
    assert said[0].isupper(), f"{name}.yml: description: whole sentences"
    assert said.endswith("."), f"{name}.yml: description: whole sentences"


@pytest.mark.parametrize("name", MODELS)
def test_a_note_adds_to_the_meaning_in_a_whole_sentence(name):
    notes = {column: said.note for column, said in models()[name].columns.items() if said.note}
    wrong = [column for column, note in notes.items() if note[-1] != "."]
    assert not wrong, f"{name}.yml: end the notes with a period: {wrong}"


def test_every_system_is_named_and_described_in_words():
    systems = load_catalog().systems
    assert len(systems) > 5
    for system in systems.values():
        where = f"sql/{system.name}/_system.yml"
        assert re.fullmatch(r"[a-z][a-z0-9_]*", system.name), f"{where}: snake_case"
        assert len(system.purpose) >= 30, f"{where}: purpose: which questions it answers"
        assert system.purpose.endswith("."), f"{where}: purpose: a whole sentence"


@pytest.mark.parametrize("name", MODELS)
def test_the_checks_of_a_model_hold_more_than_its_key(name):
    model = models()[name]
    assert model.row_checks or model.reconciles, f"{name}.yml: add checks: what must hold of a row?"


@pytest.mark.parametrize("name", [each for each in MODELS if models()[each].type == "transaction"])
def test_a_row_of_the_source_keeps_the_sources_time_stamps(name):
    model = models()[name]
    for source, table in load_graph().reads[name].sources:
        contract = load_contract(source, table)
        if tuple(map(contract.staging_name, contract.key)) == model.grain:
            assert {"_created_at", "_updated_at"} <= set(model.columns), (
                f"{name}: a row is a row of {source}.{table}: end the select with "
                "{{ row_metadata('...') }}, the columns with _created_at and _updated_at"
            )


@pytest.mark.parametrize("name", [each for each in MODELS if models()[each].type == "snapshot"])
def test_a_snapshot_says_of_which_day_it_is(name):
    days = [each for each in models()[name].columns if each.endswith(("_date", "_at", "_on"))]
    assert days, f"{name}: a snapshot has the day it shows among its columns, as as_of_date"
