"""The ``daysheet`` command. Each module here registers its own commands."""

import sys
from typing import Any

import click
import typer
from typer.core import TyperGroup

from daysheet.cli import (
    audit,
    builds,
    demo,
    deployment,
    desk,
    drops,
    models,
    practice,
    quality,
    warehouse,
)
from daysheet.embedded import DeploymentProblem
from daysheet.warehouse import DatabaseFault


class _Commands(TyperGroup):
    """Says in one line what a user can mend; anything else is a fault of ours: a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (DeploymentProblem, DatabaseFault) as problem:
            print(f"daysheet: {problem}", file=sys.stderr)
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=_Commands,
    name="daysheet",
    help="From dropped CSV files to a published build of the practice's numbers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (deployment, demo, drops, builds, models, practice, quality, desk, audit, warehouse):
    module.register(app)
