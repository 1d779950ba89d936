"""Commands about the deployment: up, down, status, dsn, doctor, demo."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from daysheet.embedded.lifecycle import CannotStart, down, up
from daysheet.embedded.parts import PartFailed
from daysheet.embedded.ports import PortTaken
from daysheet.embedded.postgres import PostgresError

console = Console(highlight=False)


class _Progress:
    """Says each step that is done and how long it took; on a terminal also that work goes on."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, step: str) -> None:
        now = time.monotonic()
        console.print(f"  {now - self._last:5.1f} s  {step}")
        self._last = now


@contextmanager
def _plainly() -> Iterator[None]:
    """Turn what can go wrong into one message and exit code 1."""
    try:
        yield
    except (CannotStart, PartFailed, PortTaken, PostgresError) as error:
        print(f"daysheet: {error}", file=sys.stderr)
        raise typer.Exit(1) from None


def register(app: typer.Typer) -> None:
    """Add this module's commands to ``app``."""

    @app.command("up")
    def up_command() -> None:
        """Start what does not run yet: Postgres, Airflow and a local mailbox."""
        with _plainly():
            deployment = up(_Progress())
        user, password = deployment.login
        console.print(f"{deployment.url}  user {user}, password {password}")

    @app.command("down")
    def down_command() -> None:
        """Stop everything; all data stays."""
        with _plainly():
            if not down(_Progress()):
                console.print("nothing was running")
