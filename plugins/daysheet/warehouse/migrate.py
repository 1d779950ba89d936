"""Bring a warehouse database to the current schema: numbered SQL, raw tables, the desk's views."""

import logging

from yoyo import get_backend, read_migrations

from daysheet.catalog import all_contracts
from daysheet.settings import PROJECT
from daysheet.warehouse.desk_views import sync_desk_views
from daysheet.warehouse.raw import sync_raw_tables
from daysheet.warehouse.sessions import session

log = logging.getLogger(__name__)


def migrate(admin_url: str) -> None:
    """Apply what is missing. ``admin_url`` is ``postgresql://`` of a role that may create roles."""
    backend = get_backend(admin_url.replace("postgresql://", "postgresql+psycopg://", 1))
    try:
        migrations = read_migrations(str(PROJECT / "sql" / "migrations"))
        with backend.lock():
            backend.apply_migrations(backend.to_apply(migrations))
    finally:
        backend.connection.close()
    with session(admin_url, "daysheet migrate") as connection:
        for table in sync_raw_tables(connection, all_contracts()):
            log.info("raw table %s made or widened", table)
        sync_desk_views(connection)
