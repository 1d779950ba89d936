"""The command that makes a Postgres server ready for a deployment (the embedded one does alike)."""

import os
from typing import Annotated

import typer

from daysheet.settings import get_settings
from daysheet.warehouse import DatabaseFault
from daysheet.warehouse.provision import NEEDED_PASSWORDS, provision


def register(app: typer.Typer) -> None:
    """Add this module's commands to ``app``."""
    app.command("migrate")(migrate)


def migrate(
    admin_url: Annotated[
        str,
        typer.Option(
            envvar="DAYSHEET_ADMIN_URL",
            show_default=False,
            help="postgresql:// of a role that may create roles and databases.",
        ),
    ],
) -> None:
    """Make a Postgres server ready: databases, schema, roles. Safe to repeat.

    Reads the password of each role from DAYSHEET_<ROLE>_PASSWORD: LOADER, BUILDER, READER, DESK,
    MAILER, and AIRFLOW for Airflow's own database. Set again, they are changed. DAYSHEET_TIMEZONE
    and DAYSHEET_AS_OF become what psql takes for today as well.
    """
    variables = {role: f"DAYSHEET_{role.upper()}_PASSWORD" for role in NEEDED_PASSWORDS}
    missing = [name for name in variables.values() if not os.environ.get(name)]
    if missing:
        typer.echo(f"set {', '.join(missing)} (any long random text)", err=True)
        raise typer.Exit(2)
    try:
        provision(
            admin_url,
            {role: os.environ[name] for role, name in variables.items()},
            get_settings().clock(),
        )
    except DatabaseFault as fault:
        typer.echo(f"the server refused: {fault}", err=True)
        raise typer.Exit(1) from None
    typer.echo("databases, schema and roles are ready")
