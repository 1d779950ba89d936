"""Checks over a whole build: each file in ``templates/checks`` returns the offenders it finds.

A file's first line says how serious an offender is and what the check means
(``-- error: ...`` blocks the publish, ``-- warn: ...`` is told).
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, get_args

import psycopg
from psycopg.rows import dict_row

from daysheet.catalog import CatalogError, load_contract
from daysheet.catalog.models import Severity
from daysheet.checks.running import KEPT_KEYS, CheckResult
from daysheet.graph import load_graph
from daysheet.rendering import Relations, render_text
from daysheet.settings import PROJECT

FOLDER = PROJECT / "templates" / "checks"


@dataclass(frozen=True)
class BuildCheck:
    """One file of ``templates/checks``."""

    name: str
    severity: Severity
    meaning: str
    text: str


def load_build_checks() -> list[BuildCheck]:
    """All of them, by name."""
    checks = []
    for path in sorted(FOLDER.glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        severity, _, meaning = text.splitlines()[0].removeprefix("-- ").partition(": ")
        if severity not in get_args(Severity) or not meaning:
            raise CatalogError(f"{path}: the first line must be '-- error: ...' or '-- warn: ...'")
        checks.append(BuildCheck(path.stem, severity, meaning, text))  # type: ignore[arg-type]
    return checks


def run_build_check(
    connection: psycopg.Connection,
    check: BuildCheck,
    relations: Relations,
    *,
    build: int,
    batch: int,
    as_of: date,
) -> CheckResult:
    """Run one check on one build; what it returns are names, counts and differences."""
    wanted = ",".join(
        f"{source}.{table}"
        for source, table in sorted(load_graph().sources())
        if not load_contract(source, table).optional
    )
    query = render_text(
        check.text, relations, as_of, check.name, build=build, batch=batch, sources=wanted
    )
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query).fetchall()  # type: ignore[arg-type]
    return CheckResult(
        check.name, check.severity, len(rows), [_plain(row) for row in rows[:KEPT_KEYS]]
    )


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, int) else str(value) for name, value in row.items()}
