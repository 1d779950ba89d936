"""The drop folder: inbox, archive, rejected and held, safely, here or behind a URL."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Literal

INBOX, ARCHIVE, REJECTED, HELD = "inbox", "archive", "rejected", "held"

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, opening a FIFO waits for somebody to write into it.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class NotAPlainFile(Exception):
    """A link, pipe, device or folder where a regular file of its own was expected."""


@dataclass(frozen=True)
class Entry:
    """What is known of one name in a folder without opening it; times are Unix seconds."""

    name: str
    kind: Literal["file", "folder", "other"]
    size: int
    modified: float
    touched: float  # last change of content, name or times; nobody can set it back
    identity: tuple[Any, ...]  # differs when the file was changed or replaced


class DropFolder:
    """Everything below one root: a local :class:`~pathlib.Path`, or any path of its shape.

    Places are relative and use ``/``. A local root is never left: no link is followed.
    """

    def __init__(self, root: Any) -> None:
        self.root = root
        self.is_local = isinstance(root, Path)

    def prepare(self, sources: Iterable[str]) -> None:
        """Make the folders people drop into and find files in."""
        for place in [ARCHIVE, REJECTED, HELD, *(f"{INBOX}/{source}" for source in sources)]:
            (self.root / place).mkdir(parents=True, exist_ok=True)

    def entries(self, place: str) -> list[Entry]:
        """What ``place`` holds, by name; nothing when there is no such folder."""
        try:
            if not self.is_local:
                found = [_remote_entry(path) for path in (self.root / place).iterdir()]
            else:
                with self._folder(place) as folder, os.scandir(folder) as scan:
                    found = [entry for item in scan if (entry := _scanned(item))]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(found, key=lambda entry: entry.name)

    def entry(self, place: str) -> Entry:
        """What is known of ``place``; FileNotFoundError when it is gone."""
        if not self.is_local:
            return _remote_entry(self.root / place)
        with self._parent(place) as (folder, name):
            return _entry(name, os.stat(name, dir_fd=folder, follow_symlinks=False))

    def exists(self, place: str) -> bool:
        """Whether anything has that name, be it a dangling link."""
        if self.is_local:
            return os.path.lexists(self.root / place)
        return (self.root / place).exists()

    @contextmanager
    def reading(self, place: str) -> Iterator[BinaryIO]:
        """Open a regular file with one name; :class:`NotAPlainFile` for anything else."""
        if not self.is_local:
            with (self.root / place).open("rb") as stream:
                yield stream
            return
        with self._parent(place) as (folder, name):
            try:
                descriptor = os.open(name, _FILE, dir_fd=folder)
            except FileNotFoundError:
                raise
            except OSError as error:
                raise NotAPlainFile(os.strerror(error.errno or 0)) from None
        with os.fdopen(descriptor, "rb") as stream:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1:
                raise NotAPlainFile("not a regular file with one name")
            yield stream

    def write(self, place: str, content: bytes) -> None:
        """Make ``place`` hold ``content``; nobody sees a part of it."""
        if not self.is_local:
            path = self.root / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            return
        with self._parent(place, makes=True) as (folder, name):
            draft = f".draft-{os.getpid()}"
            with suppress(FileNotFoundError):
                os.unlink(draft, dir_fd=folder)
            with os.fdopen(os.open(draft, _NEW, 0o644, dir_fd=folder), "wb") as stream:
                stream.write(content)
            os.replace(draft, name, src_dir_fd=folder, dst_dir_fd=folder)

    def move(self, place: str, to: str) -> bool:
        """Rename; false when ``place`` is gone, that is: was already moved."""
        try:
            if not self.is_local:
                target = self.root / to
                target.parent.mkdir(parents=True, exist_ok=True)
                (self.root / place).rename(target)
            else:
                with (
                    self._parent(place) as (source, name),
                    self._parent(to, makes=True) as (target, new_name),
                ):
                    os.rename(name, new_name, src_dir_fd=source, dst_dir_fd=target)
        except FileNotFoundError:
            return False
        return True

    def remove(self, place: str) -> None:
        """Delete one file; fine when it is gone."""
        if not self.is_local:
            (self.root / place).unlink(missing_ok=True)
            return
        with suppress(FileNotFoundError), self._parent(place) as (folder, name):
            os.unlink(name, dir_fd=folder)

    def remove_folder(self, place: str) -> None:
        """Delete a folder if it is empty; fine when it is not, or gone."""
        if not self.is_local:
            with suppress(OSError):
                (self.root / place).rmdir()
            return
        with suppress(OSError), self._parent(place) as (folder, name):
            os.rmdir(name, dir_fd=folder)

    @contextmanager
    def _parent(self, place: str, makes: bool = False) -> Iterator[tuple[int, str]]:
        """A descriptor of the folder ``place`` is in, and its name there."""
        path = PurePosixPath(place)
        if makes:
            (self.root / path.parent).mkdir(parents=True, exist_ok=True)
        with self._folder(str(path.parent)) as folder:
            yield folder, path.name

    @contextmanager
    def _folder(self, place: str) -> Iterator[int]:
        """A descriptor of a folder below the root, reached without following any link."""
        descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for part in PurePosixPath(place).parts:
                deeper = os.open(part, _FOLDER, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = deeper
            yield descriptor
        finally:
            os.close(descriptor)


def _scanned(item: os.DirEntry[str]) -> Entry | None:
    try:
        return _entry(item.name, item.stat(follow_symlinks=False))
    except FileNotFoundError:
        return None  # moved since the folder was read; the others are still there


def _entry(name: str, facts: os.stat_result) -> Entry:
    kind: Literal["file", "folder", "other"] = "other"
    if stat.S_ISDIR(facts.st_mode):
        kind = "folder"
    elif stat.S_ISREG(facts.st_mode) and facts.st_nlink == 1:
        kind = "file"
    return Entry(
        name,
        kind,
        facts.st_size,
        facts.st_mtime,
        facts.st_ctime,
        (facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns),
    )


def _remote_entry(path: Any) -> Entry:
    if path.is_dir():
        return Entry(path.name, "folder", 0, 0, 0, ())
    facts = path.stat()
    modified = facts.st_mtime
    if isinstance(modified, datetime):
        modified = modified.timestamp()
    return Entry(path.name, "file", facts.st_size, modified, modified, (facts.st_size, modified))
