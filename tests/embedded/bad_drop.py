"""A drop in which every file fails in a way of its own, but for some that a model fails on."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from daysheet.catalog import load_contract
from tests.embedded.canaries import FILE_NAME, Practice, csv_text, row, words_in

VERDICTS = [
    ("-", "rejected", "manifest_invalid"),
    ("-", "rejected", "unknown_source"),
    ("-", "rejected", "unknown_table"),
    ("carrier", "duplicate", "duplicate"),
    ("carrier", "loaded", None),
    ("claimpayment", "loaded_with_quarantine", None),
    ("clinic", "held", "missing_columns"),
    ("employer", "rejected", "duplicate_columns"),
    ("fee", "held", "row_count"),
    ("fee", "rejected", "manifest_invalid"),
    ("feesched", "held", "not_loadable"),  # when the database refuses it
    ("patient", "loaded", None),
    ("patient", "loaded_with_quarantine", None),
    ("provider", "loaded", None),
    ("recall", "rejected", "not_a_plain_file"),
    ("referral", "rejected", "bad_gzip"),
    ("usergroup", "loaded", None),
    ("usergroup", "rejected", "bad_header"),
]
REASONS = [
    "bad_date", "bad_encoding", "bad_integer", "bad_money", "bad_timestamp", "field_too_long",
    "no_final_newline", "nul_byte", "stray_quote", "wrong_width",
]  # fmt: skip

_NEW = 900_000  # keys from here on are in no generated file


class BadDrop:
    """Loose files and folders, each named by a word and full of words."""

    def __init__(self, practice: Practice) -> None:
        self.practice, self.words = practice, practice.words
        self.loaded: set[str] = set()
        self.refused: set[str] = set()  # in rows that quarantine keeps
        self.nowhere: set[str] = set()  # in what the database never gets

    def put_into(self, inbox: Path) -> None:
        """Write it where nobody looks, then let all of it appear at once."""
        draft = inbox / "opendental" / ".draft"
        draft.mkdir()

        def drop(table: str, content: bytes, ending: str = "csv") -> None:
            (draft / f"{table}_{self._name()}.{ending}").write_bytes(content)

        for table in ("patient", "provider", "usergroup", "carrier"):
            changed = self._changed(table)
            drop(table, changed)
        drop("carrier", changed)
        for table in ("claimpayment", "patient"):
            drop(table, self._damaged(table))
        drop("feesched", self._unread("feesched"))
        drop("usergroup", self._unread("usergroup").replace(b"UserGroupNum", b"\0", 1))
        drop("employer", self._unread("employer").replace(b"EmployerNum", b"EmployerNum,x,x", 1))
        drop("clinic", self._unread("clinic").replace(b"ClinicNum", self._new(), 1))
        drop("referral", gzip.compress(self._unread("referral"))[:-9], "csv.gz")
        drop("anything", self._new())
        (draft / f"recall_{self._name()}.csv").symlink_to(draft / "anything")
        self._folder(draft, {"fee.csv": {"rows": 7}})
        listed = {f"{self._name()}.csv": {"rows": self._new().decode()}, "fee.csv": {}}
        self._folder(draft, listed, **{self._new().decode(): 1})
        strange = inbox / ".strange"
        strange.mkdir()
        (strange / f"{self._name()}.csv").write_bytes(self._new())
        for path in draft.iterdir():
            path.rename(draft.parent / path.name)
        strange.rename(inbox / self._name())

    def _changed(self, table: str) -> bytes:
        """A sound file that is loaded."""
        contract = load_contract("opendental", table)
        like = self.practice.rows[table] | {contract.changed_at or "": "0001-01-01 00:00:00"}
        cells = row(contract, _NEW, self.words, like)
        self.loaded |= words_in(" ".join(cells[name] for name in contract.loaded).encode())
        self.nowhere |= words_in(" ".join(cells.values()).encode()) - self.loaded
        return csv_text(cells)

    def _unread(self, table: str) -> bytes:
        """A file nothing of which will be loaded."""
        text = csv_text(row(load_contract("opendental", table), _NEW, self.words, {}))
        self.nowhere |= words_in(text)
        return text

    def _damaged(self, table: str) -> bytes:
        """A file all rows of which are refused, first for one cell each, then as they stand."""
        contract = load_contract("opendental", table)
        hides_rows = any(one.phi == "secret_or_account" for one in contract.columns.values())
        lines = [",".join(contract.columns)]

        def add(name: str, damaged: str) -> dict[str, str]:
            cells = row(contract, _NEW + len(lines), self.words, {})
            cells[name] = damaged.format(self.words.new(f"damaged {table}.{name}"))
            lines.append(",".join(cells.values()))
            return cells

        def note(cells: dict[str, str], kept: Iterable[str]) -> None:
            kept_words = words_in(" ".join(kept).encode())
            self.refused |= kept_words
            self.nowhere |= words_in(" ".join(cells.values()).encode()) - kept_words

        by_type = {column.type: name for name, column in contract.loaded.items()}
        text = by_type.pop("text")
        for name in by_type.values():
            cells = add(name, "{}")
            note(cells, [cells[name] for name in contract.loaded])
        for damage in ("{}\0", "{}\ufffd", "{},", '{}"', "{}" + "x" * 2**20, "{}"):
            cells = add(text, damage)  # the last one's fault is that its line does not end
            note(cells, [] if hides_rows else cells.values())
        return "\n".join(lines).encode().replace("\ufffd".encode(), b"\xff")

    def _folder(self, draft: Path, listed: dict[str, Any], **more: int) -> None:
        folder = draft / self._name()
        folder.mkdir()
        (folder / "fee.csv").write_bytes(self._unread("fee"))
        (folder / "_manifest.json").write_text(json.dumps({"files": listed} | more))

    def _new(self) -> bytes:
        word = self.words.new("elsewhere in a file").encode()
        self.nowhere |= words_in(word)
        return word

    def _name(self) -> str:
        return self.words.new(FILE_NAME)
