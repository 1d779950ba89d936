"""The CSV files of a drop, all open at once; each row is written as soon as it is made."""

import csv
import hashlib
import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from daysheet.catalog import Column, Contract, load_contracts
from daysheet.synthetic.amounts import as_double, as_summed_double
from daysheet.synthetic.words import REMARKS

NOBODY = 900_000_000  # far above any key in use
_FLUSH_ROWS = 100
_VARIANTS = 12  # rows differ in what they hold in the columns nobody set
_NOTHING = {
    "text": "",
    "date": "0001-01-01",
    "timestamp": "0001-01-01 00:00:00",
    "time": "00:00:00",
}


class Table:
    """One table's file: header of all contract columns, counted and hashed while it grows."""

    def __init__(self, contract: Contract, path: Path, first_key: int) -> None:
        self.rows = 0
        self._path, self._sha256 = path, hashlib.sha256()
        self._key, self._next_key = contract.key[0], first_key
        self._money = [name for name, c in contract.columns.items() if c.type == "money"]
        self._blanks = [
            {name: _unset(contract.table, name, c, n) for name, c in contract.columns.items()}
            for n in range(_VARIANTS)
        ]
        self._width = len(contract.columns)
        self._stream = path.open("wb")
        self._pending = io.StringIO()
        self._csv = csv.writer(self._pending, lineterminator="\n")
        self._csv.writerow(contract.columns)

    def next_key(self) -> int:
        """Take a key for a row that is written later."""
        self._next_key += 1
        return self._next_key - 1

    def add(self, values: dict[str, Any]) -> int:
        """Write one row and return its key. Money is in ten-thousandths (or text, as is)."""
        self.rows += 1
        row = self._blanks[self.rows % _VARIANTS].copy()
        row.update(values)
        if len(row) != self._width:
            unknown = set(values) - set(self._blanks[0])
            raise KeyError(f"{self._path.name} has no column {', '.join(sorted(unknown))}")
        if self._key not in values:
            row[self._key] = self.next_key()
        text = as_summed_double if self.rows % 29 == 7 else as_double
        for name in self._money:
            if isinstance(row[name], int):
                row[name] = text(row[name])
        self._csv.writerow(row.values())
        if self.rows % _FLUSH_ROWS == 0:
            self._flush()
        return row[self._key]

    def close(self) -> dict[str, Any]:
        """Finish the file; its entry for the manifest."""
        self._flush()
        self._stream.close()
        return {"rows": self.rows, "sha256": self._sha256.hexdigest()}

    def _flush(self) -> None:
        block = self._pending.getvalue().encode()
        self._sha256.update(block)
        self._stream.write(block)
        self._pending.seek(0)
        self._pending.truncate()


class Drop:
    """A folder of CSV files of one source and its manifest, in the shape the inbox takes."""

    def __init__(self, folder: Path, source: str = "opendental") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        # Tables start at different keys, so that a join on the wrong key finds other rows.
        self.tables = {
            table: Table(contract, folder / f"{table}.csv", first_key=37 * position + 1)
            for position, (table, contract) in enumerate(load_contracts(source).items())
        }

    def add(self, table: str, **values: Any) -> int:
        """Write one row of ``table``; columns not given hold what the vendor writes for nothing."""
        return self.tables[table].add(values)

    def next_key(self, table: str) -> int:
        """Take a key for a row of ``table`` that is written later."""
        return self.tables[table].next_key()

    def close(self, exported_on: datetime) -> None:
        """Finish all files, then write the manifest that makes the folder ready."""
        files = {f"{table}.csv": sheet.close() for table, sheet in self.tables.items()}
        write_manifest(self.folder, "full", exported_on, files)


def write_manifest(
    folder: Path, mode: str, exported_on: datetime, files: dict[str, dict[str, Any]]
) -> None:
    """Write ``_manifest.json``: mode, time of the export, rows and sha256 of each file."""
    manifest = {"mode": mode, "exported_on": exported_on.isoformat(), "files": files}
    (folder / "_manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


def _unset(table: str, name: str, column: Column, variant: int) -> Any:
    """What a cell holds when a row does not set it; columns never loaded get invented filler."""
    if column.type == "text" and not column.load:
        if column.phi == "secret_or_account":
            return f"secret {table} {name} {variant}" if variant % 2 else ""
        if column.phi in ("free_text", "clinical"):
            return REMARKS[variant % len(REMARKS)]
        return f"{name} {variant}" if column.phi and variant % 3 == 0 else ""
    if column.blank is not None:
        return str(column.blank)
    if column.is_boolean and not column.load:
        return int(variant % 5 == 0)
    return _NOTHING.get(column.type, "0")
