"""Make a bare Postgres server ready: two databases, schema and clock, passwords for the roles."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from daysheet.warehouse.migrate import migrate
from daysheet.warehouse.sessions import Role, session

WAREHOUSE_DATABASE = "daysheet"
METADATA_DATABASE = "airflow"  # Airflow's own; its owner may touch nothing of the warehouse
METADATA_ROLE = "airflow"

NEEDED_PASSWORDS = (*Role, METADATA_ROLE)


def provision(
    admin_url: str, passwords: Mapping[str, str], clock: Mapping[str, str] | None = None
) -> None:
    """Create what is missing, migrate the warehouse, then set every password; safe to repeat.

    ``admin_url`` is ``postgresql://`` of a role that may create roles and databases, in any
    database of the server. ``passwords`` has one for each of ``NEEDED_PASSWORDS``; role ``x``
    logs in as ``daysheet_x``. ``clock`` holds settings of every session of the warehouse that does
    not choose its own, so that psql has the same today; one that is empty is unset.
    """
    with session(admin_url, "daysheet provision", autocommit=True) as connection:
        _ensure_role(connection, f"daysheet_{METADATA_ROLE}")
        _ensure_database(connection, WAREHOUSE_DATABASE)
        _ensure_database(connection, METADATA_DATABASE, owner=f"daysheet_{METADATA_ROLE}")
    migrate(urlsplit(admin_url)._replace(path=f"/{WAREHOUSE_DATABASE}").geturl())
    with session(admin_url, "daysheet provision") as connection:
        for role in NEEDED_PASSWORDS:
            _let_log_in(connection, f"daysheet_{role}", passwords[role])
        for name, value in (clock or {}).items():
            _set_for_all(connection, name, value)


def _set_for_all(connection: psycopg.Connection, name: str, value: str) -> None:
    change = sql.SQL("alter database {} ").format(sql.Identifier(WAREHOUSE_DATABASE))
    if value:
        setting = sql.SQL("set {} to {}").format(
            sql.Identifier(*name.split(".")), sql.Literal(value)
        )
    else:
        setting = sql.SQL("reset {}").format(sql.Identifier(*name.split(".")))
    connection.execute(change + setting)


def _ensure_role(connection: psycopg.Connection, role: str) -> None:
    if not connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone():
        connection.execute(sql.SQL("create role {}").format(sql.Identifier(role)))


def _ensure_database(connection: psycopg.Connection, name: str, owner: str | None = None) -> None:
    if not connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    if owner:
        connection.execute(
            sql.SQL("alter database {} owner to {}").format(
                sql.Identifier(name), sql.Identifier(owner)
            )
        )
        connection.execute(
            sql.SQL("revoke all on database {} from public").format(sql.Identifier(name))
        )


def _let_log_in(connection: psycopg.Connection, role: str, password: str) -> None:
    # Hashed here, so that the server never sees, and cannot log, the password itself.
    hashed = connection.pgconn.encrypt_password(
        password.encode(), role.encode(), b"scram-sha-256"
    ).decode()
    connection.execute(
        sql.SQL("alter role {} login password {}").format(sql.Identifier(role), sql.Literal(hashed))
    )
