"""What ops are told, and how it reaches them: what happened, what it means, what to do, where."""

import hashlib
import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from email.utils import make_msgid
from pathlib import Path
from typing import Any

import psycopg
from airflow.sdk import DeadlineAlert, DeadlineReference, SyncCallback

from daysheet.mail import outbox, templates
from daysheet.mail.composing import compose
from daysheet.mail.sending import ServerUnusable
from daysheet.orchestration.addresses import run_url
from daysheet.orchestration.connections import dsn
from daysheet.orchestration.mail_server import open_server, send
from daysheet.settings import get_settings
from daysheet.warehouse import DatabaseFault, Role, session

log = logging.getLogger(__name__)

_HOUR = 3600  # seconds


@dataclass(frozen=True)
class Notice:
    """One thing ops should know of; holds counts, codes and our own numbers, never row values.

    Of one ``cause`` one mail is sent an hour; the next says how often it happened meanwhile.
    """

    cause: str
    subject: str
    happened: str
    means: str
    todo: str
    link: str
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()


@dataclass(frozen=True)
class AirflowRun:
    """A run as callbacks know it."""

    dag_id: str
    run_id: str
    started: datetime | None = None
    task_id: str | None = None  # of those that failed the last

    @property
    def link(self) -> str:
        """Its page."""
        return run_url(self.dag_id, self.run_id)


Explain = Callable[[psycopg.Connection, AirflowRun], Notice | None]


def tell(notice: Notice) -> None:
    """Put the mail into the outbox and try to send it; without a warehouse send it directly.

    A server that does not answer is no error: the mail stays in the outbox and is tried again.
    """
    try:
        with _mailer() as connection:
            mail_id = _put(connection, notice)
    except DatabaseFault as fault:
        log.warning("ops are told without the warehouse: %s", fault)
        _send_directly(notice)
        return
    if mail_id is not None:
        with suppress(DatabaseFault), _mailer() as connection:
            send(connection, only=[mail_id])


def tell_ops(*, means: str, todo: str, explain: Explain | None = None) -> Callable[[Any], None]:
    """A callback for ``on_failure_callback`` of a DAG: one mail about the run that failed.

    ``means`` and ``todo`` are the DAG's own words. ``explain`` may find a better notice in the
    warehouse, of what the run's own tasks wrote down there.
    """

    def tell_of_failure(context: Any) -> None:
        run = _failed(context)
        notice = _explained(explain, run) if explain else None
        tell(notice or failure(run, means=means, todo=todo))

    return tell_of_failure


def failure(run: AirflowRun, *, means: str, todo: str) -> Notice:
    """A run that failed, as far as it is known from Airflow alone."""
    at = f" at task {run.task_id}" if run.task_id else ""
    return Notice(
        cause=f"{run.dag_id} failed",
        subject=f"{run.dag_id} failed",
        happened=f"The run {run.run_id} of {run.dag_id} failed{at}.",
        means=means,
        todo=todo,
        link=run.link,
    )


def late_after(limit: timedelta, *, means: str, todo: str) -> DeadlineAlert:
    """Tell ops when a run is still not done ``limit`` after it was queued."""
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=limit,
        callback=SyncCallback(
            tell_of_lateness,
            kwargs={"minutes": int(limit.total_seconds() / 60), "means": means, "todo": todo},
        ),
    )


def tell_of_lateness(context: dict[str, Any], minutes: int, means: str, todo: str) -> None:
    """What a missed deadline calls, by its name, in a process of the executor."""
    late = context["dag_run"]
    if late["state"] == "failed":  # that was told when it happened
        return
    run = AirflowRun(late["dag_id"], late["dag_run_id"])
    tell(
        Notice(
            cause=f"{run.dag_id} late",
            subject=f"{run.dag_id} is late",
            happened=f"The run {run.run_id} of {run.dag_id} is not done after {minutes} minutes.",
            means=means,
            todo=todo,
            link=run.link,
        )
    )


def _failed(context: Any) -> AirflowRun:
    """The run of a callback's context; one that never had a task lacks most of it."""
    dag_run, ti = context.get("dag_run"), context.get("ti")
    return AirflowRun(
        context["dag"].dag_id,
        context["run_id"],
        dag_run.start_date if dag_run else None,
        ti.task_id if ti else None,
    )


def _explained(explain: Explain, run: AirflowRun) -> Notice | None:
    try:
        with _mailer() as connection:
            return explain(connection, run)
    except DatabaseFault as fault:
        log.warning("the run is not explained: %s", fault)
        return None


def _put(connection: psycopg.Connection, notice: Notice) -> int | None:
    body = _worded(notice, repeats=outbox.repeats(connection, notice.cause))
    return outbox.tell_ops(
        connection, notice.cause, get_settings().ops_email, body.subject, body.text, body.html
    )


def _worded(notice: Notice, repeats: int) -> templates.Body:
    return templates.render("ops", **asdict(notice), repeats=repeats)


def _send_directly(notice: Notice) -> None:
    """Past the outbox, once per cause and hour: who makes the hour's marker first sends."""
    marker = _marker(notice.cause)
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return
    body = _worded(notice, repeats=0)
    try:
        with open_server() as server:
            message = compose(
                server.sender,
                get_settings().ops_email,
                make_msgid(domain="daysheet.invalid"),
                datetime.now(UTC),
                body.subject,
                body.text,
                body.html,
            )
            server.client.send_message(message)
    except (ServerUnusable, OSError) as error:
        marker.unlink()
        log.error("ops could not be told: %s", type(error).__name__)


def _marker(cause: str) -> Path:
    """A file below the home that stands for one cause in this hour; those of past hours go."""
    folder, hour = get_settings().home / "told", int(time.time()) // _HOUR
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if not old.name.endswith(f"-{hour}"):
            old.unlink(missing_ok=True)
    return folder / f"{hashlib.sha256(cause.encode()).hexdigest()[:16]}-{hour}"


def _mailer() -> AbstractContextManager[psycopg.Connection]:
    return session(dsn(Role.MAILER), "daysheet ops mail", autocommit=True)
