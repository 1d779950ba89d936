"""A line of a file as it is kept, cell by cell: patient data."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from daysheet.builds.explaining import NotFound, parts_of_key
from daysheet.catalog import Contract, all_contracts

_PATIENT = "patient.PatNum"


@dataclass(frozen=True)
class RawRow:
    """One line of a file as it is kept: cells by the vendor's names."""

    contract: Contract
    file_name: str
    cells: dict[str, Any]

    @property
    def patients(self) -> list[int]:
        """Numbers of the patients it is about or names, for the audit."""
        columns = self.contract.loaded.items()
        named = {name for name, one in columns if one.references == _PATIENT} | {"PatNum"}
        return sorted({self.cells[name] for name in named & set(self.cells) if self.cells[name]})


def raw_row(
    connection: psycopg.Connection, relation: str, key: str, file_id: int, line: int
) -> RawRow:
    """The row of ``source__table`` with that key which came with that line.

    Raises :class:`NotFound`, after which the transaction is of no more use. The cells hold patient
    data: who reads them is written down by the caller.
    """
    contract = all_contracts().get(relation)
    if contract is None or contract.recognized_by == "header":
        raise NotFound("there is no such table")
    columns = sql.SQL(", ").join(sql.Identifier("rows", name) for name in contract.loaded)
    values = parts_of_key(contract.key, key, relation)
    query = sql.SQL(
        "select {}, coalesce(files.archived_as, files.file_name, '') as _file_name"
        " from raw.{} as rows left join ops.file as files on rows._file_id = files.file_id"
        " where _file_id = {} and _line = {} and {}"
        " order by _batch_to desc limit 1"
    ).format(
        columns,
        sql.Identifier(relation),
        sql.Literal(file_id),
        sql.Literal(line),
        sql.SQL(" and ").join(
            sql.SQL("rows.{} = {}").format(sql.Identifier(name), sql.Literal(value))
            for name, value in values.items()
        ),
    )
    try:
        with connection.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(query).fetchone()
    except psycopg.errors.DataError:
        found = None
    if found is None:
        raise NotFound("there is no such line")
    name = found.pop("_file_name")
    return RawRow(contract, name, found)
