"""A deployment that is up: where it is and how to log in. Other code starts from ``load()``."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlparse

from daysheet.embedded.credentials import AIRFLOW_ROLE, Credentials, read_or_make
from daysheet.settings import Settings, get_settings
from daysheet.warehouse import Role

WAREHOUSE_DATABASE = "daysheet"
AIRFLOW_DATABASE = "airflow"
WEB_USER = "admin"


class NotUp(Exception):
    """There is no running deployment to work with; the message says what to do."""


@dataclass(frozen=True)
class Deployment:
    """One deployment under ``home``, with the settings it was started with."""

    home: Path
    settings: Settings

    @classmethod
    def load(cls) -> "Deployment":
        """The deployment of ``DAYSHEET_HOME``; :class:`NotUp` when it does not run."""
        deployment = cls.recorded(get_settings().home)
        if deployment is None:
            raise NotUp(f"nothing runs in {get_settings().home}: start it with `daysheet up`")
        return deployment

    @classmethod
    def recorded(cls, home: Path) -> "Deployment | None":
        """The deployment last started in ``home``, running or not; none if there never was one."""
        record = home / "deployment.json"
        if not record.exists():
            return None
        return cls(home, Settings(**json.loads(record.read_text()), home=home))

    @cached_property
    def credentials(self) -> Credentials:
        """Its secrets."""
        return read_or_make(self.home / "secrets.json")

    def dsn(self, role: str) -> str:
        """A ``postgresql://`` URL of the warehouse for ``loader``, ``builder``, ``reader`` ..."""
        return self._url(
            WAREHOUSE_DATABASE, f"daysheet_{Role(role)}", self.credentials.roles[Role(role)]
        )

    @property
    def airflow_dsn(self) -> str:
        """A ``postgresql://`` URL of Airflow's metadata database."""
        return self._url(
            AIRFLOW_DATABASE, f"daysheet_{AIRFLOW_ROLE}", self.credentials.roles[AIRFLOW_ROLE]
        )

    @property
    def url(self) -> str:
        """Where the web pages are."""
        return f"http://127.0.0.1:{self.settings.web_port}"

    @property
    def login(self) -> tuple[str, str]:
        """User and password of the web pages."""
        return WEB_USER, self.credentials.web_password

    @property
    def inbox(self) -> Path:
        """Where files are dropped, one folder per source below it."""
        return self.drops / "inbox"

    @property
    def drops(self) -> Path:
        """The drop folder on this machine; :class:`NotUp` when settings put it elsewhere."""
        location = urlparse(self.settings.drops)
        if location.scheme != "file":
            raise NotUp(f"the drop folder is {self.settings.drops}, not a folder of this machine")
        return Path(unquote(location.path))

    @property
    def mailbox(self) -> Path:
        """Where the local mailbox keeps what was sent, one ``.eml`` file per mail."""
        return self.home / "mail"

    def _url(self, database: str, user: str, password: str) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.settings.postgres_port}/{database}"
