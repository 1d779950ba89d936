"""A warehouse with a few people in it who may get mail."""

from collections.abc import Iterator

import psycopg
import pytest

from daysheet.warehouse import session
from tests.conftest import Warehouse

DOMAINS = frozenset({"practice.example"})
PEOPLE = {"vera": "VC", "boris": "BK", "lena": "LM"}


@pytest.fixture
def db(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """A session of the mailer in autocommit, as tasks have it."""
    with psycopg.connect(warehouse.admin, autocommit=True) as admin:
        admin.cursor().executemany(
            "insert into desk.staff (user_id, display_code, email, desk_role)"
            " values (%s, %s, %s, 'biller')",
            [(name, code, f"{name}@practice.example") for name, code in PEOPLE.items()],
        )
    with session(warehouse.dsn("mailer"), "tests", autocommit=True) as connection:
        yield connection


@pytest.fixture
def admin(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """A superuser's session, to move a mail in time."""
    with psycopg.connect(warehouse.admin, autocommit=True) as connection:
        yield connection
