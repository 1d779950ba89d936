"""Airflow's REST API as far as our commands need it."""

import json
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime
from functools import cached_property
from typing import Any

from daysheet.embedded import DeploymentProblem
from daysheet.embedded.deployment import Deployment

_TIMEOUT = 30  # seconds


class ApiRefused(DeploymentProblem):
    """Airflow answered with an error; ``status`` is the HTTP status, 0 when it did not answer."""

    def __init__(self, what: str, status: int) -> None:
        self.status = status
        super().__init__(
            f"{what}: Airflow answered {status}"
            if status
            else f"{what}: Airflow does not answer; see `daysheet status`"
        )


class AirflowApi:
    """A client logged in as the deployment's web user; paths are below ``/api/v2``."""

    def __init__(self, deployment: Deployment) -> None:
        self._url = deployment.url
        self._login = deployment.login

    def get(self, path: str, **query: Any) -> Any:
        """The decoded answer of ``GET /api/v2/<path>?<query>``."""
        if query:
            path = f"{path}?{urllib.parse.urlencode(query, doseq=True)}"
        return self._call("GET", f"/api/v2/{path}", token=self._token)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The decoded answer of ``POST /api/v2/<path>``."""
        return self._call("POST", f"/api/v2/{path}", body, token=self._token)

    def trigger(self, dag_id: str, conf: dict[str, Any], run_id: str | None = None) -> str:
        """Start a run of ``dag_id`` with params ``conf``; return its run id."""
        body: dict[str, Any] = {"logical_date": None, "conf": conf}
        if run_id is not None:
            body["dag_run_id"] = run_id
        return self.post(f"dags/{_quote(dag_id)}/dagRuns", body)["dag_run_id"]

    def run_state(self, dag_id: str, run_id: str) -> str:
        """``queued``, ``running``, ``success`` or ``failed``."""
        return self.get(f"dags/{_quote(dag_id)}/dagRuns/{_quote(run_id)}")["state"]

    def heartbeats(self) -> dict[str, datetime | None]:
        """When scheduler, dag-processor and triggerer last said they work; none if too long ago."""
        answer = self._call("GET", "/api/v2/monitor/health")
        beats = {}
        for part in ("scheduler", "dag-processor", "triggerer"):
            key = part.replace("-", "_")
            report = answer[key]
            beat = report[f"latest_{key}_heartbeat"] if report["status"] == "healthy" else None
            beats[part] = datetime.fromisoformat(beat) if beat else None
        return beats

    def prepare_for_tasks(self) -> None:
        """Have the server make what it answers tasks with, which it puts off until it is asked.

        That takes it some three seconds, in which no page is answered: now, not at the first task.
        """
        self._call("GET", "/execution/health")

    @cached_property
    def _token(self) -> str:
        user, password = self._login
        return self._call("POST", "/auth/token", {"username": user, "password": password})[
            "access_token"
        ]

    def _call(
        self, method: str, path: str, body: dict[str, Any] | None = None, token: str | None = None
    ) -> Any:
        request = urllib.request.Request(self._url + path, method=method)  # noqa: S310  loopback
        request.add_header("Accept", "application/json")
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        if token is not None:
            request.add_header("Authorization", f"Bearer {token}")
        what = f"{method} {path.partition('?')[0]}"
        try:
            with _DIRECT.open(request, timeout=_TIMEOUT) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ApiRefused(what, error.code) from None
        except OSError:
            raise ApiRefused(what, 0) from None


# Our own loopback address is never reached through a proxy the environment may name.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _quote(part: str) -> str:
    return urllib.parse.quote(part, safe="")
