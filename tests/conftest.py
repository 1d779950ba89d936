"""One real Postgres for the test session, and a fresh migrated warehouse for who asks."""

import atexit
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from daysheet.embedded.postgres import Server
from daysheet.settings import PROJECT
from daysheet.warehouse.migrate import migrate

TEMPLATE = "daysheet_template"

# Airflow reads its home when it is first imported, which is before any fixture.
AIRFLOW_HOME = Path(tempfile.mkdtemp(prefix="daysheet-airflow-"))
atexit.register(shutil.rmtree, AIRFLOW_HOME, ignore_errors=True)
os.environ |= {
    "AIRFLOW_HOME": str(AIRFLOW_HOME),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(AIRFLOW_HOME / "passwords.json"),
    "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(AIRFLOW_HOME / "logs"),
    "DAYSHEET_HOME": str(AIRFLOW_HOME / "home"),
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def server_folder() -> Iterator[Path]:
    """A folder the server's account can reach: pytest keeps its own to one user."""
    with tempfile.TemporaryDirectory(
        prefix="daysheet-postgres-", ignore_cleanup_errors=True
    ) as name:
        Path(name).chmod(0o755)
        yield Path(name)


def bare_server(folder: Path) -> Server:
    """A server in ``folder``, not yet started."""
    return Server(folder, free_port(), secrets.token_urlsafe(16))


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A throw-away Postgres 18."""
    with server_folder() as folder:
        yield from _migrated(bare_server(folder))


def _migrated(server: Server) -> Iterator[Server]:
    server.start(fsync="off", max_connections="60")
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {TEMPLATE}")
    migrate(server.url(TEMPLATE))
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        for role in ("loader", "builder", "reader", "desk", "mailer"):
            connection.execute(f"alter role daysheet_{role} login password '{server.password}'")
    yield server
    server.stop("immediate")


class Warehouse:
    """A fresh warehouse database and how to log in to it."""

    def __init__(self, server: Server, database: str) -> None:
        self.server, self.database = server, database
        self.admin = server.url(database)

    def dsn(self, role: str) -> str:
        return self.server.url(self.database, f"daysheet_{role}")


@pytest.fixture
def warehouse(server: Server) -> Iterator[Warehouse]:
    """A migrated, empty warehouse of this test's own."""
    yield from _fresh(server)


@pytest.fixture(scope="module")
def shared_warehouse(server: Server) -> Iterator[Warehouse]:
    """A migrated, empty warehouse shared by the tests of one module."""
    yield from _fresh(server)


def _fresh(server: Server) -> Iterator[Warehouse]:
    name = f"w_{secrets.token_hex(6)}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} template {TEMPLATE}")
        # A copied database does not inherit the template's own grants.
        connection.execute(f"grant create on database {name} to daysheet_builder")
    yield Warehouse(server, name)
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")
