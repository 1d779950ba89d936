"""A report's good rows on their way into ``raw``, by the same merge as every other table's."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from daysheet.catalog import Contract
from daysheet.ingest.accounting import AccountingBroken
from daysheet.ingest.merge import Merge
from daysheet.ingest.reports.cells import Payer
from daysheet.ingest.reports.rows import ReportRow
from daysheet.ingest.reports.rules import compared
from daysheet.ingest.state import TableState, read_state, write_state
from daysheet.warehouse.raw import CURRENT

_ROWS_AT_ONCE = 5000


@dataclass(frozen=True)
class KnownAs:
    """Since which batch, from which file and of what time rows are known."""

    batch: int
    file_id: int
    exported_on: datetime


def remember(
    connection: psycopg.Connection,
    contract: Contract,
    rows: Sequence[ReportRow],
    known_as: KnownAs,
    *,
    analyzes: bool = True,
) -> dict[str, int]:
    """Merge rows into ``raw`` in the caller's transaction; how many were inserted, replaced,
    unchanged and stale.

    Raises :class:`AccountingBroken` when they do not add up.
    """
    before = read_state(connection, contract)
    merge = Merge(connection, contract, list(contract.loaded))
    staged = merge.stage(_as_csv(contract, rows))
    refused = merge.check()
    moment = _after_its_day(connection, contract, known_as.exported_on)
    merge.cast(moment)
    decided = merge.decide(moment, None, False)
    change = merge.apply(known_as.batch, known_as.file_id)
    verdicts = {name: count for name, count in decided.verdicts.items() if name != "closed"}
    begun = verdicts["inserted"] + verdicts["replaced"]
    if refused.rows or not len(rows) == staged == sum(verdicts.values()) or begun != change.begun:
        raise AccountingBroken(
            f"of {len(rows)} good rows {staged} staged, {refused.rows} refused,"
            f" {sum(verdicts.values())} decided, {change.begun} begun"
        )
    after = TableState(
        before.row_count + change.begun - change.replaced,
        before.digest_high + change.digest_high,
        before.digest_low + change.digest_low,
    )
    write_state(connection, contract, known_as.batch, after)
    merge.finish(analyzes=analyzes and change.begun * 10 > after.row_count)
    return verdicts


def _as_csv(contract: Contract, rows: Sequence[ReportRow]) -> Iterator[bytes]:
    """The typed cells as COPY reads them: no row is suspect, and only what is null is unquoted."""
    for at in range(0, len(rows), _ROWS_AT_ONCE):
        yield "".join(
            f"{row.line},,,,{','.join(_quoted(row.cells.get(name)) for name in contract.loaded)}\n"
            for row in rows[at : at + _ROWS_AT_ONCE]
        ).encode()


def _quoted(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Payer):
        value = str(value)  # as it is spelled there
    elif isinstance(value, bool):
        value = int(value)
    return '"' + compared(value).replace('"', '""') + '"'


def _after_its_day(
    connection: psycopg.Connection, contract: Contract, exported_on: datetime
) -> datetime:
    """The time of the file's rows: of two exports of one day the one that came later counts."""
    row = connection.execute(
        sql.SQL(
            "select max(_row_time) + interval '1 microsecond' from {}"
            " where _batch_to = {} and _row_time >= %(day)s::date"
            " and _row_time < %(day)s::date + 1"
        ).format(sql.Identifier("raw", contract.relation), sql.Literal(CURRENT)),
        {"day": exported_on},
    ).fetchone()
    assert row is not None
    return max(exported_on, row[0] or exported_on)
