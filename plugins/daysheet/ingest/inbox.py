"""What in the inbox is ready: loose files that lie still, and folders with a manifest.

Looking changes nothing and asks no database: the ledger, not the look, decides what is new.
"""

import os
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from daysheet.ingest.drop_folder import INBOX, DropFolder, Entry, NotAPlainFile
from daysheet.ingest.manifest import (
    MANIFEST,
    MAX_MANIFEST_BYTES,
    Manifest,
    ManifestInvalid,
    Mode,
    parse_manifest,
)
from daysheet.ingest.recognition import (
    is_ignored,
    sources_by_header,
    table_in,
    tables_by_source,
    time_in,
)
from daysheet.settings import Settings

TAKEN = ".taken"  # in a folder whose files are being loaded: it holds the name it is filed under
INCOMPLETE_AFTER = timedelta(hours=1)  # a folder still lacking something then is refused
UNKNOWN_SOURCE = "unknown"


@dataclass(frozen=True)
class Refusal:
    """Why a name in the inbox cannot even be tried: a code, and what to do about it."""

    code: str
    problem: str


NOT_PLAIN = Refusal("not_a_plain_file", "drop a copy; links, pipes and devices are never opened")
NO_TABLE = Refusal(
    "unknown_table", "name the file after the one table it holds, as in patient_2026-01-31.csv"
)
NO_UTF8 = Refusal("name_not_utf8", "rename it; its name is kept with question marks")
NO_SOURCE = Refusal("unknown_source", "drop into the folder of a source, as inbox/opendental/")
TOO_LARGE = Refusal("too_large", "split the export; DAYSHEET_MAX_FILE_BYTES is the limit")
NESTED = Refusal("nested_folder", "a drop is one folder; put its files side by side")
NO_MANIFEST = Refusal(
    "manifest_missing", f"add {MANIFEST} last, or drop the files themselves without a folder"
)
NOT_LISTED = Refusal("not_in_manifest", f"list the file in {MANIFEST} and drop it again")


@dataclass(frozen=True)
class Drop:
    """One name in the inbox that is ready to be dealt with.

    ``name`` is its path below ``inbox/<source>``; ``exported_on`` is practice-local time, like
    the source's own; ``sha256`` and ``rows`` are what a manifest promised.
    """

    source: str
    name: str
    place: str
    filed_as: str
    exported_on: datetime
    bytes: int  # as it lies there, packed or not
    table: str | None = None
    mode: Mode = "changes"
    sha256: str | None = None
    rows: int | None = None
    refusal: Refusal | None = None
    by_header: bool = False  # not its name but its header says which table it holds
    modified: float = 0.0  # of two exports of one day or moment the one written later is the newer

    @property
    def folder(self) -> str | None:
        """The folder it came in, below ``inbox/<source>``; none for a loose file."""
        folder, separator, _ = self.name.rpartition("/")
        return folder if separator else None

    @property
    def is_manifest(self) -> bool:
        """Whether it is only the manifest of a folder whose files have all been moved."""
        is_named_so = self.name.rpartition("/")[2] == MANIFEST
        return is_named_so and self.table is None and self.refusal is None

    @property
    def token(self) -> str:
        """Stands for the file where its name, which may hold anything, must not appear."""
        return sha256(os.fsencode(self.place)).hexdigest()[:16]


def claim(drops: DropFolder, source: str, folder: str) -> str | None:
    """The name a folder that was taken is to be filed under; None when it was not taken by us."""
    try:
        with drops.reading(f"{INBOX}/{source}/{folder}/{TAKEN}") as stream:
            name = stream.read(4096).decode(errors="replace")
    except (FileNotFoundError, NotAPlainFile):
        return None
    return name if re.fullmatch(rf"(batch-\d+/)?{re.escape(folder)}(-\d+)?", name) else None


class Inbox:
    """One look at the inbox of ``drops`` at ``now`` (Unix seconds)."""

    def __init__(self, drops: DropFolder, settings: Settings, now: float) -> None:
        self._drops, self._now = drops, now
        self._stable_seconds = settings.stable_seconds
        self._max_bytes = settings.max_file_bytes
        self._zone = ZoneInfo(settings.timezone)
        self._tables = tables_by_source()

    def ready(self) -> list[Drop]:
        """Everything that can be dealt with now, the oldest export first."""
        found: list[Drop] = []
        for entry in self._drops.entries(INBOX):
            if is_ignored(entry.name):
                continue
            if entry.kind == "folder" and entry.name in self._tables:
                found += self._of_source(entry.name)
            elif self._is_still(entry) and not self._is_empty_folder(INBOX, entry):
                place = f"{INBOX}/{entry.name}"
                found.append(self._refused(UNKNOWN_SOURCE, entry, place, NO_SOURCE))
        # A manifest that is refused goes first: a folder with only its manifest left is tidied up.
        return sorted(
            found,
            key=lambda drop: (
                not drop.name.endswith(MANIFEST),
                drop.exported_on,
                drop.modified,
                drop.place,
            ),
        )

    def _of_source(self, source: str) -> list[Drop]:
        found: list[Drop] = []
        for entry in self._drops.entries(f"{INBOX}/{source}"):
            if is_ignored(entry.name):
                continue
            if entry.kind == "folder" and _utf8(entry.name) == entry.name:
                found += self._of_folder(source, entry)
            elif self._is_still(entry):
                found.append(self._drop(source, entry))
        return found

    def _refused(self, source: str, entry: Entry, place: str, refusal: Refusal) -> Drop:
        name = _utf8(entry.name)
        local = self._local(entry.modified)
        return Drop(
            source, name, place, filed_as=name, exported_on=local, bytes=entry.size, refusal=refusal
        )

    def _of_folder(self, source: str, folder: Entry) -> list[Drop]:
        inside = {
            entry.name: entry for entry in self._drops.entries(f"{INBOX}/{source}/{folder.name}")
        }
        claimed_as = claim(self._drops, source, folder.name) if TAKEN in inside else None
        taken = inside[TAKEN] if claimed_as else None
        entries = {
            name: entry
            for name, entry in inside.items()
            if not is_ignored(name)
            # What comes after the folder was taken belongs to no manifest we have read.
            and (taken is None or entry.touched <= taken.touched or self._is_still(entry))
        }
        if not entries:
            return []
        filed_as = claimed_as or folder.name
        last_touched = max(folder.touched, *(entry.touched for entry in entries.values()))
        listed = self._manifest(source, folder.name, entries.get(MANIFEST))
        if listed is None and not self._is_past(last_touched, INCOMPLETE_AFTER):
            return []
        if isinstance(listed, Manifest) and taken is None:
            listed = self._complete(listed, entries, last_touched)
            if listed is None:
                return []
        if entries.keys() == {MANIFEST} and isinstance(listed, Manifest):
            drops = [replace(self._drop(source, entries[MANIFEST], folder.name), refusal=None)]
        else:
            drops = [
                self._listed(source, folder.name, entry, listed or NO_MANIFEST)
                for entry in entries.values()
                if entry.name != MANIFEST or isinstance(listed, Refusal)
            ]
        return [
            replace(drop, filed_as=f"{filed_as}/{drop.name.rpartition('/')[2]}") for drop in drops
        ]

    def _manifest(self, source: str, folder: str, entry: Entry | None) -> Manifest | Refusal | None:
        """The manifest, why it cannot be used, or None while there is none (or half of one)."""
        if entry is None:
            return None
        try:
            with self._drops.reading(f"{INBOX}/{source}/{folder}/{MANIFEST}") as stream:
                return parse_manifest(stream.read(MAX_MANIFEST_BYTES + 1))
        except FileNotFoundError:
            return None
        except NotAPlainFile:
            return NOT_PLAIN
        except ManifestInvalid as problem:
            if not self._is_still(entry):
                return None
            return Refusal(
                "manifest_invalid", f"mend {MANIFEST} and drop the folder again; {problem}"
            )

    def _complete(
        self, manifest: Manifest, entries: dict[str, Entry], last_touched: float
    ) -> Manifest | Refusal | None:
        """The manifest once every listed file is there; None to wait for one still coming."""
        missing = len(manifest.files.keys() - entries.keys())
        if missing:
            if not self._is_past(last_touched, INCOMPLETE_AFTER):
                return None
            return Refusal(
                "manifest_incomplete",
                f"{missing} of {len(manifest.files)} files it lists never came; "
                "drop the whole folder again",
            )
        # The manifest goes last. A file touched after it may still be growing.
        written = entries[MANIFEST].touched
        late = (entries[name] for name in manifest.files if entries[name].touched > written)
        return manifest if all(self._is_still(entry) for entry in late) else None

    def _listed(self, source: str, folder: str, entry: Entry, listed: Manifest | Refusal) -> Drop:
        drop = self._drop(source, entry, folder)
        if isinstance(listed, Refusal):
            return replace(drop, refusal=listed)
        promised = listed.files.get(entry.name)
        if promised is None:
            return replace(drop, refusal=drop.refusal or NOT_LISTED)
        return replace(
            drop,
            mode=listed.mode,
            exported_on=self._naive(listed.exported_on) or drop.exported_on,
            sha256=promised.sha256 and promised.sha256.lower(),
            rows=promised.rows,
        )

    def _drop(self, source: str, entry: Entry, folder: str | None = None) -> Drop:
        path = f"{folder}/{entry.name}" if folder else entry.name
        name = _utf8(path)
        by_header = source in sources_by_header()
        table = None if by_header else table_in(entry.name, self._tables[source])
        refusal = None
        if name != path:
            refusal = NO_UTF8
        elif entry.kind == "other":
            refusal = NOT_PLAIN
        elif entry.kind == "folder":
            refusal = NESTED
        elif table is None and (not by_header or entry.name == MANIFEST):
            refusal = NO_TABLE
        elif entry.size > self._max_bytes:
            refusal = TOO_LARGE
        return Drop(
            source=source,
            name=name,
            place=f"{INBOX}/{source}/{path}",
            filed_as=name,
            exported_on=time_in(entry.name) or self._local(entry.modified),
            bytes=entry.size,
            table=table,
            refusal=refusal,
            by_header=by_header,
            modified=entry.modified,
        )

    def _is_empty_folder(self, parent: str, entry: Entry) -> bool:
        return entry.kind == "folder" and not self._drops.entries(f"{parent}/{entry.name}")

    def _is_still(self, entry: Entry) -> bool:
        return self._is_past(entry.touched, timedelta(seconds=self._stable_seconds))

    def _is_past(self, moment: float, wait: timedelta) -> bool:
        # abs: a clock that was set back must not make a file wait for the old time to return.
        return abs(self._now - moment) >= wait.total_seconds()

    def _local(self, moment: float) -> datetime:
        return datetime.fromtimestamp(moment, self._zone).replace(tzinfo=None)

    def _naive(self, moment: datetime | None) -> datetime | None:
        if moment is None or moment.tzinfo is None:
            return moment
        return moment.astimezone(self._zone).replace(tzinfo=None)


def _utf8(name: str) -> str:
    """The name as the ledger can hold it: bytes that are no UTF-8 become question marks."""
    return name.encode(errors="replace").decode()
