"""Provisioning works on the whole server, so these tests have one of their own."""

import secrets
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from tests.conftest import bare_server, server_folder
from typer.testing import CliRunner

from daysheet.cli import app
from daysheet.embedded.postgres import Server
from daysheet.settings import Settings
from daysheet.warehouse import DatabaseFault, session
from daysheet.warehouse.provision import NEEDED_PASSWORDS, provision


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    with server_folder() as folder:
        server = bare_server(folder)
        server.start(fsync="off", shared_buffers="32MB")
        yield server
        server.stop("immediate")


def passwords() -> dict[str, str]:
    return {role: secrets.token_hex(8) for role in NEEDED_PASSWORDS}


def logs_in(server: Server, role: str, password: str, database: str = "daysheet") -> bool:
    try:
        with session(server.url(database, f"daysheet_{role}", password), "test") as connection:
            return connection.execute("select 1").fetchone() == (1,)
    except DatabaseFault:
        return False


def test_a_bare_server_becomes_a_migrated_warehouse_every_role_can_log_in_to(own_server):
    chosen = passwords()
    provision(own_server.url("postgres"), chosen)
    assert len(chosen) == 6
    for role in set(chosen) - {"airflow"}:
        assert logs_in(own_server, role, chosen[role]), role
    with session(own_server.url("daysheet", "daysheet_reader", chosen["reader"]), "t") as reader:
        assert reader.execute("select count(*) from ops.build").fetchone() == (0,)


def test_provisioning_again_changes_only_the_passwords(own_server):
    old, new = passwords(), passwords()
    provision(own_server.url("postgres"), old)
    with session(own_server.url("daysheet"), "test") as connection:
        connection.execute("insert into ops.batch default values")
    provision(own_server.url("daysheet"), new)
    assert logs_in(own_server, "loader", new["loader"])
    assert not logs_in(own_server, "loader", old["loader"])
    with session(own_server.url("daysheet"), "test") as connection:
        assert connection.execute("select count(*) from ops.batch").fetchone() == (1,)


def test_psql_has_the_clock_of_the_settings_until_they_change(own_server):
    chosen = passwords()

    def today() -> tuple:
        url = own_server.url("daysheet", "daysheet_reader", chosen["reader"])
        with psycopg.connect(url) as psql:  # no setting of ours
            zone = psql.execute("select current_setting('daysheet.timezone')").fetchone()
            return *zone, *psql.execute("select desk.today()").fetchone()

    pinned = Settings(as_of=date(2026, 3, 8), timezone="America/New_York")
    provision(own_server.url("postgres"), chosen, pinned.clock())
    assert today() == ("America/New_York", date(2026, 3, 8))
    provision(own_server.url("postgres"), chosen, Settings(timezone="Asia/Tokyo").clock())
    zone, day = today()
    assert zone == "Asia/Tokyo"
    assert abs(day - datetime.now(ZoneInfo("Asia/Tokyo")).date()) <= timedelta(days=1)


def test_airflow_owns_its_database_and_cannot_reach_the_warehouse(own_server):
    chosen = passwords()
    provision(own_server.url("postgres"), chosen)
    with session(
        own_server.url("airflow", "daysheet_airflow", chosen["airflow"]), "test"
    ) as connection:
        connection.execute("create table public.its_own (one integer)")
    assert not logs_in(own_server, "airflow", chosen["airflow"])
    assert not logs_in(own_server, "loader", chosen["loader"], "airflow")


def test_the_command_provisions_from_the_environment(own_server):
    chosen = passwords()
    variables = {f"DAYSHEET_{role.upper()}_PASSWORD": word for role, word in chosen.items()}
    done = CliRunner().invoke(
        app, ["migrate"], env={"DAYSHEET_ADMIN_URL": own_server.url("postgres"), **variables}
    )
    assert done.exit_code == 0, done.output
    assert logs_in(own_server, "mailer", chosen["mailer"])
    assert not any(word in done.output for word in chosen.values())


def test_the_command_names_the_passwords_that_are_missing(own_server):
    done = CliRunner().invoke(
        app,
        ["migrate", "--admin-url", own_server.url("postgres")],
        env={f"DAYSHEET_{role.upper()}_PASSWORD": "x" for role in NEEDED_PASSWORDS[1:]}
        | {"DAYSHEET_LOADER_PASSWORD": ""},
    )
    assert done.exit_code == 2
    assert "DAYSHEET_LOADER_PASSWORD" in done.output
    assert "BUILDER" not in done.output
