"""A deployment of the tests' own: temporary home, free ports, driven by the real command."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from daysheet.embedded.deployment import Deployment
from daysheet.embedded.processes import end, marked, titled
from tests.conftest import free_port


def _noon() -> str:
    """A zone where it is past noon, on the same day: no DAG begins by itself while a test runs."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+}"


@dataclass
class Home:
    """A deployment's home, and the environment its commands run in."""

    folder: Path
    account: dict[str, Any] = field(default_factory=dict)  # whom to run as, for subprocess
    environment: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=lambda: [f"{Path(sys.executable).parent}/daysheet"])

    def __post_init__(self) -> None:
        self.environment |= {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder.parent),
            "DAYSHEET_HOME": str(self.folder),
            "DAYSHEET_WEB_PORT": str(free_port()),
            "DAYSHEET_POSTGRES_PORT": str(free_port()),
            "DAYSHEET_SMTP_PORT": str(free_port()),
            "DAYSHEET_TIMEZONE": _noon(),
        }

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run ``daysheet <arguments>``."""
        return subprocess.run(
            [*self.command, *arguments],
            check=False,
            capture_output=True,
            text=True,
            env=self.environment | environment,
            **self.account,
        )

    def do(self, *arguments: str) -> str:
        """Run ``daysheet <arguments>``, which must succeed; return what it printed."""
        done = self.run(*arguments)
        assert done.returncode == 0, f"daysheet {' '.join(arguments)}: {done.stderr}{done.stdout}"
        return done.stdout

    def status(self) -> dict[str, Any]:
        return json.loads(self.run("status", "--json").stdout)

    def states(self) -> dict[str, str]:
        return {part: report["state"] for part, report in self.status()["parts"].items()}

    def pids(self) -> dict[str, int]:
        return {part: report["pid"] for part, report in self.status()["parts"].items()}

    def kill(self, part: str) -> None:
        os.kill(self.pids()[part], signal.SIGKILL)

    @property
    def deployment(self) -> Deployment:
        deployment = Deployment.recorded(self.folder)
        assert deployment is not None
        return deployment

    def processes(self) -> list[int]:
        """Every process of this home, whoever started it."""
        cluster = self.deployment.server.cluster_name
        return (
            marked(self.deployment.credentials.mark)
            + titled(f"postgres: {cluster}:")
            + ([pid] if (pid := self.deployment.server.pid()) else [])
        )


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """A home nothing was started in yet; whatever runs in it at the end is stopped."""
    yield from make_home()


def make_home(**account: Any) -> Iterator[Home]:
    root = Path(tempfile.mkdtemp(prefix="daysheet-test-"))  # short and reachable for all accounts
    if account:
        shutil.chown(root, account["user"], account["group"])
    home = Home(root / "a home, ü", account)
    try:
        yield home
    finally:
        home.run("down")
        if Deployment.recorded(home.folder):  # whatever the tests did, nothing may stay behind
            end(home.processes(), grace=5)
        shutil.rmtree(root)
