"""Processes told apart for sure: by start time, by a mark in their environment, by title."""

import json
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from daysheet.embedded.credentials import write_private

MARK = "DAYSHEET_MARK"  # set for all we start, inherited by all they start
_PROC = Path("/proc")
_POLL = 0.05  # seconds


@dataclass(frozen=True)
class Process:
    """One process of one boot; a process id alone may be somebody else's after a while."""

    pid: int
    started: int  # clock ticks since boot
    boot: str

    @classmethod
    def of(cls, pid: int) -> "Process | None":
        """The process that has this id now; none when it ended (a zombie has ended)."""
        fields = _stat(pid)
        return cls(pid, int(fields[19]), _boot_id()) if fields else None

    @classmethod
    def read(cls, record: Path) -> "Process | None":
        """The process recorded in a file, if it still runs."""
        try:
            recorded = cls(**json.loads(record.read_text()))
        except FileNotFoundError:
            return None
        return recorded if recorded.is_alive() else None

    def write(self, record: Path) -> None:
        """Record it in a file."""
        write_private(record, json.dumps(asdict(self)))

    def is_alive(self) -> bool:
        """Whether this very process still runs."""
        return Process.of(self.pid) == self


def marked(mark: str) -> list[int]:
    """Ids of all processes started with ``MARK=mark`` by us or by what we started."""
    wanted = f"{MARK}={mark}".encode()
    return [
        pid
        for pid in _all_pids()
        if pid != os.getpid() and wanted in _read(pid, "environ").split(b"\0")
    ]


def titled(prefix: str) -> list[int]:
    """Ids of all processes whose command line starts with ``prefix``."""
    return [pid for pid in _all_pids() if _read(pid, "cmdline").startswith(prefix.encode())]


def children(parent: int) -> list[int]:
    """Ids of the processes ``parent`` started itself."""
    return [pid for pid in _all_pids() if (fields := _stat(pid)) and int(fields[1]) == parent]


def strays(pids: Iterable[int], alive: Iterable[int]) -> list[int]:
    """Those of ``pids`` that do not descend from a process of ``alive``: their parent died."""
    parents = set(alive)
    return [pid for pid in pids if parents.isdisjoint(_lineage(pid))]


def end(pids: Iterable[int], grace: float) -> None:
    """Ask processes to end (SIGTERM), make them after ``grace`` seconds, see them gone."""
    waiting = {process for pid in pids if (process := Process.of(pid))}
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 10.0)):
        for process in waiting:
            _signal(process, number)
        waiting = _outlive(waiting, patience)


def _outlive(processes: set[Process], seconds: float) -> set[Process]:
    """Wait until all ended; after ``seconds`` return those that did not."""
    deadline = time.monotonic() + seconds
    while processes := {process for process in processes if process.is_alive()}:
        if time.monotonic() > deadline:
            break
        time.sleep(_POLL)
    return processes


def _signal(process: Process, number: signal.Signals) -> None:
    try:
        if process.is_alive():
            os.kill(process.pid, number)
    except ProcessLookupError:
        pass  # ended in between


def _lineage(pid: int) -> set[int]:
    """A process, its parent, and so on up."""
    lineage = set()
    while pid > 1 and pid not in lineage:
        lineage.add(pid)
        fields = _stat(pid)
        pid = int(fields[1]) if fields else 0
    return lineage


def _stat(pid: int) -> list[str] | None:
    """Fields of ``/proc/<pid>/stat`` from the state on; none when the process ended."""
    text = _read(pid, "stat").decode(errors="replace")
    fields = text.rpartition(")")[2].split()  # the name before it may hold blanks
    return fields if fields and fields[0] not in "ZX" else None


def _read(pid: int, name: str) -> bytes:
    try:
        return (_PROC / str(pid) / name).read_bytes()
    except OSError:
        return b""  # ended, or not ours to read


def _all_pids() -> list[int]:
    return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]


def _boot_id() -> str:
    return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
