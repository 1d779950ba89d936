"""Run compiled checks against one table; one scan for all row checks, keys only where needed."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import sql

from daysheet.catalog.models import Severity
from daysheet.checks.compiling import GRAIN, Checks

KEPT_KEYS = 1000


@dataclass(frozen=True)
class CheckResult:
    """What one check found: how many offenders, and the keys of up to 1,000 of them."""

    name: str
    severity: Severity
    failing: int
    keys: list[dict[str, Any]]

    @property
    def blocks(self) -> bool:
        """Whether the version must not be linked."""
        return self.severity == "error" and self.failing > 0


def run_checks(
    connection: psycopg.Connection, table: sql.Composable, checks: Checks
) -> list[CheckResult]:
    """Results for the grain, then the row checks, then the sums."""
    return [
        _run_grain(connection, table, checks),
        *_run_rows(connection, table, checks),
        *_run_sums(connection, table, checks),
    ]


def _run_grain(
    connection: psycopg.Connection, table: sql.Composable, checks: Checks
) -> CheckResult:
    keys = sql.SQL(", ").join(map(sql.Identifier, checks.grain))
    twins = sql.SQL("select {keys} from {table} group by {keys} having count(*) > 1").format(
        keys=keys, table=table
    )
    failing = _count(connection, sql.SQL("select count(*) from ({}) as twins").format(twins))
    found = _keys(connection, twins, checks.grain) if failing else []
    return CheckResult(GRAIN, "error", failing, found)


def _run_rows(
    connection: psycopg.Connection, table: sql.Composable, checks: Checks
) -> list[CheckResult]:
    if not checks.rows:
        return []
    counts = connection.execute(
        sql.SQL("select {} from {}").format(
            sql.SQL(", ").join(
                sql.SQL("count(*) filter (where ({}) is not true)").format(sql.SQL(check.holds))
                for check in checks.rows
            ),
            table,
        )
    ).fetchone()
    assert counts is not None
    results = []
    for check, failing in zip(checks.rows, counts, strict=True):
        offenders = sql.SQL("select {} from {} where ({}) is not true").format(
            sql.SQL(", ").join(map(sql.Identifier, checks.grain)), table, sql.SQL(check.holds)
        )
        keys = _keys(connection, offenders, checks.grain) if failing else []
        results.append(CheckResult(check.name, check.severity, failing, keys))
    return results


def _run_sums(
    connection: psycopg.Connection, table: sql.Composable, checks: Checks
) -> list[CheckResult]:
    results = []
    for check in checks.sums:
        query = sql.SQL(check.query.replace("{table}", table.as_string(connection)))
        row = connection.execute(query).fetchone()
        assert row is not None
        here, there = Decimal(row[0]), Decimal(row[1])
        apart = abs(here - there) > Decimal(check.within)
        keys = [{"here": str(here), "there": str(there)}] if apart else []
        results.append(CheckResult(check.name, check.severity, int(apart), keys))
    return results


def _count(connection: psycopg.Connection, query: sql.Composable) -> int:
    row = connection.execute(query).fetchone()
    return row[0] if row else 0


def _keys(
    connection: psycopg.Connection, query: sql.Composable, grain: tuple[str, ...]
) -> list[dict[str, Any]]:
    ordered = sql.SQL("{} order by {} limit {}").format(
        query, sql.SQL(", ").join(map(sql.Identifier, grain)), sql.Literal(KEPT_KEYS)
    )
    rows = connection.execute(ordered).fetchall()
    return [dict(zip(grain, map(_json, row), strict=True)) for row in rows]


def _json(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int) else str(value)
