"""``daysheet diff`` and ``daysheet report``: what a build changed, and what its checks found."""

import dataclasses
import json
from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from daysheet.builds.comparing import ModelDifference, compare_build, compare_model
from daysheet.builds.opening import BuildRefused
from daysheet.builds.origins import Batch
from daysheet.builds.quality import as_json as report_as_json
from daysheet.builds.quality import read_report
from daysheet.builds.quality_text import as_text
from daysheet.embedded.deployment import Deployment
from daysheet.warehouse import Role, session

output = Console(highlight=False)
progress = Console(stderr=True, highlight=False)

_WHAT = {"same": "same version", "equal": "equal rows"}

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands to ``app``."""
    app.command("diff")(diff)
    app.command("report")(report)


def diff(
    before: Annotated[int, typer.Argument(metavar="A", help="A build that is kept.")],
    after: Annotated[int, typer.Argument(metavar="B", help="Another.")],
    model: Annotated[
        str | None, typer.Argument(help="One model. Default: all, without keys.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Keys shown of rows that differ.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Tell what differs between two builds: rows by key, sums, and the batches that made it so.

    Of rows only keys, names of columns and numbers are shown.
    """
    dsn = Deployment.load().dsn(Role.BUILDER)
    try:
        if model:
            with progress.status(f"{model} ..."):
                found = compare_model(dsn, before, after, model, limit)
            _print_json(dataclasses.asdict(found)) if as_json else _print_model(found)
            return
        differences = []
        with progress.status("comparing ...") as status:
            for difference in compare_build(dsn, before, after):
                differences.append(difference)
                status.update(f"{difference.model} ...")
    except BuildRefused as refusal:
        progress.print(str(refusal))
        raise typer.Exit(1) from None
    if as_json:
        _print_json([dataclasses.asdict(one) for one in differences])
    else:
        _print_build(differences)


def report(
    build: Annotated[int | None, typer.Argument(help="Default: the published build.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the quality report of a build: findings, models, money, against the build before."""
    with session(Deployment.load().dsn(Role.READER), "daysheet report") as connection:
        try:
            found = read_report(connection, build)
        except BuildRefused as refusal:
            progress.print(str(refusal))
            raise typer.Exit(1) from None
    print(json.dumps(report_as_json(found)) if as_json else as_text(found))


def _print_json(values: Any) -> None:
    print(json.dumps(values, default=str))


def _print_build(differences: list[ModelDifference]) -> None:
    table = _table("model", "what", "rows before", "after", "added", "gone", "changed", "why")
    for found in differences:
        counts = (found.added, found.gone, found.changed) if found.what == "changed" else ()
        table.add_row(
            found.model,
            _WHAT.get(found.what, found.what),
            *(f"{rows:,}" for rows in found.rows),
            *([f"{count:,}" for count in counts] or ["", "", ""]),
            ", ".join(found.why),
        )
    output.print(table)
    sums = _table("model", "sum of", "before", "after", "change")
    for found in differences:
        _add_sums(sums, found, found.model)
    if sums.row_count:
        output.print(sums)
    _print_batches({batch.batch: batch for found in differences for batch in found.batches})


def _print_model(found: ModelDifference) -> None:
    if found.what in ("same", "added", "gone"):
        what = _WHAT.get(found.what, f"only {found.what}")
        output.print(f"{found.model}: {what}, {found.rows[0]:,} and {found.rows[1]:,} rows")
        return
    output.print(
        f"{found.model}: {found.added:,} rows added, {found.gone:,} gone, {found.changed:,} changed"
        f" ({found.rows[0]:,} before, {found.rows[1]:,} after); differs by {', '.join(found.why)}"
    )
    if found.columns_of_one:
        output.print(f"not the same column in both: {', '.join(found.columns_of_one)}")
    columns = _table("column", "rows in which it differs")
    for name, count in sorted(found.columns.items(), key=lambda item: -item[1]):
        columns.add_row(name, f"{count:,}")
    sums = _table("sum of", "before", "after", "change")
    _add_sums(sums, found)
    keys = _table("row", "what", "columns", "numbers", "batch")
    for row in found.keys:
        numbers = (
            f"{name} {_told(was)} > {_told(now)}" for name, (was, now) in row.numbers.items()
        )
        others = (name for name in row.columns if name not in row.numbers)
        key = ", ".join(f"{name} {value}" for name, value in row.key.items())
        touched = ", ".join(map(str, row.batches))
        keys.add_row(key, row.what, ", ".join(others), ", ".join(numbers), touched)
    for table in (columns, sums, keys):
        if table.row_count:
            output.print(table)
    _print_batches({batch.batch: batch for batch in found.batches})


def _add_sums(table: Table, found: ModelDifference, *first: str) -> None:
    for one in found.sums:
        if one.before != one.after:
            values = (one.before, one.after, one.after - one.before)
            table.add_row(*first, one.column, *(f"{value:,.2f}" for value in values))


def _print_batches(batches: dict[int, Batch]) -> None:
    if not batches:
        output.print("No batch changed what these models read.")
        return
    table = _table("batch", "committed", "changed")
    for number, batch in sorted(batches.items()):
        table.add_row(str(number), f"{batch.committed_at:%Y-%m-%d %H:%M}", ", ".join(batch.tables))
    output.print(table)


def _told(value: Any) -> str:
    return "-" if value is None else f"{value:,}" if isinstance(value, Decimal) else str(value)


def _table(*headings: str) -> Table:
    table = Table(*headings, box=None, pad_edge=False)
    for column, heading in zip(table.columns, headings, strict=True):
        if heading in ("rows before", "before", "after", "added", "gone", "changed", "change"):
            column.justify = "right"
    return table
