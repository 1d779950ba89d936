"""The contracts of the sources: nothing kept that we should not hold, nothing left unnamed."""

import pytest

from daysheet.catalog import all_contracts, load_codes
from daysheet.graph import load_graph

CONTRACTS = all_contracts()
assert len(CONTRACTS) >= 56

# Clinical, but codes and not prose: a line of the ledger is not told apart without them.
_CODES_THAT_ARE_CLINICAL = {"Surf", "ToothNum"}

# Their text is read for flags, lengths, dates and amounts; test_models.py keeps it out of models.
_READ_FOR_WHAT_THEY_SAY = {
    "commlog",
    "emailmessage",
    "smsfrommobile",
    "smstomobile",
    "task",
    "taskhist",
    "tasknote",
}


def test_there_is_a_contract_for_everything_a_model_reads():
    wanted = {f"{source}__{table}" for source, table in load_graph().sources()}
    assert len(wanted) > 20
    missing = sorted(wanted - set(CONTRACTS))
    assert not missing, f"add sql/sources/<source>/<table>.yml for {missing}"


@pytest.mark.parametrize("relation", sorted(CONTRACTS))
def test_a_contract_says_what_each_column_means_and_keeps_its_key(relation):
    contract = CONTRACTS[relation]
    assert contract.meaning.strip()
    assert contract.key
    assert set(contract.key) <= set(contract.loaded)
    for name, column in contract.columns.items():
        assert column.meaning.strip(), f"{relation}.{name}: say what it means"
    for name, column in contract.loaded.items():
        assert not column.codes or column.codes in load_codes(contract.source), (
            f"{relation}.{name}: no list {column.codes} in _codes.yml"
        )
    if contract.rows:
        assert contract.rows.column in contract.loaded
        assert contract.rows.only or contract.rows.without


@pytest.mark.parametrize("relation", sorted(CONTRACTS))
def test_references_point_to_a_key(relation):
    for name, column in CONTRACTS[relation].columns.items():
        if not column.references:
            continue
        table, _, key = column.references.partition(".")
        assert key, f"{relation}.{name}: write references as table.Column"
        target = CONTRACTS.get(f"{CONTRACTS[relation].source}__{table}")
        assert target is None or key in target.columns, f"{relation}.{name}: {column.references}"


@pytest.mark.parametrize("relation", sorted(CONTRACTS))
def test_no_note_and_no_secret_is_loaded(relation):
    contract = CONTRACTS[relation]
    for name, column in contract.loaded.items():
        if contract.rows and contract.rows.column != name:
            continue  # rows that hold a secret are not kept
        assert column.phi != "secret_or_account", f"{relation}.{name}: never loaded"
        if column.phi == "free_text" and contract.table in _READ_FOR_WHAT_THEY_SAY:
            continue
        if column.phi in ("free_text", "clinical") and column.type == "text":
            assert column.load == "presence" or name in _CODES_THAT_ARE_CLINICAL, (
                f"{relation}.{name}: load: presence tells whether the cell held anything"
            )


def test_money_is_exact():
    money = [
        (relation, name)
        for relation, contract in CONTRACTS.items()
        for name, column in contract.columns.items()
        if column.type == "money"
    ]
    assert len(money) > 20
    for relation, name in money:
        assert CONTRACTS[relation].columns[name].postgres_type.startswith("numeric")
