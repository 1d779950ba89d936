"""Airflow connections ``daysheet_<role>`` as connection strings for the core."""

from contextlib import AbstractContextManager

import psycopg
from airflow.sdk import BaseHook

from daysheet.settings import get_settings
from daysheet.warehouse import Role, session


def dsn(role: Role) -> str:
    """The ``postgresql://`` URL of one role's Airflow connection."""
    uri = BaseHook.get_connection(f"daysheet_{role}").get_uri()
    return "postgresql://" + uri.split("://", 1)[1]


def desk_of(as_of: str, name: str) -> AbstractContextManager[psycopg.Connection]:
    """A session of the desk role, in autocommit, for which ``desk.today()`` is that day."""
    clock = get_settings().clock() | {"daysheet.as_of": as_of}
    return session(dsn(Role.DESK), f"daysheet {name}", autocommit=True, settings=clock)
