"""What a deployment may choose, read from the environment (prefix ``DAYSHEET_``)."""

import re
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parents[2]


class Settings(BaseSettings):
    """One deployment's settings; every field is an environment variable of the same name."""

    model_config = SettingsConfigDict(env_prefix="DAYSHEET_", extra="ignore", frozen=True)

    home: Path = Field(PROJECT / ".daysheet", description="Where all state lives.")
    timezone: str = Field("UTC", description="The practice's time zone (IANA name).")
    as_of: date | None = Field(None, description="Pins what the deployment calls today.")
    drops_url: str = Field("", description="Drop folder, an ObjectStoragePath; '' = home/drops.")
    drops_conn_id: str | None = Field(None, description="Airflow connection of the drop folder.")
    ops_email: str = Field("ops@practice.example", description="Who hears of failures.")
    mail_domains: str = Field(
        "practice.example", description="Domains, comma-separated: only these get digests."
    )
    alerts_after_publish: bool = Field(
        False, description="Alerts are evaluated after each publish too, not only at eight."
    )

    web_port: int = Field(8080, description="Airflow's pages, on loopback.")
    postgres_port: int = Field(15432, description="The embedded Postgres, on loopback.")
    smtp_port: int = Field(8025, description="The local mailbox, on loopback.")

    stable_seconds: int = Field(60, ge=0, description="A loose file must be still this long.")
    poll_seconds: int = Field(5, ge=1, description="Between looks at the drop folder.")
    max_file_bytes: int = Field(20 * 2**30, description="A larger file (unpacked) is rejected.")
    max_gzip_ratio: int = Field(200, description="Unpacked over packed size, above 10 MB.")
    max_report_bytes: int = Field(50 * 2**20, description="A larger practice report is rejected.")
    max_report_rows: int = Field(200_000, description="A longer practice report is rejected.")
    max_field_bytes: int = Field(2**20, description="A longer cell is quarantined.")
    hold_closed_pct: int = Field(20, description="A full file closing more of a table is held ...")
    hold_closed_rows: int = Field(100, description="... when it is also more rows than this.")
    keep_builds: int = Field(10, ge=1, description="Published builds that housekeeping keeps.")
    keep_failed_days: int = Field(7, ge=0, description="Failed versions and builds kept, days.")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        ZoneInfo(name)
        return name

    @field_validator("ops_email")
    @classmethod
    def _one_address(cls, address: str) -> str:
        if not re.fullmatch(r"[^@\s,;<>]+@[^@\s,;<>]+", address):
            raise ValueError("one plain address: for several people, make it one of a list")
        return address

    @field_validator("home")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        return path if path.is_absolute() else PROJECT / path

    @property
    def drops(self) -> str:
        """The drop folder as a URL: holds inbox/, archive/, rejected/ and held/."""
        return self.drops_url or (self.home / "drops").as_uri()

    @property
    def domains(self) -> frozenset[str]:
        """The domains whose addresses may get digests."""
        named = (name.strip().lower() for name in self.mail_domains.split(","))
        return frozenset(name for name in named if name)

    def clock(self) -> dict[str, str]:
        """Session settings by which ``desk.today()`` says what :meth:`today` says."""
        return {
            "daysheet.as_of": self.as_of.isoformat() if self.as_of else "",
            "daysheet.timezone": self.timezone,
        }

    def today(self) -> date:
        """The as-of date of whatever starts now."""
        return self.as_of or datetime.now(ZoneInfo(self.timezone)).date()


@cache
def get_settings() -> Settings:
    """The settings of this process."""
    return Settings()
