"""Taking a file: a copy of our own, proven to be the file as it lies in the inbox."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from daysheet.ingest.drop_folder import DropFolder

_CHUNK = 2**20
_TAKEN = "take-"


class Gone(Exception):
    """The file is not there any more: somebody else has dealt with it."""


class StillChanging(Exception):
    """The file was changed or replaced while it was read: it is left for the next look."""

    def __str__(self) -> str:
        return "a file changes while it is read; put files under another name until they are whole"


@dataclass(frozen=True)
class Copy:
    """Our own copy of a dropped file, and the SHA-256 of its bytes as dropped."""

    path: Path
    sha256: str
    bytes: int


@contextmanager
def own_copy(drops: DropFolder, place: str, work: Path) -> Iterator[Copy]:
    """Copy ``place`` below ``work`` and delete the copy at the end.

    Raises :class:`Gone`, :class:`StillChanging` when it did not hold still,
    :class:`~daysheet.ingest.drop_folder.NotAPlainFile` when it must not be opened.
    """
    remove_abandoned(work)
    with _scratch(work) as folder:
        target = folder / place.rpartition("/")[2]
        with target.open("xb") as copy:
            digest, size = _read_twice(drops, place, copy)
        yield Copy(target, digest, size)


def _read_twice(drops: DropFolder, place: str, copy: BinaryIO) -> tuple[str, int]:
    try:
        before = drops.entry(place)
        with drops.reading(place) as source:
            digest, size = _digest(source, copy)
        with drops.reading(place) as source:
            again, _ = _digest(source)
        after = drops.entry(place)
    except FileNotFoundError:
        raise Gone from None
    if digest != again or after.identity != before.identity:
        raise StillChanging
    return digest, size


def _digest(source: BinaryIO, copy: BinaryIO | None = None) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if copy is not None:
            copy.write(chunk)
    return digest.hexdigest(), size


def remove_abandoned(work: Path) -> None:
    """Delete the copies that killed workers of this machine left below ``work``."""
    for folder in work.glob(f"{_TAKEN}*"):
        _remove_if_dead(folder)


@contextmanager
def _scratch(work: Path) -> Iterator[Path]:
    """A private folder, locked while in use so that what a killed worker left can be told."""
    work.mkdir(mode=0o700, parents=True, exist_ok=True)
    # It gets the name others look for only when it is locked.
    made = Path(tempfile.mkdtemp(dir=work))
    lock = os.open(made, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    folder = made.rename(made.with_name(_TAKEN + made.name))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _remove_if_dead(folder: Path) -> None:
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return  # somebody works in it
    else:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
