from daysheet.catalog import load_contracts


def test_staging_names_follow_the_rule():
    patient = load_contracts()["patient"]
    assert patient.staging_name("PatNum") == "patient_id"
    assert patient.staging_name("Guarantor") == "guarantor_id"
    assert patient.staging_name("BalOver90") == "bal_over90"
    assert load_contracts()["paysplit"].staging_name("UnearnedType") == "unearned_type_id"
