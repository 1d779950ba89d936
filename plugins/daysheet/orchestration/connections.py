"""Airflow connections ``daysheet_<role>`` as connection strings for the core."""

from airflow.sdk import BaseHook

from daysheet.warehouse import Role


def dsn(role: Role) -> str:
    """The ``postgresql://`` URL of one role's Airflow connection."""
    uri = BaseHook.get_connection(f"daysheet_{role}").get_uri()
    return "postgresql://" + uri.split("://", 1)[1]
