"""Totals of a build: the queries of ``templates/totals`` count and sum relations, one scan each.

A row of a query is about one ``subject`` (a model, or ``source.table``); where it has several, the
column ``part`` tells them apart. Every other column is a measure. What the measures must be is
said by the build checks, which read them from ``ops.build_total``.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import dict_row

from daysheet.rendering import Relations, render_text
from daysheet.settings import PROJECT

FOLDER = PROJECT / "templates" / "totals"


@dataclass(frozen=True)
class Total:
    """One number over a whole relation."""

    subject: str
    measure: str  # "part: column" where the subject has parts
    value: Decimal


def load_totals() -> dict[str, str]:
    """The queries, by file name."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.sql"))}


def measure_totals(
    connection: psycopg.Connection, relations: Relations, as_of: date
) -> list[Total]:
    """Every total of one build; a sum over no rows is 0."""
    found = []
    for name, text in load_totals().items():
        query = render_text(text, relations, as_of, f"templates/totals/{name}.sql")
        with connection.cursor(row_factory=dict_row) as cursor:
            for row in cursor.execute(query):  # type: ignore[arg-type]
                found += _totals(row)
    return found


def _totals(row: dict[str, Any]) -> list[Total]:
    subject, part = row.pop("subject"), row.pop("part", None)
    prefix = f"{part}: " if part is not None else ""
    return [
        Total(subject, f"{prefix}{measure}", Decimal(value or 0)) for measure, value in row.items()
    ]
