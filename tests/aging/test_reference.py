"""The second implementation against the worked cases; needs no database."""

import pytest

from tests.aging.cases import Case, cases
from tests.aging.reference import Aging

CASES = cases()


def test_there_are_worked_cases():
    assert len(CASES) > 40


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_worked_case(case: Case):
    historic_in = case.as_of if case.historic else None
    owed = Aging(case.ledger).families(case.day, historic_in, case.by_patient)
    for owner, expect in case.expect.items():
        figures = owed[owner].rounded()
        assert {name: figures[name] for name in expect} == expect
    assert set(owed) == set(case.expect), "nobody else owes anything"
