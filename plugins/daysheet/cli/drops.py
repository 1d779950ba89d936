"""``daysheet load``, ``release`` and ``reload``: files into the warehouse, and once more."""

import getpass
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
)
from rich.status import Status
from rich.table import Table

from daysheet.catalog import load_contracts
from daysheet.embedded import DeploymentProblem
from daysheet.embedded.deployment import Deployment
from daysheet.ingest import ledger
from daysheet.ingest.drop_folder import DropFolder
from daysheet.ingest.replay import ArchiveIncomplete, replay
from daysheet.ingest.sending import NothingToSend, pack, put_back, send
from daysheet.warehouse import Role, session
from daysheet.warehouse.provision import WAREHOUSE_DATABASE

_QUIET_SECONDS = 120  # without news for so long, the user is told where to look
_COUNTS = ("read", "inserted", "replaced", "unchanged", "stale", "quarantined", "skipped", "closed")

output = Console(highlight=False, soft_wrap=True)
progress = Console(stderr=True, highlight=False, soft_wrap=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands to ``app``."""
    app.command("load")(load)
    app.command("release")(release)
    app.command("reload")(reload)


def load(
    folder: Annotated[Path, typer.Argument(help="One folder per source, or one source's folder.")],
    source: Annotated[
        str | None, typer.Option(help="Whose files these are. Default: as the folders are named.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Drop a folder into the inbox and wait until its batch is committed.

    Exits with 1 when a file was rejected or held; everything else is loaded all the same.
    """
    deployment = Deployment.load()
    try:
        parcels = pack(folder, source)
    except NothingToSend as problem:
        raise DeploymentProblem(str(problem)) from None
    sent: list[tuple[str, str]] = []
    columns = (TextColumn("copying"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=progress, transient=True) as bar:
        task = bar.add_task("copying", total=sum(parcel.bytes for parcel in parcels))
        for parcel in parcels:
            name = send(parcel, deployment.inbox, lambda done: bar.advance(task, done))
            sent += [(parcel.source, f"{name}/{file}") for file in parcel.files]
    _report(_wait(deployment, sent), as_json)


def release(
    file: Annotated[str, typer.Argument(help="A held file: its number, or its name.")],
    reason: Annotated[str, typer.Option(help="Why it is right to load it; kept in ops.audit.")],
    as_json: AsJson = False,
) -> None:
    """Let a held file through, and wait until its batch is committed."""
    deployment = Deployment.load()
    with session(deployment.dsn(Role.LOADER), "daysheet release", autocommit=True) as connection:
        try:
            held = ledger.find_held(connection, file)
        except ledger.NotHeld as problem:
            raise DeploymentProblem(str(problem)) from None
        if held.released_by is None:
            ledger.release(connection, held.file_id, getpass.getuser(), reason)
    folder = put_back(DropFolder(deployment.inbox.parent), held)
    if folder is None:
        raise DeploymentProblem(
            f"file {held.file_id} is released but lies no longer in {deployment.inbox.parent}: "
            "drop it again, it will not be held"
        )
    sent = [(held.source, f"{folder}/{held.file_name.rpartition('/')[2]}")]
    _report(_wait(deployment, sent), as_json)


def reload(
    table: Annotated[str, typer.Argument(help="A table whose contract was widened.")],
    source: Annotated[str, typer.Option(help="Whose table it is.")] = "opendental",
    as_json: AsJson = False,
) -> None:
    """Load a table's archived files again by its contract of today, as one batch.

    What was known before stays; the next build uses the result. Files of the table that are
    dropped meanwhile wait.
    """
    deployment = Deployment.load()
    contract = load_contracts(source).get(table)
    if contract is None:
        raise DeploymentProblem(f"{source} has no table {table}: see sql/sources/{source}/")
    if contract.recognized_by == "header":
        raise DeploymentProblem("reports change the desk as they come, so they come only once")
    admin = deployment.server.url(WAREHOUSE_DATABASE)
    bar = Progress(TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), console=progress)
    with bar, session(admin, "daysheet reload", autocommit=True) as connection:
        task = bar.add_task("replaying", total=None)
        try:
            done = replay(
                connection,
                DropFolder(deployment.inbox.parent),
                contract,
                deployment.settings,
                lambda files, of: bar.update(task, completed=files, total=of),
            )
        except ArchiveIncomplete as problem:
            raise DeploymentProblem(f"nothing was changed: {problem}") from None
    if as_json:
        print(json.dumps(asdict(done)))
    else:
        output.print(
            f"{done.files} files replayed; {done.ended} row versions ended and {done.begun} begun "
            f"at batch {done.batch}. The next build uses them: daysheet build"
        )


def _wait(deployment: Deployment, sent: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Wait until every file has its verdict and the batch of those loaded is committed."""
    with (
        progress.status("waiting for the inbox to be read ...") as status,
        session(deployment.dsn(Role.READER), "daysheet load", autocommit=True) as connection,
    ):
        last_news, known = time.monotonic(), -1
        while True:
            found = ledger.verdicts(connection, sent)
            settled = [file for file in found if file.pop("is_settled")]
            if len(settled) == len(sent):
                return settled
            if len(found) + len(settled) != known:
                last_news, known = time.monotonic(), len(found) + len(settled)
            _tell(status, len(found), len(sent), time.monotonic() - last_news, deployment)
            time.sleep(0.5)


def _tell(status: Status, found: int, total: int, quiet: float, deployment: Deployment) -> None:
    text = f"{found} of {total} files have their verdict ..."
    if quiet > _QUIET_SECONDS:
        text += f" no news for {quiet:.0f} s: see ingest_csv_drops at {deployment.url}"
    status.update(text)


def _report(files: list[dict[str, Any]], as_json: bool) -> None:
    batches = [file["batch"] for file in files if file["batch"] is not None]
    if as_json:
        print(json.dumps({"batch": max(batches, default=None), "files": files}, indent=2))
    else:
        _show(files)
    if any(file["state"] in ("rejected", "held") for file in files):
        raise typer.Exit(1)


def _show(files: list[dict[str, Any]]) -> None:
    """A line per file; counts that are 0 for all of them are left out."""
    counts = [count for count in _COUNTS if any(file[count] for file in files)]
    table = Table("file", "table", "verdict", "batch")
    for count in counts:
        table.add_column(count, justify="right", no_wrap=True)
    for file in sorted(files, key=lambda file: file["file_id"]):
        table.add_row(
            str(file["file_id"]),
            file["table"] or "?",
            file["state"],
            str(file["batch"] or ""),
            *(str(file[count]) for count in counts),
        )
    output.print(table)
    for file in files:
        if file["state"] in ("rejected", "held"):
            output.print(f"file {file['file_id']} {file['state']}: {file['problem']}")
        for warning in file["warnings"]:
            output.print(f"file {file['file_id']}: {warning}")
