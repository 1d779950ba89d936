"""Dropping: a folder of files put into the inbox as whole drops, and a held file put back."""

import hashlib
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from daysheet.ingest.drop_folder import INBOX, DropFolder
from daysheet.ingest.filing import reason_place
from daysheet.ingest.ledger import Known
from daysheet.ingest.manifest import (
    MANIFEST,
    Manifest,
    ManifestFile,
    ManifestInvalid,
    parse_manifest,
)
from daysheet.ingest.recognition import is_csv, is_ignored, tables_by_source

_CHUNK = 2**20

Progress = Callable[[int], None]  # told of every so many bytes copied


class NothingToSend(Exception):
    """The folder cannot be dropped; the message says what is wrong with it."""


@dataclass(frozen=True)
class Parcel:
    """One folder to be dropped whole: its files, and its manifest if it came with one."""

    source: str
    folder: Path
    files: tuple[str, ...]
    manifest: Manifest | None

    @property
    def bytes(self) -> int:
        """How much there is to copy."""
        return sum((self.folder / name).stat().st_size for name in self.files)


def pack(folder: Path, source: str | None) -> list[Parcel]:
    """What to drop of ``folder``: it holds one folder per source, or is one source's folder.

    Every folder below with a manifest is a drop of its own, and so are the CSV files of every
    other one. Raises :class:`NothingToSend`.
    """
    sources = tables_by_source()
    if not folder.is_dir():
        raise NothingToSend(f"{folder} is not a folder")
    if source is not None and source not in sources:
        raise NothingToSend(f"there is no source {source}; there are {', '.join(sources)}")
    of_sources = [] if source else [name for name in sources if (folder / name).is_dir()]
    if of_sources:
        parcels = [one for name in of_sources for one in _parcels(folder / name, name)]
    else:
        default = folder.name if folder.name in sources else "opendental"
        parcels = _parcels(folder, source or default)
    if not parcels:
        raise NothingToSend(f"{folder} holds no CSV files (and no folder of a source that does)")
    return parcels


def _parcels(folder: Path, source: str) -> list[Parcel]:
    found = []
    for place in sorted([folder, *(path for path in folder.rglob("*") if path.is_dir())]):
        if any(is_ignored(part) for part in place.relative_to(folder).parts):
            continue
        manifest = _manifest_of(place)
        names = sorted(
            path.name
            for path in place.iterdir()
            if path.is_file()
            and not is_ignored(path.name)
            and (path.name in manifest.files if manifest else is_csv(path.name))
        )
        if manifest and len(names) < len(manifest.files):
            raise NothingToSend(f"{place / MANIFEST} lists files that are not there")
        if names:
            found.append(Parcel(source, place, tuple(names), manifest))
    return found


def _manifest_of(folder: Path) -> Manifest | None:
    path = folder / MANIFEST
    if not path.exists():
        return None
    try:
        return parse_manifest(path.read_bytes())
    except ManifestInvalid as problem:
        raise NothingToSend(f"{path}: {problem}") from None


def send(parcel: Parcel, inbox: Path, progress: Progress) -> str:
    """Copy a parcel into the inbox; return the name of its folder there.

    The folder appears with everything in it, so it is taken at once. Modification times are
    kept: where nothing else tells, they say when a file was exported.
    """
    name = f"load-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    draft = inbox / parcel.source / f".{name}"
    draft.mkdir(parents=True)
    files = {}
    for file in parcel.files:
        digest = _copy(parcel.folder / file, draft / file, progress)
        files[file] = ManifestFile(sha256=digest)
    manifest = parcel.manifest or Manifest(files=files)
    (draft / MANIFEST).write_text(manifest.model_dump_json(exclude_none=True))
    draft.rename(draft.with_name(name))
    return name


def _copy(source: Path, target: Path, progress: Progress) -> str:
    digest = hashlib.sha256()
    with source.open("rb") as reading, target.open("xb") as writing:
        while chunk := reading.read(_CHUNK):
            digest.update(chunk)
            writing.write(chunk)
            progress(len(chunk))
        times = os.fstat(reading.fileno())
    os.utime(target, ns=(time.time_ns(), times.st_mtime_ns))
    return digest.hexdigest()


def put_back(drops: DropFolder, held: Known) -> str | None:
    """Put a held file back into the inbox, as the drop it was; its folder's name there.

    None when the file is not where the ledger says. Can be repeated after a crash.
    """
    folder = f"released-{held.file_id}"
    name = PurePosixPath(held.file_name).name
    place = f"{INBOX}/{held.source}/{folder}/{name}"
    if held.archived_as and drops.exists(held.archived_as):
        drops.move(held.archived_as, place)
        drops.remove(reason_place(held.archived_as, held))
    elif not drops.exists(place):
        return None
    manifest = Manifest(
        mode=held.mode,
        exported_on=held.exported_on,
        files={name: ManifestFile(sha256=held.sha256)},
    )
    text = manifest.model_dump_json(exclude_none=True)
    drops.write(f"{INBOX}/{held.source}/{folder}/{MANIFEST}", text.encode())
    return folder
