"""A deployment that is up: where it is and how to log in. Other code starts from ``load()``."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlparse

from daysheet.embedded import DeploymentProblem
from daysheet.embedded.credentials import Credentials, read_or_make, write_private
from daysheet.embedded.postgres import Server
from daysheet.embedded.processes import Process
from daysheet.settings import Settings, get_settings
from daysheet.warehouse import Role
from daysheet.warehouse.provision import METADATA_DATABASE, METADATA_ROLE, WAREHOUSE_DATABASE

WEB_USER = "admin"
PARTS = ("mailbox", "api-server", "scheduler", "dag-processor", "triggerer")
_DROP_FOLDERS = ("inbox", "archive", "rejected", "held")


class NotUp(DeploymentProblem):
    """There is no running deployment to work with; the message says what to do."""


@dataclass(frozen=True)
class Deployment:
    """One deployment under ``home``, with the settings it was started with."""

    home: Path
    settings: Settings

    @classmethod
    def load(cls) -> "Deployment":
        """The deployment of ``DAYSHEET_HOME``; :class:`NotUp` when it does not run."""
        home = get_settings().home
        deployment = cls.recorded(home)
        if deployment is None or not deployment.running():
            raise NotUp(f"nothing runs in {home}: start it with `daysheet up`")
        if missing := deployment.missing():
            raise NotUp(f"{', '.join(missing)} of {home} ended: repair it with `daysheet up`")
        return deployment

    @classmethod
    def recorded(cls, home: Path) -> "Deployment | None":
        """The deployment last started in ``home``, running or not; none if there never was one."""
        record = home / "deployment.json"
        if not record.exists():
            return None
        return cls(home, Settings(**json.loads(record.read_text()), home=home))

    def record(self) -> None:
        """Keep the settings it is started with: later commands need not be told again."""
        chosen = self.settings.model_dump_json(exclude={"home"}, indent=2)
        write_private(self.home / "deployment.json", chosen)

    def process_record(self, part: str) -> Path:
        """The file that says which process is the part."""
        return self.home / "run" / f"{part}.json"

    def running(self) -> dict[str, int]:
        """Its living parts, Postgres first, with their process ids."""
        found = {"postgres": self.server.pid()}
        for part in PARTS:
            process = Process.read(self.process_record(part))
            found[part] = process.pid if process else None
        return {part: pid for part, pid in found.items() if pid}

    def missing(self) -> list[str]:
        """Its parts that do not run."""
        running = self.running()
        return [part for part in ("postgres", *PARTS) if part not in running]

    @property
    def server(self) -> Server:
        """Its Postgres."""
        return Server(
            self.home / "postgres", self.settings.postgres_port, self.credentials.superuser
        )

    @cached_property
    def credentials(self) -> Credentials:
        """Its secrets, made when it has none and no database that would go by older ones."""
        path = self.home / "secrets.json"
        if not path.exists() and (self.home / "postgres" / "data").exists():
            raise NotUp(
                f"{path} is gone, and with it the passwords of the database beside it: put it "
                "back, or begin anew with another DAYSHEET_HOME"
            )
        return read_or_make(path)

    def dsn(self, role: str) -> str:
        """A ``postgresql://`` URL of the warehouse for ``loader``, ``builder``, ``reader`` ..."""
        return self._dsn(WAREHOUSE_DATABASE, Role(role))

    @property
    def airflow_dsn(self) -> str:
        """A ``postgresql://`` URL of Airflow's metadata database."""
        return self._dsn(METADATA_DATABASE, METADATA_ROLE)

    @property
    def url(self) -> str:
        """Where the web pages are."""
        return f"http://127.0.0.1:{self.settings.web_port}"

    @property
    def login(self) -> tuple[str, str]:
        """User and password of the web pages."""
        return WEB_USER, self.credentials.web_password

    @property
    def drop_folders(self) -> dict[str, Path | str]:
        """``inbox``, ``archive``, ``rejected`` and ``held``; URLs when not on this machine."""
        location = urlparse(self.settings.drops)
        if location.scheme != "file":
            return {name: f"{self.settings.drops}/{name}" for name in _DROP_FOLDERS}
        return {name: Path(unquote(location.path)) / name for name in _DROP_FOLDERS}

    @property
    def inbox(self) -> Path:
        """Where files are dropped, one folder per source; :class:`NotUp` when not a folder here."""
        inbox = self.drop_folders["inbox"]
        if not isinstance(inbox, Path):
            raise NotUp(f"the inbox is {inbox}, not a folder of this machine: drop files there")
        return inbox

    @property
    def mailbox(self) -> Path:
        """Where the local mailbox keeps what was sent, one ``.eml`` file per mail."""
        return self.home / "mail"

    def _dsn(self, database: str, role: str) -> str:
        return self.server.url(database, f"daysheet_{role}", self.credentials.roles[role])
