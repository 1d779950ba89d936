"""Work that nobody waits for gives way to pages, on the processor and in Postgres."""

import os
import socket
from contextlib import suppress
from pathlib import Path

import psycopg


def give_way(pid: int, niceness: int) -> None:
    """Have a process, and what it starts from now on, be so nice; without the right to, nothing.

    Where the kernel schedules sessions (``autogroup``) niceness counts within a session only, and
    every process of Postgres is one: the session is made as nice. ``man 7 sched`` tells of both.
    """
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, niceness)
        Path(f"/proc/{pid}/autogroup").write_text(str(niceness), encoding="ascii")


def pass_on(connection: psycopg.Connection) -> None:
    """Have the server's process of this connection be as nice as the one that opened it.

    Postgres knows no priorities, so a build's queries would stand beside those of a page. A server
    elsewhere stays as it is: its process has our port in its title, so no other is taken for it.
    """
    niceness = os.getpriority(os.PRIO_PROCESS, 0)
    if niceness <= 0:
        return
    pid = connection.info.backend_pid
    with suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as ours:
        title = Path(f"/proc/{pid}/cmdline").read_bytes()
        if title.startswith(b"postgres:") and f"({ours.getsockname()[1]})".encode() in title:
            give_way(pid, niceness)
