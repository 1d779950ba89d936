"""Bring a deployment up, repair it, take it down; each may be repeated and interrupted."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from daysheet.embedded import DeploymentProblem, parts
from daysheet.embedded.api import AirflowApi
from daysheet.embedded.condition import answering
from daysheet.embedded.databases import airflow_is_migrated, record_airflow_migration
from daysheet.embedded.deployment import PARTS, Deployment
from daysheet.embedded.environment import write_configuration
from daysheet.embedded.machine import CORES, IS_ROOMY
from daysheet.embedded.ports import require_free
from daysheet.settings import PROJECT, get_settings
from daysheet.warehouse.provision import provision

Say = Callable[[str], None]

PORTS = {"postgres": "postgres_port", "mailbox": "smtp_port", "api-server": "web_port"}
# How many tasks use the database at once; half of a short one's time is Airflow's, hence more
# than cores. A load may take 300 MB.
POOLS = {"warehouse": CORES + 1, "ingest": max(4, CORES) if IS_ROOMY else 2}

_WORKS_WITHIN = 120  # seconds
_PARSED_WITHIN = 60


class CannotStart(DeploymentProblem):
    """The deployment cannot be started as asked; the message says why and what to do."""


def up(say: Say) -> Deployment:
    """Start what does not run and return when all of it is healthy; ``say`` hears of each step.

    Raises :class:`~daysheet.embedded.DeploymentProblem`; trying again goes on where it stopped.
    """
    home = get_settings().home
    _make_home(home)
    with _alone(home):
        deployment = _chosen(home)
        if not deployment.missing() and answering(deployment) == set(PARTS):
            say("already up")
        else:
            _start_missing(deployment, say)
        return deployment


def down(say: Say) -> bool:
    """End every process of the deployment; return whether there was anything to end."""
    home = get_settings().home
    deployment = Deployment.recorded(home)
    if deployment is None:
        return False
    with _alone(home):
        was_running = bool(deployment.running()) or parts.end_strays(deployment) > 0
        parts.end_all(deployment)
        say("Airflow and the mailbox have ended")
        deployment.server.stop()
        say("Postgres has ended")
    return was_running


def _chosen(home: Path) -> Deployment:
    """The deployment as recorded while any of it runs, else as the settings now say."""
    recorded = Deployment.recorded(home)
    if recorded is None or not recorded.running():
        return Deployment(home, get_settings())
    differing = [
        f"DAYSHEET_{name.upper()}"
        for name in get_settings().model_fields_set - {"home"}
        if getattr(get_settings(), name) != getattr(recorded.settings, name)
    ]
    if differing:
        raise CannotStart(
            f"it runs with another {', '.join(sorted(differing))}: run `daysheet down` first"
        )
    return recorded


def _start_missing(deployment: Deployment, say: Say) -> None:
    if ended := parts.end_strays(deployment):
        say(f"{ended} processes of killed parts ended")
    missing = deployment.missing()
    if "postgres" in missing and len(missing) <= len(PARTS):
        parts.end_all(deployment)
        say("Airflow has ended, as its database had")
        missing = deployment.missing()
    require_free(
        {setting: getattr(deployment.settings, setting) for part, setting in PORTS.items()
         if part in missing}
    )  # fmt: skip
    deployment.record()
    write_configuration(deployment)
    if "postgres" in missing:
        for folder in deployment.server.start():
            say(f"{folder} may now be passed through by all, so that Postgres reaches its files")
        say("Postgres runs")
    _make_drop_folders(deployment)
    launched: dict[str, datetime] = {}

    def launch(*wanted: str) -> None:
        for part in wanted:
            if part in missing:
                parts.start(deployment, part)
                launched[part] = datetime.now(UTC)

    provision(
        deployment.server.url("postgres"),
        deployment.credentials.roles,
        deployment.settings.clock(),
    )
    say("the warehouse has its schemas")
    launch("mailbox", "api-server")  # the latter takes longest, and needs no tables to start
    if not airflow_is_migrated(deployment):
        parts.run_airflow(deployment, "db", "migrate")
        record_airflow_migration(deployment)
        say("Airflow has its tables")
    launch("dag-processor", "triggerer")
    _await_work(deployment, {"mailbox", "api-server"}, launched, say)
    launch("scheduler")  # its tasks report to the API server
    if "api-server" in launched:
        AirflowApi(deployment).prepare_for_tasks()
    _await_work(deployment, {"dag-processor", "triggerer", "scheduler"}, launched, say)
    _ensure_pools(deployment)
    if unread := _await_dags(deployment):
        say(f"Airflow cannot read {', '.join(sorted(unread))}: see `daysheet doctor`")
    else:
        say("Airflow has read the DAGs")


def _make_drop_folders(deployment: Deployment) -> None:
    for folder in deployment.drop_folders.values():
        if isinstance(folder, Path):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _await_work(
    deployment: Deployment, waiting: set[str], launched: dict[str, datetime], say: Say
) -> None:
    """Wait until each part says it works; of those just launched, later than that."""
    deadline = time.monotonic() + _WORKS_WITHIN
    while waiting:
        if dead := waiting.intersection(deployment.missing()):
            part = min(dead)
            raise parts.PartFailed(f"{part} ended; see {parts.log_file(deployment, part)}")
        if time.monotonic() > deadline:
            part = min(waiting)
            raise parts.PartFailed(
                f"{part} runs but does not work after {_WORKS_WITHIN} s: see "
                f"{parts.log_file(deployment, part)}, or try `daysheet down` and `daysheet up`"
            )
        time.sleep(0.2)
        working = waiting & answering(deployment, launched)
        for part in sorted(working):
            say(f"{part} works")
        waiting = waiting - working


def _ensure_pools(deployment: Deployment) -> None:
    """Make the pools that are missing; one that exists keeps the size it was given."""
    api = AirflowApi(deployment)
    known = {pool["name"] for pool in api.get("pools", limit=100)["pools"]}
    for name, slots in POOLS.items():
        if name not in known:
            api.post("pools", {"name": name, "slots": slots})


def _await_dags(deployment: Deployment) -> set[str]:
    """Wait until every DAG file was read once; return the names of those that could not be."""
    api, files = AirflowApi(deployment), {path.name for path in (PROJECT / "dags").glob("*.py")}
    deadline = time.monotonic() + _PARSED_WITHIN
    while True:
        read = {dag["relative_fileloc"] for dag in api.get("dags", limit=100)["dags"]}
        errors = api.get("importErrors", limit=100)["import_errors"]
        broken = {Path(error["filename"]).name for error in errors}
        if files <= read | broken or time.monotonic() > deadline:
            return files - (read - broken)
        time.sleep(0.5)


def _make_home(home: Path) -> None:
    """Folders only we may enter, except the way to the data of Postgres's own account."""
    home.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    if home.stat().st_uid != os.geteuid():
        raise CannotStart(
            f"{home} belongs to another user: be that user, or set DAYSHEET_HOME to a folder "
            "of your own"
        )
    for folder in ("run", "logs", "airflow", "mail", "drops"):
        (home / folder).mkdir(mode=0o700, exist_ok=True)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Keep two commands from starting or ending the same deployment at once."""
    path = home / "lock"
    path.touch(mode=0o600)
    with path.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(
                f"another `daysheet up` or `daysheet down` works on {home}: wait for it"
            ) from None
        yield
