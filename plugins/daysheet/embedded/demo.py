"""An invented practice from dropped files to a published build: what happened, step by step."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import Any

from daysheet.embedded import DeploymentProblem
from daysheet.embedded.api import AirflowApi
from daysheet.embedded.databases import current_build
from daysheet.embedded.deployment import Deployment
from daysheet.settings import get_settings
from daysheet.warehouse import LockClass, Role, session

_COMMAND = [sys.executable, "-c", "from daysheet.cli import app; app()"]
_OPENED_WITHIN = 120  # seconds, from the commit of a batch to its build
_UP_TO_DATE_WITHIN = 60  # seconds, from a publish to a desk that is brought up to its day
_MAILED_WITHIN = 90  # seconds, from the trigger to the end of the alerts' run
_ALERTS = "alert_aged_claims"
_ENDED = ("published", "kept", "superseded", "failed", "abandoned")


class DemoFailed(DeploymentProblem):
    """A step of the demo did not succeed; the message says which and where to look."""


@dataclass(frozen=True)
class BuiltModel:
    """One model of a build: ``action`` is built, linked, inherited or failed."""

    model: str
    action: str
    rows: int
    seconds: float


@dataclass(frozen=True)
class Counseling:
    """What the desk shows of the counseling practice; money in dollars."""

    sessions: int
    unbilled_sessions: int
    outstanding_claims_amount: Decimal
    aging_over_90: int
    collections_mtd_insurance: Decimal


@dataclass(frozen=True)
class Unclaimed:
    """Completed, insured procedures on no claim, and what insurers would pay in dollars."""

    procedures: int
    amount: Decimal


@dataclass(frozen=True)
class Mailed:
    """Whom a digest was written for, by desk code, and how many lines it has."""

    display_code: str
    line_count: int
    state: str


@contextmanager
def invented_practice(
    folder: Path, patients: int, years: int, seed: int
) -> Iterator[Callable[[], dict[str, Any]]]:
    """Generate a practice meanwhile; yield what waits for it and says what was written."""
    shutil.rmtree(folder, ignore_errors=True)
    options = {"--patients": patients, "--years": years, "--seed": seed}
    arguments = [str(part) for option in options.items() for part in option]
    child = subprocess.Popen(  # noqa: S603  our own command
        [*_COMMAND, "generate", *arguments, "--json", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

    def written() -> dict[str, Any]:
        output, errors = child.communicate()
        if child.returncode != 0:
            raise DemoFailed(f"no practice was generated: {errors.strip()}")
        return json.loads(output)

    try:
        yield written
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait()


def import_desk(folder: Path) -> dict[str, dict[str, int]]:
    """Tell the desk who works there and who pays; counts by section of the file."""
    return _daysheet("desk", "import", str(folder / "desk.yml"), "--json")["sections"]


def load(folder: Path) -> list[dict[str, Any]]:
    """Drop a folder and wait for the verdict on each file, with its row counts."""
    return _daysheet("load", str(folder), "--json")["files"]


def build_of(deployment: Deployment, batch: int | None, say: Callable[[str], None]) -> int:
    """The published build that has ``batch``; with nothing new (none) the one published already."""
    if batch is not None:
        number = _awaited_build(deployment, batch)
        _follow(deployment, number, say)
        return number
    current = current_build(deployment)
    return current["build"] if current else _daysheet("build", "--json")["build"]


def built_models(deployment: Deployment, build: int) -> list[BuiltModel]:
    """What is in a build, in the order it was done."""
    with session(deployment.dsn(Role.READER), "daysheet demo") as connection:
        rows = connection.execute(
            "select model, action, row_count, build_model.seconds"
            " from ops.build_model inner join ops.model_version using (fingerprint, model)"
            " where build = %s order by recorded_at",
            [build],
        ).fetchall()
    return [BuiltModel(model, action, rows, float(took)) for model, action, rows, took in rows]


def owed(deployment: Deployment, build: int) -> tuple[Decimal, Decimal]:
    """The receivable in a published build, in dollars: of families, and of rows without one."""
    with session(deployment.dsn(Role.READER), "daysheet demo") as connection:
        connection.execute("select pg_advisory_xact_lock_shared(%s, %s)", [LockClass.BUILD, build])
        row = connection.execute(
            "select"  # noqa: S608  our own number
            " coalesce(sum(total_ar_balance) filter (where guarantor_id is not null), 0),"
            " coalesce(sum(total_ar_balance) filter (where guarantor_id is null), 0)"
            f" from build_{int(build)}.int_ar_analysis_base"
        ).fetchone()
    return row or (Decimal(0), Decimal(0))


def counseling(deployment: Deployment) -> Counseling:
    """What the desk shows now."""
    columns = ", ".join(field.name for field in fields(Counseling)[1:])
    with session(deployment.dsn(Role.DESK), "daysheet demo") as connection:
        row = connection.execute(
            "select (select count(*) from desk.sessions), "  # noqa: S608  our own names
            f"{columns} from desk.dashboard_metrics"
        ).fetchone()
    assert row is not None
    return Counseling(*row)


def known_counseling(folder: Path) -> Counseling:
    """What the desk must show, by the generator's own count."""
    known = json.loads((folder / "known_totals.json").read_text())["counseling"]
    return Counseling(
        known["sessions"],
        known["unbilled_sessions"],
        Decimal(known["outstanding_claims_amount"]),
        known["aging_over_90"],
        Decimal(known["collections_mtd_insurance"]),
    )


def known_unclaimed(folder: Path) -> Unclaimed:
    """What the desk must find, by the generator's own count."""
    known = json.loads((folder / "known_totals.json").read_text())["counts"][
        "completed on no claim"
    ]
    return Unclaimed(known["procedures"], Decimal(known["cents"]) / 100)


def awaited_counseling(deployment: Deployment, known: Counseling) -> Counseling:
    """What the desk shows once that is ``known``, or when it takes too long.

    A visit of today is over once the desk was brought up to its day, which follows each publish.
    """
    deadline = time.monotonic() + _UP_TO_DATE_WITHIN
    while (found := counseling(deployment)) != known and time.monotonic() < deadline:
        time.sleep(1)
    return found


def mail_alerts(deployment: Deployment) -> list[Mailed]:
    """Have alerts evaluated and mailed at once; whose digests of the day there are then."""
    api = AirflowApi(deployment)
    run_id = api.trigger(_ALERTS, {"mail_now": True})
    deadline = time.monotonic() + _MAILED_WITHIN
    while (state := api.run_state(_ALERTS, run_id)) in ("queued", "running"):
        if time.monotonic() > deadline:
            break
        time.sleep(0.3)
    if state != "success":
        raise DemoFailed(f"{_ALERTS} is {state}: see {deployment.url}/dags/{_ALERTS}")
    with session(deployment.dsn(Role.MAILER), "daysheet demo") as connection:
        rows = connection.execute(
            "select display_code, line_count, state from ops.mail"
            " inner join desk.staff on mail.staff_id = staff.user_id"
            " where digest_date = (select max(digest_date) from ops.mail) and issue = 1"
            " order by display_code"
        ).fetchall()
    return [Mailed(*row) for row in rows]


def _awaited_build(deployment: Deployment, batch: int) -> int:
    """The build that was opened for a batch; ingest opens it right after the commit."""
    deadline = time.monotonic() + _OPENED_WITHIN
    with session(deployment.dsn(Role.READER), "daysheet demo", autocommit=True) as connection:
        while time.monotonic() < deadline:
            row = connection.execute(
                "select min(build) from ops.build where batch >= %s", [batch]
            ).fetchone()
            if row and row[0] is not None:
                return row[0]
            time.sleep(0.3)
    raise DemoFailed(f"no build was opened for batch {batch}: see {deployment.url}")


def _follow(deployment: Deployment, build: int, say: Callable[[str], None]) -> None:
    """Say each model as it is done; return when the build is published."""
    said: set[str] = set()
    with session(deployment.dsn(Role.READER), "daysheet demo", autocommit=True) as connection:
        while True:
            state, problem = connection.execute(
                "select state, problem from ops.build where build = %s", [build]
            ).fetchone() or ("abandoned", None)
            models = connection.execute(
                "select model, action from ops.build_model where build = %s order by recorded_at",
                [build],
            ).fetchall()
            for model, action in models:
                if model not in said:
                    say(f"{model} {action}")
            said |= {model for model, _ in models}
            if state in _ENDED:
                break
            time.sleep(0.3)
    if state != "published":
        raise DemoFailed(
            f"build {build} is {state}{f': {problem}' if problem else ''}; see {deployment.url}"
        )


def _daysheet(*arguments: str) -> Any:
    """Run a command of ours that prints JSON; its progress goes where ours goes."""
    done = subprocess.run(  # noqa: S603  our own command
        [*_COMMAND, *arguments], check=False, stdout=subprocess.PIPE, text=True
    )
    if done.returncode != 0:
        raise DemoFailed(f"`daysheet {' '.join(arguments)}` failed:\n{done.stdout}")
    return json.loads(done.stdout)


def practice_folder() -> Path:
    """Where the demo's practice is written, with the totals its models must reach."""
    return get_settings().home / "demo"
