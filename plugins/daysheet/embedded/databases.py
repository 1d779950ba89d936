"""What a deployment asks its two databases about themselves."""

from datetime import datetime
from importlib.metadata import version
from typing import Any

from daysheet.embedded.deployment import Deployment
from daysheet.settings import PROJECT
from daysheet.warehouse import Role, session
from daysheet.warehouse.provision import METADATA_DATABASE, WAREHOUSE_DATABASE

_APPLICATION = "daysheet deployment"

# A table of a transaction that runs now is no orphan: its file is younger than the server.
_ORPHANS = """
select count(*), coalesce(sum(file.size), 0)::bigint
from pg_database as warehouse
cross join pg_ls_dir('base/' || warehouse.oid::text) as name
cross join pg_stat_file('base/' || warehouse.oid::text || '/' || name) as file
where
    warehouse.datname = current_database()
    and name ~ '^[0-9]'
    and file.modification < pg_postmaster_start_time()
    and not exists (
        select from pg_class
        where pg_relation_filenode(pg_class.oid) = substring(name, '^[0-9]+')::oid
    )
"""


def server_version(deployment: Deployment) -> str:
    """Postgres's version; a :class:`~daysheet.warehouse.DatabaseFault` when it does not answer."""
    with session(deployment.dsn(Role.READER), _APPLICATION) as connection:
        return connection.info.parameter_status("server_version") or "unknown"


def server_start(deployment: Deployment) -> datetime:
    """When Postgres was last started; a fault as above."""
    with session(deployment.dsn(Role.READER), _APPLICATION) as connection:
        ((started,),) = connection.execute("select pg_postmaster_start_time()").fetchall()
    return started


def current_build(deployment: Deployment) -> dict[str, Any] | None:
    """The published build: ``build``, ``batch``, ``as_of`` and ``published_at`` (ISO)."""
    with session(deployment.dsn(Role.READER), _APPLICATION) as connection:
        row = connection.execute(
            "select build, batch, as_of, published_at from ops.current_build"
            " where build is not null"
        ).fetchone()
    if row is None:
        return None
    build, batch, as_of, published_at = row
    return {
        "build": build,
        "batch": batch,
        "as_of": as_of.isoformat(),
        "published_at": published_at.isoformat(),
    }


def airflow_is_migrated(deployment: Deployment) -> bool:
    """Whether the metadata database is the installed Airflow's."""
    with session(deployment.server.url("postgres"), _APPLICATION) as connection:
        row = connection.execute(
            "select shobj_description(oid, 'pg_database') from pg_database where datname = %s",
            [METADATA_DATABASE],
        ).fetchone()
    return row == (version("apache-airflow"),)


def record_airflow_migration(deployment: Deployment) -> None:
    """Say in the metadata database itself which Airflow it was migrated for."""
    with session(deployment.server.url("postgres"), _APPLICATION) as connection:
        connection.execute(
            f"comment on database {METADATA_DATABASE} is '{version('apache-airflow')}'"
        )


def pending_migrations(deployment: Deployment) -> list[str]:
    """Migrations of this code that the warehouse does not have yet."""
    with session(deployment.server.url(WAREHOUSE_DATABASE), _APPLICATION) as connection:
        rows = connection.execute("select migration_id from public._yoyo_migration").fetchall()
    present = {name for (name,) in rows}
    known = sorted(path.stem for path in (PROJECT / "sql" / "migrations").glob("*.sql"))
    return [name for name in known if name not in present]


def orphan_files(deployment: Deployment) -> tuple[int, int]:
    """Files a crash left in the data directory that no table owns: how many, and their bytes."""
    with session(deployment.server.url(WAREHOUSE_DATABASE), _APPLICATION) as connection:
        count, size = connection.execute(_ORPHANS).fetchone() or (0, 0)
    return count, size
