from daysheet.catalog import load_codes, load_contracts


def test_every_contract_is_valid_and_uses_a_known_code_list():
    contracts = load_contracts()
    codes = load_codes()
    assert len(contracts) >= 56
    for contract in contracts.values():
        assert set(contract.key) <= contract.required
        for name, column in contract.loaded.items():
            assert column.codes is None or column.codes in codes, (contract.table, name)


def test_no_contract_loads_notes_or_secrets():
    for contract in load_contracts().values():
        for name, column in contract.loaded.items():
            if (contract.table, name) == ("preference", "ValueString"):
                assert contract.rows is not None
                continue
            assert column.phi != "secret_or_account", (contract.table, name)
            if column.phi in ("free_text", "clinical") and column.type == "text":
                assert column.load == "presence" or name in ("Surf", "ToothNum")


def test_staging_names_follow_the_rule():
    patient = load_contracts()["patient"]
    assert patient.staging_name("PatNum") == "patient_id"
    assert patient.staging_name("Guarantor") == "guarantor_id"
    assert patient.staging_name("BalOver90") == "bal_over90"
    assert load_contracts()["paysplit"].staging_name("UnearnedType") == "unearned_type_id"
