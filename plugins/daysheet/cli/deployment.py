"""``daysheet up``, ``down``, ``status``, ``dsn`` and ``doctor``."""

import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console

from daysheet.embedded.condition import Condition
from daysheet.embedded.deployment import Deployment, NotUp
from daysheet.embedded.doctor import examine
from daysheet.embedded.lifecycle import down, up
from daysheet.settings import get_settings
from daysheet.warehouse import Role

output = Console(highlight=False, soft_wrap=True)
progress = Console(stderr=True, highlight=False, soft_wrap=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands to ``app``."""
    app.command("up")(start)
    app.command("down")(stop)
    app.command("status")(status)
    app.command("dsn")(dsn)
    app.command("doctor")(doctor)


@contextmanager
def steps(title: str) -> Iterator[Callable[[str], None]]:
    """Yield what to call with each step that is done; its time is shown, and that work goes on."""
    last = time.monotonic()

    def say(step: str) -> None:
        nonlocal last
        now = time.monotonic()
        progress.print(f"  {now - last:5.1f} s  {step}")
        last = now

    with progress.status(title):
        yield say


def start() -> None:
    """Start what does not run yet: Postgres, Airflow and a local mailbox."""
    with steps("starting ...") as say:
        deployment = up(say)
    user, password = deployment.login
    output.print(f"{deployment.url}  user {user}, password {password}")


def stop() -> None:
    """Stop everything. All data stays, and `daysheet up` goes on from there."""
    with steps("stopping, tasks that run may finish ...") as say:
        was_running = down(say)
    output.print("everything is stopped" if was_running else "nothing was running")


def status(as_json: AsJson = False) -> None:
    """Show where it is, what is published, and whether every part works (else exit code 1)."""
    condition = Condition.of(_recorded())
    if as_json:
        print(json.dumps(condition.as_dict(), indent=2))
    else:
        show(_summary(condition))
    if not condition.is_healthy:
        raise typer.Exit(1)


def dsn(
    role: Annotated[Role, typer.Argument(help="Whose rights the connection has.")] = Role.READER,
) -> None:
    """Print a connection string for psql, a notebook or a BI tool."""
    deployment = _recorded()
    if "postgres" not in deployment.running():
        raise NotUp("Postgres does not run: start it with `daysheet up`")
    print(deployment.dsn(role))


def doctor(as_json: AsJson = False) -> None:
    """Look for what is wrong and say what to do about it (exit code 1 if anything is)."""
    found = []
    for finding in examine():
        found.append(finding)
        if as_json:
            continue
        mark = "[green]ok[/]" if finding.is_well else "[red]!![/]"
        output.print(f"{mark}  {finding.about:20} {finding.found}")
        if finding.advice:
            output.print(f"    {'':20} [bold]{finding.advice}[/]")
    if as_json:
        print(json.dumps([dataclasses.asdict(finding) for finding in found], indent=2))
    if not all(finding.is_well for finding in found):
        raise typer.Exit(1)


def _recorded() -> Deployment:
    deployment = Deployment.recorded(get_settings().home)
    if deployment is None:
        raise NotUp(f"nothing was started in {get_settings().home} yet: run `daysheet up`")
    return deployment


def show(facts: dict[str, str]) -> None:
    """Print names and values one under the other; lines are never broken, so they can be copied."""
    width = max(map(len, facts))
    for name, value in facts.items():
        output.print(f"{name:{width}}  {value}")


def _summary(condition: Condition) -> dict[str, str]:
    facts = condition.as_dict()
    build = facts["current_build"]
    return {
        "url": facts["url"],
        "login": f"user {facts['login']['user']}, password {facts['login']['password']}",
        "build": f"{build['build']} as of {build['as_of']}, batch {build['batch']}, "
        f"published {build['published_at']}"
        if build
        else "nothing is published yet",
        **{name: facts[name] for name in condition.deployment.drop_folders},
        "mails": facts["mailbox"],
        **{
            part: f"{state['state']} (process {state['pid']})" if state["pid"] else state["state"]
            for part, state in facts["parts"].items()
        },
        "versions": ", ".join(f"{name} {number}" for name, number in facts["versions"].items()),
    }
