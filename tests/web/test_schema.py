"""What the app says it takes, and what it does not, sent to every route as everybody.

``DAYSHEET_SCHEMA_EXAMPLES=200`` looks longer, and each time elsewhere.
"""

import os
import re
from collections.abc import Iterator, Mapping
from itertools import cycle

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.python.asgi import ASGIClient, get_client
from schemathesis.schemas import APIOperation

from daysheet.settings import get_settings
from daysheet.web.app import make_app
from tests.browser.practice import Practice, open_practice
from tests.desk.conftest import TODAY, Desk
from tests.web.conftest import ROLES, Token

EXAMPLES = int(os.environ.get("DAYSHEET_SCHEMA_EXAMPLES", "0"))
SEARCH = settings(
    max_examples=EXAMPLES or 6,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
OURS = {"sec-fetch-site": "same-origin"}


def described() -> list[APIOperation]:
    """Every operation of the app's own schema, which is made here and served nowhere.

    How to log in is left out: who asks is the test's to say.
    """
    told = make_app().openapi() | {"servers": [{"url": "/daysheet"}]}
    for methods in told["paths"].values():
        for operation in methods.values():
            operation.pop("security", None)
    schema = schemathesis.openapi.from_dict(told)
    schema.app = FastAPI()
    schema.app.mount("/daysheet", make_app())  # as Airflow mounts it
    return [found.ok() for found in schema.get_all_operations()]


OPERATIONS = described()
by_operation = pytest.mark.parametrize(
    "operation", OPERATIONS, ids=lambda each: f"{each.method.upper()} {each.path}"
)


@pytest.fixture(scope="module")
def practice(shared_warehouse) -> Practice:
    """Something for what is sent to find."""
    return open_practice(Desk(shared_warehouse))


@pytest.fixture(scope="module", autouse=True)
def _at_the_desk(practice):
    with pytest.MonkeyPatch.context() as patch:
        for place in ("airflow.api_fastapi.core_api.security", "daysheet.web.access"):
            patch.setattr(f"{place}.get_auth_manager", Token)
        patch.setenv("DAYSHEET_AS_OF", TODAY.isoformat())
        for role in ("desk", "reader"):
            dsn = practice.desk.warehouse.dsn(role)
            patch.setenv(f"AIRFLOW_CONN_DAYSHEET_{role.upper()}", dsn)
        get_settings.cache_clear()
        yield
    get_settings.cache_clear()


def cases(operation: APIOperation, known: Mapping[str, str]) -> st.SearchStrategy[Case]:
    """As the schema has it and not, of anything and of what there is."""
    return st.one_of(
        operation.as_strategy(mode, path_parameters=dict(path) or None)
        for mode in GenerationMode
        for path in ({}, known)
    )


def known_variables(practice: Practice, path: str) -> dict[str, str]:
    """Values for the variables of a path that lead to something."""
    for route in practice.examples:
        if path == route or path.startswith(f"{route}/"):
            (example, *_) = practice.paths(route, "biller")
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/?]+)", route)
            found = re.match(pattern, example)
            return found.groupdict() if found else {}
    return {}


@pytest.fixture(scope="module")
def client() -> Iterator[ASGIClient]:
    """What sends the cases, all to the same app."""
    with get_client(OPERATIONS[0].app) as sending:
        yield sending


@by_operation
def test_nothing_that_is_sent_breaks_it(practice, client, operation):
    roles = cycle(ROLES)

    @SEARCH
    @given(case=cases(operation, known_variables(practice, operation.path)))
    def search(case: Case) -> None:
        role = next(roles)
        answer = case.call(session=client, headers=OURS, cookies={"_token": role})
        assert answer.status_code < 500, (role, case.as_curl_command())

    search()


@by_operation
def test_nothing_is_answered_without_a_login(practice, client, operation):
    @settings(SEARCH, max_examples=EXAMPLES or 2)
    @given(case=cases(operation, known_variables(practice, operation.path)))
    def search(case: Case) -> None:
        answer = case.call(session=client, headers=OURS)
        # 404 and 405 are of paths that lead to no route, or to another
        assert answer.status_code in (401, 404, 405), case.as_curl_command()

    search()


def test_the_schema_has_every_route():
    described_here = {(each.method.upper(), each.path) for each in OPERATIONS}
    app = make_app()
    assert described_here == {(how, route.path) for route in app.routes for how in route.methods}
