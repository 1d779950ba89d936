"""The ``daysheet`` command. Each module here registers its own commands."""

import typer

from daysheet.cli import builds, deployment, drops, practice, warehouse

app = typer.Typer(
    name="daysheet",
    help="From dropped CSV files to a published build of the practice's numbers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for module in (deployment, drops, builds, practice, warehouse):
    module.register(app)
