"""Connections by role, with every setting pinned that could change a result."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path

import psycopg

from daysheet.warehouse.errors import without_values

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
        _give_way(connection)
        with connection:
            yield connection


def _give_way(connection: psycopg.Connection) -> None:
    """Have the server's process of this connection be as nice as this one is.

    Postgres knows no priorities, so a build's queries would stand beside a page's. Elsewhere than
    on this machine, or without the right to, nothing happens. A server's process has our port in
    its title: no other is ever taken for it.
    """
    niceness = os.getpriority(os.PRIO_PROCESS, 0)
    if niceness <= 0:
        return
    pid = connection.info.backend_pid
    with suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as ours:
        title = Path(f"/proc/{pid}/cmdline").read_bytes()
        if title.startswith(b"postgres:") and f"({ours.getsockname()[1]})".encode() in title:
            os.setpriority(os.PRIO_PROCESS, pid, niceness)
