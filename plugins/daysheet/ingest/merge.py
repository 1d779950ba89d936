"""The SQL of one load: text rows to typed rows to verdicts to versions in ``raw``.

Works in tables of schema ``load`` that live and die in the caller's transaction. They are unlogged,
not temporary: those would keep the casts from running in parallel.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import sql

from daysheet.catalog import Contract
from daysheet.ingest.grammar import quoted, reasons, typed, typed_key
from daysheet.rendering import render_template
from daysheet.warehouse.raw import CURRENT

_STEPS = ("staged", "refused", "typed", "beaten", "verdicts")
VERDICTS = ("inserted", "replaced", "unchanged", "stale", "closed")


@dataclass(frozen=True)
class Refused:
    """Rows that will not be loaded; ``keyless`` of them could be any row of the table."""

    rows: int
    keyless: int
    reasons: dict[str, int]


@dataclass(frozen=True)
class Typed:
    """Rows that repeat a key of the file, and rows whose time is later than the export."""

    repeated: int
    late: int


@dataclass(frozen=True)
class Decided:
    """Rows by verdict; ``tied`` of them differ from a current row of the same time."""

    verdicts: dict[str, int]
    tied: int


@dataclass(frozen=True)
class Change:
    """Versions that began and that ended, as the statements counted them; and the digest's step."""

    begun: int
    replaced: int
    closed: int
    digest_high: int
    digest_low: int


class Merge:
    """One file's rows on their way into ``raw``; call the methods in the order they stand in."""

    def __init__(
        self, connection: psycopg.Connection, contract: Contract, names: list[str]
    ) -> None:
        self._connection = connection
        self._contract = contract
        self._names = names
        self._columns = [quoted(name) for name in contract.loaded]
        self._keys = [quoted(name) for name in contract.key]
        self._raw = sql.Identifier("raw", contract.relation)
        self._tables = {
            step: sql.Identifier("load", f"{contract.relation}__{step}") for step in _STEPS
        }

    def stage(self, chunks: Iterable[bytes]) -> int:
        """COPY the scan's output into a table of text; the number of rows that arrived."""
        self._run("staged", columns=[quoted(name) for name in self._names])
        cursor = self._connection.cursor()
        copying = self._on("staged", "copy {} from stdin (format csv, encoding 'UTF8')")
        with cursor.copy(copying) as copy:
            for chunk in chunks:
                copy.write(chunk)
        return cursor.rowcount

    def check(self) -> Refused:
        """Refuse the rows that break the grammar, along with those the scan has refused."""
        self._run(
            "refused",
            reasons=reasons(self._contract, self._names),
            typed_keys=[
                f"{typed_key(self._contract, name)} as {quoted(name)}"
                for name in self._contract.key
            ],
        )
        self._run_on("refused", "analyze {} (_line)")
        keys = sql.SQL(", ").join(map(sql.Identifier, self._contract.key))
        rows, keyless = self._one(
            self._on(
                "refused",
                "select count(*), count(*) filter (where num_nulls({}) > 0) from {}",
                keys,
            )
        )
        counted = self._connection.execute(
            self._on(
                "refused",
                "select reason, count(*) from {}, unnest(_reasons) as reason"
                " group by reason order by reason",
            )
        ).fetchall()
        return Refused(rows, keyless, dict(counted))

    def cast(self, exported_on: datetime) -> Typed:
        """Type the good rows, and settle which of those with one key counts."""
        changed_at = self._contract.changed_at
        self._run(
            "typed",
            expressions=[
                f"{typed(self._contract, self._names, name)} as {quoted(name)}"
                for name in self._contract.loaded
            ],
            columns=self._columns,
            changed_at=f"nullif({quoted(changed_at)}, '0001-01-01')" if changed_at else "null",
            exported_on=_literal(exported_on),
        )
        self._run_on("typed", f"analyze {{}} (_line, {', '.join(self._keys)})")
        self._run("beaten", keys=self._keys)
        (repeated,) = self._one(self._on("beaten", "select count(*) from {}"))
        (late,) = self._one(
            self._on(
                "typed",
                "select count(*) filter (where _row_time > {}) from {}",
                sql.Literal(exported_on),
            )
        )
        return Typed(repeated, late)

    def decide(self, exported_on: datetime, stale_until: datetime | None, closes: bool) -> Decided:
        """Give each row its one verdict against the current rows."""
        self._run(
            "verdicts",
            keys=self._keys,
            exported_on=_literal(exported_on),
            stale_until=_literal(stale_until) if stale_until else "'-infinity'::timestamp",
            closes=closes,
        )
        self._run_on("verdicts", "analyze {}")
        counted = self._connection.execute(
            self._on(
                "verdicts",
                "select verdict, count(*), count(*) filter (where tied) from {} group by verdict",
            )
        ).fetchall()
        verdicts = dict.fromkeys(VERDICTS, 0) | {verdict: count for verdict, count, _ in counted}
        return Decided(verdicts, sum(tied for _, _, tied in counted))

    def apply(self, batch: int, file_id: int) -> Change:
        """End and begin versions by verdict."""
        replaced, closed, ended_high, ended_low = self._one(self._text("close", batch=batch))
        begun, begun_high, begun_low = self._one(
            self._text("insert", batch=batch, file_id=file_id, columns=self._columns)
        )
        self._run("confirm")
        return Change(
            begun, replaced, closed, int(begun_high - ended_high), int(begun_low - ended_low)
        )

    def quarantine(self, file_id: int) -> int:
        """Keep the refused rows with line, reasons and text; the number kept."""
        return self._connection.execute(
            self._on(
                "refused",
                "insert into quarantine.refused_row (file_id, line, reasons, raw_text)"
                " select %s, _line, _reasons, _raw_text from {}",
            ),
            [file_id],
        ).rowcount

    def finish(self, analyzes: bool) -> None:
        """Drop the work tables; refresh the statistics of ``raw`` if much has changed."""
        for step in _STEPS:
            self._run_on(step, "drop table {}")
        if analyzes:
            self._connection.execute(sql.SQL("analyze {}").format(self._raw))

    def _text(self, template: str, **values: object) -> str:
        tables = {step: table.as_string() for step, table in self._tables.items()}
        return render_template(
            f"load/{template}.sql", raw=self._raw.as_string(), current=CURRENT, **tables, **values
        )

    def _on(self, step: str, statement: str, *parts: sql.Composable) -> sql.Composed:
        return sql.SQL(statement).format(*parts, self._tables[step])

    def _run(self, template: str, **values: object) -> None:
        self._connection.execute(self._text(template, **values))

    def _run_on(self, step: str, statement: str) -> None:
        self._connection.execute(self._on(step, statement))

    def _one(self, statement: str | sql.Composed) -> tuple:
        row = self._connection.execute(statement).fetchone()
        assert row is not None
        return row


def _literal(moment: datetime) -> str:
    return f"{sql.Literal(moment).as_string()}::timestamp"
