"""``daysheet build`` and ``daysheet explain``."""

import dataclasses
import json
import time
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.tree import Tree

from daysheet.builds.explaining import NotFound, Trace, explain
from daysheet.builds.opening import ENDED, BuildRefused
from daysheet.embedded.api import AirflowApi
from daysheet.embedded.deployment import Deployment
from daysheet.warehouse import Role, session

_ENDED = {*ENDED, "failed", "abandoned"}
_TIMEOUT_SECONDS = 6 * 3600

console = Console(stderr=True)


def register(app: typer.Typer) -> None:
    """Add this module's commands to ``app``."""
    app.command("build")(build)
    app.command("explain")(explain_row)


def build(
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="As-of date, YYYY-MM-DD. Default: today.")
    ] = None,
    batch: Annotated[
        int | None, typer.Option("--batch", help="As known after this batch. Default: newest.")
    ] = None,
    publish: Annotated[
        bool | None,
        typer.Option(
            "--publish/--no-publish",
            help="Publish even if it is older than the published one / never publish. "
            "Default: publish if newer.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Open a build in Airflow, wait for its turn and its end."""
    deployment = Deployment.load()
    api = AirflowApi(deployment)
    conf = {
        "as_of": as_of,
        "batch": batch,
        "publish": {None: "if_newer", True: "always", False: "never"}[publish],
        "reason": "daysheet build",
    }
    run_id = api.trigger(
        "open_build", {key: value for key, value in conf.items() if value is not None}
    )
    with console.status("opening a build ..."):
        number = _opened(deployment, api, run_id)
    with console.status(f"build {number} ..."):
        result = wait_for_build(deployment.dsn(Role.READER), number)
    if as_json:
        print(json.dumps(result))
    else:
        console.print(f"build {number} is {result['state']}")
        if result["problem"]:
            console.print(result["problem"])
    if result["state"] not in ENDED:
        raise typer.Exit(1)


def _opened(deployment: Deployment, api: AirflowApi, run_id: str) -> int:
    while True:
        state = api.run_state("open_build", run_id)
        if state == "success":
            break
        if state == "failed":
            console.print(f"open_build failed; see the run {run_id} at {deployment.url}")
            raise typer.Exit(1)
        time.sleep(0.5)
    entry = "taskInstances/open_build/xcomEntries/return_value"
    return int(api.get(f"dags/open_build/dagRuns/{quote(run_id, safe='')}/{entry}")["value"])


def wait_for_build(dsn: str, number: int) -> dict[str, Any]:
    """Wait until the build has ended: its number, state, batch, as-of date and problem."""
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    with session(dsn, "daysheet build", autocommit=True) as connection:
        while True:
            row = connection.execute(
                "select build, state, batch, as_of::text, problem from ops.build where build = %s",
                [number],
            ).fetchone()
            if row and (row[1] in _ENDED or time.monotonic() > deadline):
                return dict(zip(("build", "state", "batch", "as_of", "problem"), row, strict=True))
            time.sleep(0.5)


def explain_row(
    model: Annotated[str, typer.Argument(help="A model, such as int_claim_details.")],
    key: Annotated[str, typer.Argument(help="Its key: 7, or column=value,column=value.")],
    build_number: Annotated[
        int | None, typer.Option("--build", help="Default: the published build.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the trace as JSON.")] = False,
) -> None:
    """Trace a row to the rows it came from, down to file and line."""
    try:
        trace = explain(Deployment.load().dsn(Role.BUILDER), model, key, build_number)
    except (NotFound, BuildRefused) as problem:
        console.print(str(problem))
        raise typer.Exit(1) from None
    if as_json:
        print(json.dumps(dataclasses.asdict(trace), default=str))
        return
    Console().print(_tree(trace))


def _tree(trace: Trace, tree: Tree | None = None) -> Tree:
    key = ", ".join(f"{name} {value}" for name, value in trace.key.items())
    where = f"  {trace.file}, line {trace.line}" if trace.file else ""
    label = f"{trace.relation}  {key}{where}"
    branch = Tree(label) if tree is None else tree.add(label)
    for below in trace.below:
        _tree(below, branch)
    for relation, count in trace.left_out.items():
        branch.add(f"... and {count} more of {relation}")
    if trace.looked_up:
        branch.add(f"looked up in {', '.join(trace.looked_up)}")
    return branch
