"""The models against the worked cases, through the real templates."""

import pytest

from tests.aging.cases import Case, cases
from tests.aging.models import built

CASES = cases()
SNAPSHOT = "int_ar_aging_snapshot"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_worked_case(case: Case, shared_warehouse):
    owner = "patient_id" if case.by_patient else "guarantor_id"
    with built(shared_warehouse.admin, case.ledger, case.as_of, [SNAPSHOT]) as connection:
        rows = connection.execute(
            f"""
            select * from {SNAPSHOT}
            where as_of_date = %s and mode = %s and (patient_id is not null) = %s
            """,
            [case.day, "historic" if case.historic else "running", case.by_patient],
        ).fetchall()
    for who, expect in case.expect.items():
        (row,) = [row for row in rows if row[owner] == who]
        assert {name: row[name] for name in expect} == expect
