"""One generated practice for the tests of the generator, large enough to hold every oddity."""

import datetime
from pathlib import Path

import pytest

from daysheet.synthetic import generate

PATIENTS = 1000
UNTIL = datetime.date(2026, 11, 20)


@pytest.fixture(scope="session")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("practice")
    generate(out, patients=PATIENTS, years=2, until=UNTIL, seed=7)
    return out
