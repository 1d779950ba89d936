"""Who is asking, as Airflow knows them, and how to reach the warehouse: all we ask Airflow for."""

from typing import Annotated

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.sdk import BaseHook
from fastapi import Depends, Request

from daysheet.warehouse import Role


def _signed_in(user: GetUserDep) -> str:
    """The user name of a verified token. Airflow raises 401 without one, 403 for a forged one."""
    return user.get_name()


UserName = Annotated[str, Depends(_signed_in)]


def login_url(request: Request) -> str:
    """Airflow's login page, which leads back to what was asked for."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return get_auth_manager().get_url_login(next_url=asked)


def dsn(role: Role) -> str:
    """The ``postgresql://`` URL of the Airflow connection ``daysheet_<role>``."""
    uri = BaseHook.get_connection(f"daysheet_{role}").get_uri()
    return "postgresql://" + uri.split("://", 1)[1]
