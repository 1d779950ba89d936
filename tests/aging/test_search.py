"""A search for a ledger on which the models and the second implementation differ.

Every database holds some hundreds of families under one day and one set of preferences. A family
that differs is made as small as it goes and printed with both results. By default some 3,000
families are tried, the same ones each time. To search longer, elsewhere:

    DAYSHEET_AGING_FAMILIES=20000 DAYSHEET_AGING_SEED=7 pytest tests/aging/test_search.py
"""

import math
import os
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.aging.comparing import (
    Practice,
    by_models,
    by_reference,
    differences,
    disagreements,
)
from tests.aging.families import families_of, worlds
from tests.aging.ledger import TABLES, Ledger
from tests.aging.reference import Aging
from tests.aging.smallest import report

FAMILIES = int(os.environ.get("DAYSHEET_AGING_FAMILIES", "3000"))
SEED = int(os.environ.get("DAYSHEET_AGING_SEED", "0"))
AT_A_TIME = 500  # families in one database
FAMILIES_IN_A_WORLD = 1.5  # about

PRACTICES = [
    Practice(date(2024, 6, 30), {}),
    Practice(date(2024, 2, 29), {"PayPlansVersion": 1, "AgingProcLifo": 1}),
    Practice(date(2025, 3, 1), {"PayPlansVersion": 1, "AgingProcLifo": 2}),
    Practice(
        date(2023, 12, 31),
        {"PayPlansVersion": 2, "AgingProcLifo": 2, "PayPlansBillInAdvanceDays": 0},
    ),
    Practice(date(2026, 1, 1), {"PayPlansVersion": 2, "AgingProcLifo": 0}),
    Practice(
        date(2024, 7, 1),
        {"PayPlansVersion": 3, "AgingProcLifo": 1, "PayPlansBillInAdvanceDays": 30},
    ),
    Practice(date(2024, 11, 15), {"PayPlansVersion": 3, "AgingProcLifo": 2}),
    Practice(date(2025, 5, 31), {"PayPlansVersion": 4, "AgingProcLifo": 1}),
    Practice(date(2024, 3, 31), {"PayPlansVersion": 4, "AgingProcLifo": 2}),
]


@pytest.mark.timeout(60 + FAMILIES)
@pytest.mark.parametrize("practice", PRACTICES, ids=str)
def test_no_family_differs(practice: Practice, shared_warehouse):
    tried, wanted = 0, FAMILIES / len(PRACTICES)
    while tried < wanted:
        drawn = _drawn(practice, min(AT_A_TIME, wanted - tried), tried)
        tried += sum(map(families_of, drawn))
        found = disagreements(shared_warehouse.admin, drawn, practice)
        for world, lines in zip(drawn, found, strict=True):
            assert not lines, report(shared_warehouse.admin, world, practice)
    print(f"{tried} families, {practice}: no difference")


def test_an_empty_amount_counts_as_nothing(shared_warehouse):
    practice = PRACTICES[0]
    drawn = _drawn(practice, 150, 0)
    accounts = by_models(shared_warehouse.admin, [_emptied(world) for world in drawn], practice)
    for world, account in zip(drawn, accounts, strict=True):
        assert differences(account, by_reference(world, practice)) == []


def _emptied(world: Ledger) -> Ledger:
    """Null where the practice system would write an amount that means nothing."""
    return {
        table: [
            {
                name: None if isinstance(cell, Decimal) and cell == TABLES[table][name] else cell
                for name, cell in row.items()
            }
            for row in rows
        ]
        for table, rows in world.items()
    }


def test_a_difference_is_told_as_the_smallest_family(shared_warehouse, monkeypatch):
    """Claim lines of procedures that were never done, counted by mistake."""
    monkeypatch.setattr(Aging, "_charged", lambda self, row: True)
    drawn = _drawn(PRACTICES[0], 60, 0)
    found = disagreements(shared_warehouse.admin, drawn, PRACTICES[0])
    differing = [world for world, lines in zip(drawn, found, strict=True) if lines]
    told = report(shared_warehouse.admin, differing[0], PRACTICES[0])
    tables = [line.removesuffix(": |") for line in told.splitlines() if line.endswith(": |")]
    assert tables == ["claimproc"], told
    assert "in SQL" in told


def _drawn(practice: Practice, families: float, after: int) -> list[Ledger]:
    """Worlds with about so many families."""
    drawn: list[Ledger] = []

    @seed(f"{SEED}, {practice}, {after}")
    @settings(
        max_examples=math.ceil(families / FAMILIES_IN_A_WORLD),
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(worlds(practice.as_of))
    def collect(world: Ledger) -> None:
        drawn.append(world)

    collect()
    return drawn
