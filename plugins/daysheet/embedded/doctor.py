"""Look for what keeps a deployment from working well, and say what to do about each thing."""

import os
import platform
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from daysheet.embedded.api import AirflowApi, ApiRefused
from daysheet.embedded.condition import WORKS, Condition
from daysheet.embedded.databases import airflow_is_migrated, orphan_files, pending_migrations
from daysheet.embedded.deployment import Deployment
from daysheet.embedded.lifecycle import POOLS, PORTS
from daysheet.embedded.machine import MEMORY
from daysheet.embedded.parts import log_file
from daysheet.embedded.ports import is_free, user_of
from daysheet.embedded.processes import marked, strays
from daysheet.settings import get_settings
from daysheet.warehouse import DatabaseFault

_GIB = 2**30
_DISK_NEEDED = 5  # GiB
_MEMORY_NEEDED = 3.5
_ORPHANS_WORTH_SAYING = 100 * 2**20


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was found and, when it is not well, what to do."""

    about: str
    found: str
    advice: str = ""

    @property
    def is_well(self) -> bool:
        """Whether there is nothing to do."""
        return not self.advice


def examine() -> Iterator[Finding]:
    """Look at this machine and the deployment of ``DAYSHEET_HOME``, one thing after the other."""
    home = get_settings().home
    deployment = Deployment.recorded(home)
    yield _python()
    yield _memory()
    yield _disk(home)
    if deployment is None:
        deployment = Deployment(home, get_settings())
        yield from _ports(deployment, running={})
        yield Finding("deployment", f"none in {home}", "start one with `daysheet up`")
        return
    running = deployment.running()
    yield _secrets(deployment)
    yield from _ports(deployment, running)
    yield from _processes(deployment)
    yield from _drop_folders(deployment)
    if "postgres" in running:
        yield _asked("migrations", _migrations, deployment)
        yield _asked("crash leftovers", _leftovers, deployment)
    if "postgres" in running and "api-server" in running:
        yield _asked("DAGs", _dags, deployment)
        yield _asked("pools", _pools, deployment)


def _python() -> Finding:
    found = f"Python {platform.python_version()} in {sys.prefix}"
    if sys.version_info[:2] != (3, 11):
        return Finding("python", found, "the pinned packages are for 3.11: run `make install`")
    return Finding("python", found)


def _memory() -> Finding:
    memory = MEMORY / 1024
    advice = f"{_MEMORY_NEEDED} GiB are the least it works well with"
    return Finding("memory", f"{memory:.1f} GiB", advice if memory < _MEMORY_NEEDED else "")


def _disk(home: Path) -> Finding:
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(place).free / _GIB
    advice = f"make room: builds and archived files want {_DISK_NEEDED} GiB free"
    return Finding("disk", f"{free:.1f} GiB free at {place}", advice if free < _DISK_NEEDED else "")


def _secrets(deployment: Deployment) -> Finding:
    path = deployment.home / "secrets.json"
    mode = stat.S_IMODE(path.stat().st_mode)
    advice = f"others can read it: `chmod 600 {path}`" if mode & 0o077 else ""
    return Finding("secrets", f"{path} has mode {mode:o}", advice)


def _ports(deployment: Deployment, running: dict[str, int]) -> Iterator[Finding]:
    for part, setting in PORTS.items():
        port = getattr(deployment.settings, setting)
        if part in running:
            yield Finding(f"port {port}", f"{part} has it")
        elif is_free(port):
            yield Finding(f"port {port}", f"free for {part}")
        else:
            yield Finding(
                f"port {port}",
                f"{user_of(port) or 'another program'} has it, {part} wants it",
                f"stop that, or choose another port with DAYSHEET_{setting.upper()}",
            )


def _processes(deployment: Deployment) -> Iterator[Finding]:
    condition = Condition.of(deployment)
    for part, state in condition.parts.items():
        log = deployment.server.log if part == "postgres" else log_file(deployment, part)
        pid = condition.pids.get(part)
        advice = "" if state == WORKS else f"see {log}, then `daysheet up`"
        if pid and state != WORKS:
            advice = f"see {log}, then `daysheet down` and `daysheet up`"
        yield Finding(part, f"{state} (process {pid})" if pid else state, advice)
    left = strays(marked(deployment.credentials.mark), condition.pids.values())
    advice = "`daysheet up` or `daysheet down` ends them"
    yield Finding("processes left over", str(len(left)), advice if left else "")


def _drop_folders(deployment: Deployment) -> Iterator[Finding]:
    for name, folder in deployment.drop_folders.items():
        if not isinstance(folder, Path):
            yield Finding(name, f"{folder}, reached through an Airflow connection")
        elif not folder.is_dir():
            yield Finding(name, f"{folder} is not there", "make it again with `daysheet up`")
        elif not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            yield Finding(name, f"{folder} cannot be written to", f"`chmod u+rwx {folder}`")
        elif stat.S_IMODE(folder.stat().st_mode) & stat.S_IRWXO:
            yield Finding(
                name, f"{folder} is open to everybody", f"it holds patients: `chmod o= {folder}`"
            )
        else:
            yield Finding(name, str(folder))


def _asked(about: str, question: Callable[[Deployment], Finding], to: Deployment) -> Finding:
    try:
        return question(to)
    except (ApiRefused, DatabaseFault) as problem:
        return Finding(about, f"no answer: {problem}", "mend what is listed above, then ask again")


def _migrations(deployment: Deployment) -> Finding:
    pending = pending_migrations(deployment)
    if not airflow_is_migrated(deployment):
        pending.append("Airflow's own")
    advice = "`daysheet down` and `daysheet up` apply them"
    return Finding(
        "migrations", f"missing: {', '.join(pending)}" if pending else "all applied",
        advice if pending else "",
    )  # fmt: skip


def _leftovers(deployment: Deployment) -> Finding:
    count, size = orphan_files(deployment)
    advice = (
        "only disk space is lost; to regain it, delete "
        f"{deployment.server.folder} while down and load the archive folder again"
    )
    return Finding(
        "crash leftovers", f"{count} files, {size / 2**20:.0f} MiB, that no table owns",
        advice if size > _ORPHANS_WORTH_SAYING else "",
    )  # fmt: skip


def _dags(deployment: Deployment) -> Finding:
    api = AirflowApi(deployment)
    broken = api.get("importErrors", limit=100)["import_errors"]
    names = ", ".join(sorted(Path(error["filename"]).name for error in broken))
    count = api.get("dags", limit=1)["total_entries"]
    return Finding(
        "DAGs", f"{count} read" + (f"; broken: {names}" if names else ""),
        f"read why at {deployment.url} (Import Errors on the first page)" if names else "",
    )  # fmt: skip


def _pools(deployment: Deployment) -> Finding:
    present = {
        pool["name"]: pool["slots"]
        for pool in AirflowApi(deployment).get("pools", limit=100)["pools"]
    }
    missing = sorted(set(POOLS) - set(present))
    return Finding(
        "pools", ", ".join(f"{name} {present[name]}" for name in POOLS if name in present),
        f"{', '.join(missing)} missing: make them in Airflow (Admin, Pools)" if missing else "",
    )  # fmt: skip
