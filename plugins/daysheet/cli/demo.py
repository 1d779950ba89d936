"""``daysheet demo``."""

import time
from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.table import Table

from daysheet.catalog import load_catalog
from daysheet.cli.deployment import output, progress, show, steps
from daysheet.desk.published import published
from daysheet.desk.reading.receivables import ForgottenFilter, forgotten_totals
from daysheet.embedded.demo import (
    BuiltModel,
    DemoFailed,
    Mailed,
    Unclaimed,
    awaited_counseling,
    build_of,
    built_models,
    counseling,
    import_desk,
    invented_practice,
    known_counseling,
    known_unclaimed,
    load,
    mail_alerts,
    owed,
    practice_folder,
)
from daysheet.embedded.deployment import Deployment
from daysheet.embedded.lifecycle import up
from daysheet.settings import get_settings
from daysheet.warehouse import Role, session


def register(app: typer.Typer) -> None:
    """Add this module's commands to ``app``."""
    app.command("demo")(demo)


def demo(
    patients: Annotated[int, typer.Option(min=1, help="How many patients.")] = 2000,
    years: Annotated[int, typer.Option(min=1, help="How many years of history.")] = 3,
    seed: Annotated[int, typer.Option(help="Same seed, same practice.")] = 1,
) -> None:
    """Start everything and take an invented practice from dropped files to a published build."""
    began, folder = time.monotonic(), practice_folder()
    with invented_practice(folder, patients, years, seed) as written:
        with steps("starting ...") as say:
            deployment = up(say)
        with steps("inventing a practice ...") as say:
            practice = written()
            say(f"{practice['rows']:,} rows of {patients:,} invented patients")
            desk = import_desk(folder)
            say(f"{sum(desk['staff'].values())} people at the desk")
    held_sessions = counseling(deployment).sessions > 0
    progress.print("loading them by way of the inbox")
    files = load(folder)
    progress.print(f"  {_loaded(files)}")
    batch = max((file["batch"] for file in files if file["batch"] is not None), default=None)
    with steps("building ...") as say:
        build = build_of(deployment, batch, say)
        say(f"build {build} is published")
    output.print(_table(built_models(deployment, build)))
    by_families, by_nobody = owed(deployment, build)
    user, password = deployment.login
    known, unclaimed = known_counseling(folder), _unclaimed(deployment)
    with steps("bringing the desk up to its day ..."):
        found = counseling(deployment) if held_sessions else awaited_counseling(deployment, known)
    with steps("mailing who has to know ..."):
        mailed = mail_alerts(deployment)
    mails = len(list(deployment.mailbox.glob("*.eml")))
    show(
        {
            "families owe": f"{by_families:,.2f} on {practice['until']}",
            "strays owe": f"{by_nobody:,.2f}, booked on patients the practice does not know",
            "insurers owe": f"{found.outstanding_claims_amount:,.2f} for counseling, "
            f"{found.aging_over_90} sessions of it for more than 90 days",
            "sessions": f"{found.sessions:,}, {found.unbilled_sessions} of them not billed yet",
            "unclaimed": f"{unclaimed.amount:,.2f} of {unclaimed.procedures} procedures done, "
            "insured and on no claim",
            "look at it": f"{deployment.url}  user {user}, password {password}",
            "mailed": _digests(mailed),
            "mailbox": f"{mails} mails, in {deployment.mailbox}",
            "took": f"{time.monotonic() - began:.0f} s; it goes on running: `make down` stops it",
        }
    )
    if not any(each.state == "sent" for each in mailed):
        raise DemoFailed("nobody was mailed about claims that wait for long")
    if by_families != Decimal(practice["balance"]):
        raise DemoFailed(f"families owe {practice['balance']} by the generator's own count")
    if unclaimed != known_unclaimed(folder):
        raise DemoFailed(f"the desk finds {unclaimed}, {known_unclaimed(folder)} was left")
    if found != known:
        if not held_sessions:
            raise DemoFailed(f"the desk shows {found}, the generator knows of {known}")
        progress.print("the desk holds sessions of an earlier demo too")


def _unclaimed(deployment: Deployment) -> Unclaimed:
    """What the desk finds now."""
    clock = get_settings().clock()
    with (
        session(
            deployment.dsn(Role.DESK), "daysheet demo", autocommit=True, settings=clock
        ) as connection,
        published(connection) as reader,
    ):
        totals = forgotten_totals(reader, ForgottenFilter(kind="procedure_on_no_claim"))
    return Unclaimed(sum(each.rows for each in totals), sum(each.amount for each in totals))


def _digests(mailed: list[Mailed]) -> str:
    return "digests for " + ", ".join(
        f"{each.display_code} ({each.line_count} lines"
        f"{'' if each.state == 'sent' else f', {each.state}'})"
        for each in mailed
    )


def _loaded(files: list[dict[str, Any]]) -> str:
    states: dict[str, int] = {}
    for file in files:
        states[file["state"]] = states.get(file["state"], 0) + 1
    rows = sum(file["read"] for file in files)
    counts = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in states.items())
    return f"{rows:,} rows in {len(files)} files: {counts}"


def _table(models: list[BuiltModel]) -> Table:
    """The models by system, in the order of the phases."""
    table = Table("model", "", box=None)
    table.add_column("rows", justify="right")
    table.add_column("seconds", justify="right")
    catalog = load_catalog()
    systems = sorted(  # those that read most come last in their phase
        catalog.systems.values(), key=lambda one: (one.phase, len(one.reads), one.name)
    )
    for system in systems:
        own = [one for one in models if catalog.models[one.model].system == system]
        took = sum(one.seconds for one in own)
        table.add_row(f"[bold]{system.title}", "", "", f"[bold]{took:.2f}")
        for one in own:
            table.add_row(f"  {one.model}", one.action, f"{one.rows:,}", f"{one.seconds:.2f}")
    return table
