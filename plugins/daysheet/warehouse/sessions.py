"""Connections by role, with every setting pinned that could change a result."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

import psycopg

from daysheet.warehouse.errors import without_values
from daysheet.warehouse.niceness import pass_on

# Session settings are inputs of a build: they are part of every fingerprint.
PINNED_SETTINGS = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "lc_monetary": "C",
    "lc_numeric": "C",
    "lc_time": "C",
}

_OPERATIONAL = {
    "client_connection_check_interval": "500ms",
    "tcp_keepalives_idle": "10",
    "tcp_user_timeout": "15000",
    "jit": "off",
}


class Role(StrEnum):
    """Who is connecting; each is a login in Postgres and an Airflow connection ``daysheet_x``."""

    LOADER = "loader"
    BUILDER = "builder"
    READER = "reader"
    DESK = "desk"
    MAILER = "mailer"


@contextmanager
def session(
    dsn: str,
    application_name: str,
    *,
    autocommit: bool = False,
    settings: dict[str, str] | None = None,
) -> Iterator[psycopg.Connection]:
    """Open a connection; commit at the end, roll back on error, raise without row values.

    Raises :class:`~daysheet.warehouse.errors.DatabaseFault` for anything the database refuses.
    """
    chosen = PINNED_SETTINGS | _OPERATIONAL | (settings or {})
    options = " ".join(
        f"-c {name}={value.replace(' ', chr(92) + ' ')}" for name, value in chosen.items()
    )
    with without_values():
        connection = psycopg.connect(
            dsn,
            application_name=application_name[:63],
            autocommit=autocommit,
            options=options,
            prepare_threshold=None,
            connect_timeout=10,
        )
        pass_on(connection)
        with connection:
            yield connection
