"""``daysheet desk``: what the desk is told from outside its pages."""

import getpass
import json
from pathlib import Path
from typing import Annotated

import typer

from daysheet.cli.deployment import AsJson, output
from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.setup.desk_file import DeskFileInvalid, read_desk_file
from daysheet.desk.setup.importing import Imported, import_desk
from daysheet.embedded import DeploymentProblem
from daysheet.embedded.deployment import Deployment
from daysheet.warehouse import Role, session


def register(app: typer.Typer) -> None:
    """Add this module's commands to ``app``."""
    desk = typer.Typer(no_args_is_help=True, help="Tell the desk who works here and who pays.")
    desk.command("import")(import_file)
    desk.callback()(_desk)
    app.add_typer(desk, name="desk")


def _desk() -> None:
    """Make ``import`` a command of its own, though it is the only one."""


def import_file(
    file: Annotated[Path, typer.Argument(help="A YAML file; `daysheet generate` writes one.")],
    *,
    who: Annotated[
        str | None, typer.Option("--as", help="Whose doing it is. Default: the system's user.")
    ] = None,
    dsn: Annotated[
        str | None,
        typer.Option(
            envvar="DAYSHEET_DESK_DSN",
            show_default=False,
            help="Connection string of the role desk. Default: that of what `daysheet up` started.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Say what would change, change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring staff, payers, portals, targets, holidays and settings to what FILE says.

    What FILE does not name stays as it is; nobody is deactivated but by `active: false`. All of it
    or nothing; every change is kept in ops.audit.
    """
    dsn = dsn or Deployment.load().dsn(Role.DESK)
    actor = Actor(who or getpass.getuser(), DeskRole.ADMIN, "ui")
    try:
        desk = read_desk_file(file)
        with (
            session(dsn, "daysheet desk import", autocommit=True) as db,
            db.transaction(force_rollback=dry_run),
        ):
            done = import_desk(db, actor, file, desk)
    except DeskFileInvalid as fault:
        raise DeploymentProblem(str(fault)) from None
    if as_json:
        print(json.dumps({"dry_run": dry_run, "sections": done.as_dict()}))
    else:
        _show(done, dry_run=dry_run)


def _show(done: Imported, *, dry_run: bool) -> None:
    for section, counts in done.as_dict().items():
        told = ", ".join(f"{number} {effect}" for effect, number in counts.items() if number)
        output.print(f"{section:8}  {told}{' (not done)' if dry_run else ''}")
    if not done.sections:
        output.print("the file says nothing")
