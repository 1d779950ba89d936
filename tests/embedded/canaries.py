"""Canary words: an invented word for each cell, planted in CSV files, found again in any bytes."""

import csv
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from daysheet.catalog import Contract, all_contracts

_MARK = "Qzkxvjwq"  # by chance in no text, however random: also part of a word is found
_WORD = re.compile(_MARK.encode() + b"[0-9]{0,4}", re.IGNORECASE)
FILE_NAME = "file name"  # what such a word stands for
_NOTHING = {
    "date": "0001-01-01",
    "timestamp": "0001-01-01 00:00:00",
    "time": "00:00:00",
}


class Words:
    """Words given out so far, and what each stands for."""

    def __init__(self) -> None:
        self.meaning: dict[str, str] = {}

    def new(self, meaning: str) -> str:
        word = f"{_MARK}{len(self.meaning):04}"
        self.meaning[word] = meaning
        return word


def words_in(content: bytes) -> set[str]:
    """The words in ``content``, in any case; what is left of one that was cut counts too."""
    return {found.decode().capitalize() for found in _WORD.findall(content)}


def row(contract: Contract, key: int, words: Words, like: dict[str, str]) -> dict[str, str]:
    """A row with a word in every text cell; other cells as in ``like``, or empty of meaning."""
    cells = {}
    for name, column in contract.columns.items():
        if name in contract.key:
            cells[name] = str(key)
        elif column.type == "text":
            cells[name] = words.new(f"{contract.table}.{name}")
        else:
            cells[name] = like.get(name, _NOTHING.get(column.type, "0"))
    return cells


def csv_text(cells: dict[str, str]) -> bytes:
    """A CSV file of one row, unquoted: words and numbers need no quotes."""
    return f"{','.join(cells)}\n{','.join(cells.values())}\n".encode()


class Practice:
    """A generated practice in ``folder``, a row full of words in each table, words for names."""

    def __init__(self, folder: Path, words: Words) -> None:
        self.words = words
        self.loaded: set[str] = set()
        self.never_loaded: set[str] = set()
        self.rows: dict[str, dict[str, str]] = {}
        for contract in all_contracts().values():
            if contract.recognized_by == "header":
                continue  # reports have canaries of their own
            path = folder / contract.source / f"{contract.table}.csv"
            present = _read(path)
            if contract.table == "patient":
                self._name(present)
            chosen = contract.rows
            if chosen is not None:  # a row that is left out, by its word or number; one that stays
                present.append(self._plant(contract, present))
                if chosen.without:
                    present[-1][chosen.column] = chosen.without[-1]
                self._note(contract, present[-1], is_kept=False)
            planted = self._plant(contract, present)
            if chosen is not None:
                planted[chosen.column] = (*chosen.only, "0")[0]
            self._note(contract, planted)
            self.rows[contract.table] = planted
            path.unlink(missing_ok=True)
            named = path.with_stem(f"{path.stem}_{words.new(FILE_NAME)}")
            _write(named, contract, [*present, planted])
        for manifest in folder.glob("*/_manifest.json"):
            _list_anew(manifest)

    def _plant(self, contract: Contract, present: list[dict[str, str]]) -> dict[str, str]:
        (key,) = contract.key
        keys = [int(one[key]) for one in present if one[key].isdecimal()]
        if contract.table == "patientnote":  # it has its patient's key
            keys = [int(self.rows["patient"]["PatNum"]) - 1]
        like = present[-1] if present else {}
        return row(contract, max(keys, default=0) + 1, self.words, like)

    def _name(self, patients: list[dict[str, str]]) -> None:
        """Everybody is called by a word, so that whatever tells of a claim could tell of it."""
        for patient in patients:
            patient["FName"] = self.words.new("patient.FName")
            self.loaded.add(patient["FName"])

    def _note(self, contract: Contract, cells: dict[str, str], is_kept: bool = True) -> None:
        for name, cell in cells.items():
            if words_in(cell.encode()):
                keeps = is_kept and contract.columns[name].load is True
                (self.loaded if keeps else self.never_loaded).add(cell)


def _read(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, contract: Contract, rows: Iterable[dict[str, Any]]) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(contract.columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _list_anew(manifest: Path) -> None:
    """The files are no longer those the manifest named, counted and hashed."""
    document = json.loads(manifest.read_text())
    document["files"] = {path.name: {} for path in manifest.parent.glob("*.csv")}
    manifest.write_text(json.dumps(document))
