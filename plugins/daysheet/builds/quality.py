"""The quality report of a build: what was made, what the checks found, what moved since the last.

Names, counts and sums only, so it may be shown, logged and mailed. It is kept in
``ops.quality_report`` and outlives the build.
"""

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb

from daysheet.builds.opening import Build, BuildRefused, current_build
from daysheet.catalog import load_catalog
from daysheet.checks.build_checks import BuildCheck
from daysheet.checks.totals import Total

GROWN = 2  # a warning is news again when it has at least so many times the offenders it had


@dataclass(frozen=True)
class Finding:
    """A check that found something, now or in the build compared with."""

    subject: str  # a model, or "build"
    check_name: str
    severity: str
    failing: int
    before: int | None  # None: there is nothing to compare with, or the check is new
    meaning: str = ""

    @property
    def is_new(self) -> bool:
        """Whether nobody was told of it yet."""
        return self.failing > 0 and self.failing >= GROWN * (self.before or 0)


@dataclass(frozen=True)
class ModelMade:
    """What became of one model; ``seconds`` are those of its task in this build."""

    model: str
    system: str
    action: str
    row_count: int
    seconds: Decimal


@dataclass(frozen=True)
class Moved:
    """A sum of money over a whole model, now and in the build compared with."""

    subject: str
    measure: str
    value: Decimal
    before: Decimal | None


@dataclass(frozen=True)
class Report:
    """Everything the last phase knows about one build."""

    build: int
    batch: int
    as_of: str
    compared_with: int | None
    models: list[ModelMade]
    findings: list[Finding]
    totals: list[Moved]
    checks_run: int
    check_seconds: Decimal

    @property
    def blocking(self) -> list[Finding]:
        """What keeps the build from being published."""
        return [found for found in self.findings if found.severity == "error" and found.failing]

    @property
    def news(self) -> list[Finding]:
        """What ops have not been told of."""
        return [found for found in self.findings if found.is_new]


def keep_totals(connection: psycopg.Connection, build: Build, totals: list[Total]) -> None:
    """Write the build's totals down; measured again, they replace those before."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("delete from ops.build_total where build = %s", [build.build])
        cursor.executemany(
            "insert into ops.build_total (build, subject, measure, value) values (%s, %s, %s, %s)",
            [(build.build, total.subject, total.measure, total.value) for total in totals],
        )


def keep_report(
    connection: psycopg.Connection, build: Build, checks: list[BuildCheck], seconds: float
) -> Report:
    """Put the report together from what is in ``ops``, keep it and return it.

    ``seconds`` is what totals and checks over the whole build took.
    """
    published = current_build(connection)
    before = published.build if published else None
    values = {"build": build.build, "before": before}
    with connection.transaction():
        models = _models(connection, values)
        report = Report(
            build=build.build,
            batch=build.batch,
            as_of=build.as_of.isoformat(),
            compared_with=before,
            models=models,
            findings=_findings(connection, values, checks),
            totals=_moved(connection, values),
            checks_run=_checks_run(connection, values),
            check_seconds=Decimal(str(seconds)),
        )
        connection.execute(
            "insert into ops.quality_report (build, report) values (%s, %s)"
            " on conflict (build) do update set report = excluded.report, made_at = now()",
            [build.build, Jsonb(as_json(report))],
        )
    return report


def read_report(connection: psycopg.Connection, build: int | None = None) -> Report:
    """The report of ``build`` (else of the published one); :class:`BuildRefused` without one."""
    row = connection.execute(
        "select report from ops.quality_report"
        " where build = coalesce(%s, (select build from ops.current_build))",
        [build],
    ).fetchone()
    if row is None:
        which = f"build {build}" if build else "the published build"
        raise BuildRefused(f"there is no quality report of {which}")
    return _from_json(row[0])


def as_json(report: Report) -> dict[str, Any]:
    """The report as plain values; money as text, exact."""
    values = asdict(report)
    for part in ("models", "totals"):
        values[part] = [
            {
                name: str(value) if isinstance(value, Decimal) else value
                for name, value in row.items()
            }
            for row in values[part]
        ]
    return values | {"check_seconds": str(report.check_seconds)}


def _from_json(values: dict[str, Any]) -> Report:
    models = [ModelMade(**row | {"seconds": Decimal(row["seconds"])}) for row in values["models"]]
    totals = [
        Moved(
            row["subject"],
            row["measure"],
            Decimal(row["value"]),
            None if row["before"] is None else Decimal(row["before"]),
        )
        for row in values["totals"]
    ]
    return Report(
        **values
        | {
            "models": models,
            "totals": totals,
            "findings": [Finding(**row) for row in values["findings"]],
            "check_seconds": Decimal(values["check_seconds"]),
        }
    )


def _models(connection: psycopg.Connection, values: dict[str, Any]) -> list[ModelMade]:
    rows = connection.execute(
        "select made.model, made.action, versions.row_count, made.seconds"
        " from ops.build_model as made inner join ops.model_version as versions"
        " using (model, fingerprint) where made.build = %(build)s order by made.phase, made.model",
        values,
    ).fetchall()
    known = load_catalog().models
    return [
        ModelMade(model, known[model].system.name, action, count, seconds)
        for model, action, count, seconds in rows
        if model in known
    ]


def _findings(
    connection: psycopg.Connection, values: dict[str, Any], checks: list[BuildCheck]
) -> list[Finding]:
    meanings = {check.name: check.meaning for check in checks}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            with found as (
                select build, 'build' as subject, check_name, severity, failing
                from ops.build_check
                union all
                select build, model as subject, check_name, severity, failing
                from ops.build_model
                inner join ops.check_result using (fingerprint, checks_hash)
            )
            select
                subject,
                check_name,
                coalesce(this.severity, last.severity) as severity,
                coalesce(this.failing, 0) as failing,
                last.failing as before
            from (select * from found where build = %(build)s) as this
            full join (select * from found where build = %(before)s) as last
                using (subject, check_name)
            where coalesce(this.failing, 0) + coalesce(last.failing, 0) > 0
            order by severity, subject != 'build', subject, check_name
            """,
            values,
        ).fetchall()
    return [Finding(**row, meaning=meanings.get(row["check_name"], "")) for row in rows]


def _moved(connection: psycopg.Connection, values: dict[str, Any]) -> list[Moved]:
    with connection.cursor(row_factory=class_row(Moved)) as cursor:
        return cursor.execute(
            """
            select this.subject, this.measure, this.value, last.value as before
            from ops.build_total as this
            left join ops.build_total as last
                on
                    this.subject = last.subject
                    and this.measure = last.measure
                    and last.build = %(before)s
            where
                this.build = %(build)s
                and this.subject like 'int%%'
                and this.measure !~ '_(count|digest)$'
                and (this.value != 0 or last.value != 0)
            order by this.subject, this.measure
            """,
            values,
        ).fetchall()


def _checks_run(connection: psycopg.Connection, values: dict[str, Any]) -> int:
    row = connection.execute(
        """
        select
            (select count(*) from ops.build_check where build = %(build)s)
            + (
                select count(*)
                from ops.build_model
                inner join ops.check_result using (fingerprint, checks_hash)
                where build = %(build)s
            )
        """,
        values,
    ).fetchone()
    assert row is not None
    return row[0]
