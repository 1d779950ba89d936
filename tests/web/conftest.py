"""The app below an outer one, as Airflow mounts it; only Airflow's own look at a token is faked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from jwt import ExpiredSignatureError, InvalidTokenError

from daysheet.settings import get_settings
from daysheet.web.app import make_app
from daysheet.web.guards import Member
from tests.conftest import Warehouse
from tests.desk import invented
from tests.desk.conftest import TODAY, Desk

ROLES = ("viewer", "biller", "lead", "admin")


class Token:
    """What the auth manager makes of a token: its user, or the error it really raises."""

    async def get_user_from_token(self, token: str) -> "User":
        if token == "expired":
            raise ExpiredSignatureError
        if token == "forged":
            raise InvalidTokenError
        return User(token)

    def get_url_login(self, *, next_url: str) -> str:
        return f"/auth/login?next={quote(next_url)}"


@dataclass
class User:
    """An Airflow user; at Airflow itself everybody here may do everything."""

    name: str
    role: str = "admin"

    def get_name(self) -> str:
        return self.name


@dataclass
class Browser:
    """Who asks for pages; ``user`` is the name in the login cookie."""

    app: FastAPI = field(default_factory=make_app)

    def ask(
        self,
        user: str | None,
        path: str,
        method: str = "GET",
        form: Mapping[str, Any] | None = None,
        **headers: str,
    ) -> Response:
        """What the app answers; a redirect is not followed."""
        outer = FastAPI()
        outer.mount("/daysheet", self.app)
        client = TestClient(outer, cookies={"_token": user} if user else None)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.request(
            method, f"/daysheet{path}", headers=given, data=form, follow_redirects=False
        )

    def send(self, user: str | None, path: str, form: Mapping[str, Any]) -> Response:
        """Send a form of our own pages; a list is a field sent several times."""
        return self.ask(user, path, "POST", form, origin="http://testserver")


def with_a_write(app: FastAPI) -> FastAPI:
    """The app with a route that changes something; there is none yet."""

    @app.post("/change")
    def change(member: Member) -> str:
        return member.user_id

    return app


@pytest.fixture
def at_the_desk(monkeypatch) -> Iterator[None]:
    """Tokens are what they say, and today is TODAY."""
    for place in ("airflow.api_fastapi.core_api.security", "daysheet.web.access"):
        monkeypatch.setattr(f"{place}.get_auth_manager", Token)
    monkeypatch.setenv("DAYSHEET_AS_OF", TODAY.isoformat())
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture(scope="module")
def staffed(shared_warehouse: Warehouse) -> Desk:
    """The module's warehouse, where one of each role works, called by it; and one has left."""
    desk = Desk(shared_warehouse)
    with desk.open() as connection:
        for role in ROLES:
            invented.staff(connection, role, desk_role=role, display_code=role[:2].upper())
        invented.staff(connection, "left", desk_role="admin", active=False)
    return desk


@pytest.fixture
def browser(at_the_desk, staffed: Desk, monkeypatch) -> Browser:
    """The app over that warehouse."""
    for role in ("desk", "reader"):
        monkeypatch.setenv(f"AIRFLOW_CONN_DAYSHEET_{role.upper()}", staffed.warehouse.dsn(role))
    return Browser()
