"""A desk of invented people on a day that does not move, and hands to work at it with."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import psycopg
import pytest

from daysheet.warehouse import session
from tests.conftest import Warehouse

TODAY = date(2026, 11, 20)


class Desk:
    """One warehouse with its desk; ``today`` is what desk.today() says in every session."""

    def __init__(self, warehouse: Warehouse, today: date = TODAY) -> None:
        self.warehouse, self.today = warehouse, today

    @contextmanager
    def open(self, role: str = "desk") -> Iterator[psycopg.Connection]:
        """A session in autocommit, as pages and tasks have it."""
        clock = {"daysheet.as_of": self.today.isoformat(), "daysheet.timezone": "UTC"}
        with session(
            self.warehouse.dsn(role), "tests", autocommit=True, settings=clock
        ) as connection:
            yield connection


@pytest.fixture
def desk(warehouse: Warehouse) -> Desk:
    return Desk(warehouse)


@pytest.fixture
def db(desk: Desk) -> Iterator[psycopg.Connection]:
    """A session of the desk role on 2026-11-20."""
    with desk.open() as connection:
        yield connection


@pytest.fixture
def books(shared_warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """Like ``db``, on a desk shared by the module: checked as at a commit, then undone."""
    with Desk(shared_warehouse).open() as connection, connection.transaction(force_rollback=True):
        yield connection
        connection.execute("set constraints all immediate")


@pytest.fixture(scope="module")
def module_db(shared_warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """One session of the desk role for a whole module."""
    with Desk(shared_warehouse).open() as connection:
        yield connection


@pytest.fixture
def scratch_db(module_db: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """What a test does here is checked as a commit would, and gone after it."""
    with module_db.transaction(force_rollback=True):
        yield module_db
        module_db.execute("set constraints all immediate")
