"""Commands that make an invented practice."""

import json
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from daysheet.settings import get_settings
from daysheet.synthetic import generate
from daysheet.synthetic.amounts import exact
from daysheet.synthetic.practice import FolderInUse


def register(app: typer.Typer) -> None:
    """Add this module's commands to ``app``."""
    app.command("generate")(_generate)


def _generate(
    out: Annotated[
        Path, typer.Argument(help="Folder to write opendental/, simplepractice/ and more into.")
    ],
    *,
    patients: Annotated[int, typer.Option(min=1, help="How many patients.")] = 2000,
    years: Annotated[int, typer.Option(min=1, max=60, help="How many years of history.")] = 3,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day of the export; what the desk calls today."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 1,
    payplans_version: Annotated[
        int, typer.Option(min=1, max=4, help="Which of the vendor's payment plan rules it uses.")
    ] = 2,
    offsetting: Annotated[
        bool, typer.Option(help="Age a procedure's discounts by its day (AgingProcLifo).")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Write an invented practice as CSV files, with the totals its models must reach."""
    last = until.date() if until else get_settings().today()
    started = time.monotonic()
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Inventing patients", total=patients)
        try:
            summary = generate(
                out,
                patients=patients,
                years=years,
                until=last,
                seed=seed,
                payplans_version=payplans_version,
                offsetting=offsetting,
                progress=lambda made: bar.update(task, completed=made),
            )
        except FolderInUse as error:
            raise typer.BadParameter(str(error), param_hint="OUT") from None
    result = {
        "folder": str(summary.folder),
        "patients": patients,
        "until": str(last),
        "files": len(summary.rows),
        "rows": sum(summary.rows.values()),
        "balance": exact(summary.balance),
        "sessions": summary.sessions,
        "seconds": round(time.monotonic() - started, 1),
    }
    if as_json:
        typer.echo(json.dumps(result))
        return
    typer.echo(
        f"{result['rows']:,} rows in {result['files']} files under {result['folder']}, "
        f"owed {result['balance']} on {last}, and {summary.sessions:,} counseling sessions "
        f"({result['seconds']} s)"
    )
