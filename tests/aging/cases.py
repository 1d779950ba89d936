"""The worked cases: small ledgers with what each family owes, worked out by hand.

A case is YAML: ``given`` holds tables by vendor column (one left out holds nothing), each run its
preferences by name, whether it is ``historic`` (the day is then a month end, seen one day later),
why, and per guarantor (or patient) the rounded figures.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from tests.aging.ledger import Ledger, joined, practice, typed
from tests.models.examples import table_rows

HERE = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Case:
    name: str
    ledger: Ledger
    day: date  # the figures are those of this day
    historic: bool
    by_patient: bool
    expect: dict[int, dict[str, Decimal]]  # guarantor or patient: figure: dollars

    @property
    def as_of(self) -> date:
        """The day of a build that has these figures."""
        return self.day + timedelta(days=1) if self.historic else self.day


def cases() -> list[Case]:
    return [
        _case(f"{path.stem}-{number}", yaml.safe_load(path.read_text()), number)
        for path in sorted(HERE.glob("*.yml"))
        for number in range(1, len(yaml.safe_load(path.read_text())["runs"]) + 1)
    ]


def _case(name: str, body: dict[str, Any], number: int) -> Case:
    run = body["runs"][number - 1]
    unknown = set(body) - {"title", "source", "as_of", "given", "runs"}
    unknown |= set(run) - {"because", "settings", "historic", "expect"}
    assert not unknown, f"{name}: unknown keys {unknown}"
    given = {
        table: [typed(table, row) for row in table_rows(text)]
        for table, text in body["given"].items()
    }
    expect = table_rows(run["expect"])
    owner = next(iter(expect[0]))
    assert owner in ("guarantor", "patient"), f"{name}: figures of whom?"
    return Case(
        name=name,
        ledger=joined([given, practice(run.get("settings", {}))]),
        day=body["as_of"],
        historic=run.get("historic", False),
        by_patient=owner == "patient",
        expect={
            int(row.pop(owner)): {figure: Decimal(text) for figure, text in row.items()}
            for row in expect
        },
    )
