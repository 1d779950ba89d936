"""``daysheet new`` and ``daysheet docs``: what an author of models needs."""

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from daysheet.catalog import CatalogError, load_catalog
from daysheet.catalog.models import ModelType
from daysheet.dictionary import FolderInUse, compile_dictionary, write_pages
from daysheet.graph import load_graph
from daysheet.scaffolding import BLANK, NotMade, new_model, new_system
from daysheet.settings import PROJECT, get_settings

new = typer.Typer(help="Begin a model or a system: files that work, with blanks to fill in.")


def register(app: typer.Typer) -> None:
    """Add this module's commands to ``app``."""
    app.add_typer(new, name="new", no_args_is_help=True)
    app.command("docs")(docs)


@new.command("model")
def model(
    name: Annotated[str, typer.Argument(help="Such as int_recall_status.")],
    kind: Annotated[
        ModelType,
        typer.Option("--type", help="What a row is; `daysheet docs` has a page on the types."),
    ],
    system: Annotated[str, typer.Option("--system", help="Folder of sql/ it belongs in.")],
) -> None:
    """Begin a model: its .sql and its .yml, after the pattern of its type."""
    try:
        made = new_model(name, kind, system)
    except NotMade as refusal:
        raise typer.BadParameter(str(refusal)) from None
    typer.echo(f"{_shown(made.sql)}\n{_shown(made.yml)}")
    typer.echo("\nThey work as they are, on another table than yours. Now:")
    steps = [
        "write your select, and the same columns in the same order in the .yml",
        f"replace each {BLANK}: the description, and the comment or nothing",
        "say in sql/columns.yml what new column names mean"
        + (f" (these are: {', '.join(made.unknown_columns)})" if made.unknown_columns else ""),
        f"add an example, tests/models/{name}/what_must_hold.yml",
        f"give {name} a row under its system in README.md",
        "git add them; `make lint` says what is still missing",
    ]
    for number, step in enumerate(steps, start=1):
        typer.echo(f"  {number}. {step}")


@new.command("system")
def system(
    name: Annotated[str, typer.Argument(help="Folder of sql/, such as system_h_recalls.")],
) -> None:
    """Begin a system: a folder for models that belong together."""
    try:
        path = new_system(name)
    except NotMade as refusal:
        raise typer.BadParameter(str(refusal)) from None
    typer.echo(
        f"{_shown(path)}\n\nReplace each {BLANK}, set its phase and what it may read, and give it "
        "a heading in README.md: '### title (phase n)'."
    )


def docs(
    out: Annotated[
        Path | None, typer.Argument(help="Folder to write to. Default: docs in DAYSHEET_HOME.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Write the data dictionary and the guides as pages that open in any browser."""
    started, folder = time.monotonic(), out or get_settings().home / "docs"
    try:
        written = write_pages(compile_dictionary(load_catalog(), load_graph()), folder)
    except (CatalogError, FolderInUse) as problem:
        typer.echo(f"daysheet: {problem}", err=True)
        raise typer.Exit(1) from None
    index, seconds = folder / "index.html", round(time.monotonic() - started, 1)
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "index": str(index),
                    "pages": written.pages,
                    "models": written.models,
                    "columns": written.columns,
                    "seconds": seconds,
                }
            )
        )
        return
    typer.echo(
        f"{index}: {written.models} models, {written.columns} columns on {written.pages} pages "
        f"({seconds} s)"
    )


def _shown(path: Path) -> str:
    return str(path.relative_to(PROJECT))
