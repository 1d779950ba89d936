"""The processes beside Postgres: what each runs, started one by one, ended together."""

import subprocess
import sys
from pathlib import Path

from daysheet.embedded import DeploymentProblem
from daysheet.embedded.deployment import PARTS, Deployment
from daysheet.embedded.environment import environment
from daysheet.embedded.processes import Process, children, end, marked, strays
from daysheet.warehouse.niceness import give_way

_TASKS_MAY_TAKE = 30  # seconds; the scheduler waits for its running tasks before it ends
_GRACE = 10  # seconds, for all others
_BEHIND = {"scheduler", "dag-processor"}  # give way to people at the pages: tasks and their SQL
_NICENESS = 10


class PartFailed(DeploymentProblem):
    """A part ended or is not healthy; the message names its log."""


def start(deployment: Deployment, part: str) -> None:
    """Start one part in a session of its own, so that no terminal takes it down."""
    log = log_file(deployment, part)
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    with log.open("wb") as output:
        child = subprocess.Popen(  # noqa: S603  our own command
            _command(deployment, part),
            env=environment(deployment),
            cwd=deployment.home,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
        )
    if part in _BEHIND:
        give_way(child.pid, _NICENESS)
    process = Process.of(child.pid)
    if process is None:
        raise PartFailed(f"{part} ended at once; see {log}")
    process.write(deployment.process_record(part))


def run_airflow(deployment: Deployment, *arguments: str) -> None:
    """Run one Airflow command to its end; what it says goes to a log of its own."""
    log = log_file(deployment, f"airflow-{arguments[0]}")
    with log.open("wb") as output:
        done = subprocess.run(  # noqa: S603  our own command
            [sys.executable, "-m", "airflow", *arguments],
            check=False,
            env=environment(deployment),
            cwd=deployment.home,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    if done.returncode != 0:
        raise PartFailed(f"`airflow {' '.join(arguments)}` failed; see {log}")


def end_strays(deployment: Deployment) -> int:
    """End what outlived a killed part; return how many processes that were."""
    alive = deployment.running().values()
    found = strays(marked(deployment.credentials.mark), alive)
    end(found, grace=2)
    return len(found)


def end_all(deployment: Deployment) -> None:
    """End every part and all they started; tasks that run get a while to finish.

    What tasks report goes through the API server, what fails is mailed: those two go last.
    """
    running = deployment.running()
    if "triggerer" in running:
        # Told to end, it sleeps ten seconds over its own child's end; told by that, it ends too.
        end(children(running["triggerer"]), grace=5)
    last = ("api-server", "mailbox")
    # Without these two no task can end: it tries to reach them until it is killed.
    patience = _TASKS_MAY_TAKE if {"api-server", "postgres"} <= running.keys() else 2
    end([running[part] for part in PARTS if part in running and part not in last], patience)
    end_strays(deployment)
    for part in last:
        if part in running:
            end([running[part]], _GRACE)
    end(marked(deployment.credentials.mark), grace=2)
    for part in PARTS:
        deployment.process_record(part).unlink(missing_ok=True)


def log_file(deployment: Deployment, part: str) -> Path:
    """Where a part's own output goes."""
    return deployment.home / "logs" / f"{part}.log"


def _command(deployment: Deployment, part: str) -> list[str]:
    if part == "mailbox":
        return [
            sys.executable, "-m", "daysheet.embedded.mailbox",
            "--port", str(deployment.settings.smtp_port), "--folder", str(deployment.mailbox),
        ]  # fmt: skip
    # Airflow's log servers listen on every interface; on one machine the pages need none.
    quiet = ["--skip-serve-logs"] if part in {"scheduler", "triggerer"} else []
    return [sys.executable, "-m", "airflow", part, *quiet]
