"""How a deployment is: which parts work, what is published, which versions run."""

import platform
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any

from daysheet.embedded.api import AirflowApi, ApiRefused
from daysheet.embedded.databases import current_build, server_start, server_version
from daysheet.embedded.deployment import PARTS, Deployment
from daysheet.embedded.ports import is_answered
from daysheet.warehouse import DatabaseFault

WORKS, SILENT, ENDED = "works", "silent", "ended"


@dataclass(frozen=True)
class Condition:
    """One look at a deployment."""

    deployment: Deployment
    parts: dict[str, str]  # part to WORKS, SILENT (runs, but does not answer) or ENDED
    pids: dict[str, int]
    current_build: dict[str, Any] | None
    versions: dict[str, str]

    @classmethod
    def of(cls, deployment: Deployment) -> "Condition":
        """Look now; takes well under a second, and up to half a minute when a part hangs."""
        pids = deployment.running()
        build = None
        versions = {
            "daysheet": version("daysheet"),
            "airflow": version("apache-airflow"),
            "python": platform.python_version(),
        }
        parts = {part: SILENT if part in pids else ENDED for part in ("postgres", *PARTS)}
        try:
            build = current_build(deployment)
            versions["postgres"] = server_version(deployment)
            parts["postgres"] = WORKS
        except DatabaseFault:
            pass  # it stays silent or ended
        for part in answering(deployment):
            parts[part] = WORKS if part in pids else ENDED
        return cls(deployment, parts, pids, build, versions)

    @property
    def is_healthy(self) -> bool:
        """Whether every part works."""
        return all(state == WORKS for state in self.parts.values())

    def as_dict(self) -> dict[str, Any]:
        """What ``daysheet status --json`` prints."""
        user, password = self.deployment.login
        return {
            "healthy": self.is_healthy,
            "home": str(self.deployment.home),
            "url": self.deployment.url,
            "login": {"user": user, "password": password},
            "current_build": self.current_build,
            **{name: str(folder) for name, folder in self.deployment.drop_folders.items()},
            "mailbox": str(self.deployment.mailbox),
            "parts": {
                part: {"state": state, "pid": self.pids.get(part)}
                for part, state in self.parts.items()
            },
            "versions": self.versions,
        }


def answering(deployment: Deployment, since: dict[str, datetime] | None = None) -> set[str]:
    """The parts beside Postgres that answer, or lately told Airflow that they work.

    One killed a moment ago still counts for half a minute; not when it was last heard of before
    Postgres started, whose end it may not outlive, or before the time given for it in ``since``.
    """
    found = {"mailbox"} if is_answered(deployment.settings.smtp_port) else set()
    try:
        heartbeats = AirflowApi(deployment).heartbeats()
        started = server_start(deployment)
    except (ApiRefused, DatabaseFault):
        return found
    since = since or {}
    works = {
        part
        for part, beat in heartbeats.items()
        if beat and beat >= max(started, since.get(part, started))
    }
    return found | {"api-server"} | works
