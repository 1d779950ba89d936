"""The only package that talks to Postgres: sessions, errors, locks, migrations, raw tables."""

from daysheet.warehouse.errors import DatabaseFault, NotText
from daysheet.warehouse.locks import LockClass
from daysheet.warehouse.sessions import PINNED_SETTINGS, Role, session

__all__ = ["PINNED_SETTINGS", "DatabaseFault", "LockClass", "NotText", "Role", "session"]
