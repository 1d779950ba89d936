"""``daysheet audit``: whether what the audit says can be believed."""

import json
from typing import Annotated

import typer

from daysheet.cli.deployment import AsJson, output
from daysheet.embedded.deployment import Deployment
from daysheet.warehouse import Role, session
from daysheet.warehouse.audit_chain import Head, verify


def register(app: typer.Typer) -> None:
    """Add this module's commands to ``app``."""
    audit = typer.Typer(no_args_is_help=True, help="Look whether the audit is as it was written.")
    audit.command("verify")(verify_chain)
    audit.callback()(_audit)
    app.add_typer(audit, name="audit")


def _audit() -> None:
    """Make ``verify`` a command of its own, though it is the only one."""


def verify_chain(
    *,
    head: Annotated[
        str | None,
        typer.Option(
            metavar="N:DIGEST",
            help="A head from earlier, as this command and the log of housekeeping print it: "
            "shows whether the newest rows were cut off since, or all of them sealed anew.",
        ),
    ] = None,
    dsn: Annotated[
        str | None,
        typer.Option(
            envvar="DAYSHEET_READER_DSN",
            show_default=False,
            help="Connection string of the role reader. Default: that of what `daysheet up` "
            "started.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compute the seal of every row of ops.audit again; exit 1 and name the first that is wrong.

    Finds rows that were changed, deleted, inserted or moved, whoever did it. With --head also that
    the newest are gone.
    """
    try:
        known = None if head is None else Head.parse(head)
    except ValueError as problem:
        raise typer.BadParameter(str(problem), param_hint="--head") from None
    with session(
        dsn or Deployment.load().dsn(Role.READER), "daysheet audit", autocommit=True
    ) as db:
        verdict = verify(db, known)
    if as_json:
        print(json.dumps(verdict.as_dict()))
    elif verdict.fault:
        output.print(f"{verdict.fault.code}: {verdict.fault.said}")
    else:
        output.print(f"{verdict.head.count:,} rows, each as it was written; head {verdict.head}")
    if verdict.fault:
        raise typer.Exit(1)
