"""The quality report as a page of plain text, for a terminal, a log and the run's page."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from daysheet.builds.quality import Finding, ModelMade, Moved, Report

SLOWEST = 5
HEADLINES = ("int_ar_analysis_base", "int_ar_aging_snapshot")  # the others' sums are in the JSON


def as_text(report: Report) -> str:
    """What somebody who opens the run should see first comes first."""
    compared = f"build {report.compared_with}" if report.compared_with else "nothing published"
    parts = [
        f"Build {report.build}, batch {report.batch}, as of {report.as_of}, against {compared}",
        _verdict(report),
        _section(
            "Findings", ("", "where", "check", "now", "before"), map(_finding, report.findings)
        ),
        _section(
            "Models", ("system", "models", "built", "rows", "seconds"), _systems(report.models)
        ),
        _section("Slowest", ("model", "what", "rows", "seconds"), _slowest(report.models)),
        _section("Money", ("of", "sum", "now", "before", "change"), _headlines(report)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _verdict(report: Report) -> str:
    warnings = [found for found in report.findings if found.failing and found.severity == "warn"]
    told = (
        f"{report.checks_run} checks: {_count(len(report.blocking), 'error')}, "
        f"{_count(len(warnings), 'warning')}, {len(report.news)} of them new; "
        f"the checks over the whole build took {report.check_seconds} s"
    )
    return f"NOT PUBLISHED. {told}" if report.blocking else told


def _finding(found: Finding) -> Sequence[str]:
    mark = "ERROR" if found.severity == "error" else "warn"
    return (
        ("new " if found.is_new else "") + mark if found.failing else "over",
        found.subject,
        found.check_name.replace("_", " ") if found.subject == "build" else found.check_name,
        f"{found.failing:,}",
        "-" if found.before is None else f"{found.before:,}",
    )


def _systems(models: list[ModelMade]) -> Iterable[Sequence[str]]:
    systems: dict[str, list[ModelMade]] = defaultdict(list)
    for made in models:
        systems[made.system].append(made)
    for system, members in (*systems.items(), ("all", models)):
        yield (
            system,
            str(len(members)),
            str(sum(made.action == "built" for made in members)),
            f"{sum(made.row_count for made in members):,}",
            f"{sum(made.seconds for made in members):,.1f}",
        )


def _slowest(models: list[ModelMade]) -> Iterable[Sequence[str]]:
    for made in sorted(models, key=lambda made: -made.seconds)[:SLOWEST]:
        yield made.model, made.action, f"{made.row_count:,}", f"{made.seconds:,.1f}"


def _headlines(report: Report) -> Iterable[Sequence[str]]:
    return (_moved(total) for total in report.totals if total.subject in HEADLINES)


def _moved(total: Moved) -> Sequence[str]:
    before = "-" if total.before is None else _number(total.before)
    change = "-" if total.before is None else _number(total.value - total.before)
    return total.subject, total.measure, _number(total.value), before, change


def _number(value: Decimal) -> str:
    return f"{value:,.2f}" if value % 1 else f"{value:,.0f}"


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def _section(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    table = [headings, *rows]
    if len(table) == 1:
        return ""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    numeric = [
        all(cell[:1] in "-0123456789" for cell in column[1:]) for column in zip(*table, strict=True)
    ]
    lines = (
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in table
    )
    return f"{title.upper()}\n" + "\n".join(f"  {line}" for line in lines)
