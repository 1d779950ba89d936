"""Loopback ports: whether one is free, and who has it when it is not."""

import os
import socket
from contextlib import suppress
from pathlib import Path

from daysheet.embedded import DeploymentProblem

_LISTENING = "0A"


class PortTaken(DeploymentProblem):
    """A port we need is in use; the message names the port, its user, and what to set."""


def require_free(ports: dict[str, int]) -> None:
    """Raise :class:`PortTaken` unless each setting's port is free on 127.0.0.1."""
    problems = [
        f"port {port} is in use by {user_of(port) or 'another program'}: stop that, or choose "
        f"another port with DAYSHEET_{setting.upper()}"
        for setting, port in ports.items()
        if not is_free(port)
    ]
    by_port: dict[int, str] = {}
    for setting, port in ports.items():
        if (other := by_port.setdefault(port, setting)) != setting:
            problems.append(
                f"port {port} is wanted twice: set DAYSHEET_{other.upper()} and "
                f"DAYSHEET_{setting.upper()} to different ports"
            )
    if problems:
        raise PortTaken("\n".join(problems))


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers themselves do
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen()
        except OSError:
            return False
    return True


def is_answered(port: int) -> bool:
    """Whether a server of this machine takes connections on the port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def user_of(port: int) -> str | None:
    """``name (process 123)`` of who listens on the port; none when we may not know."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):  # closed meanwhile, or not ours to look into
            if os.readlink(descriptor) in sockets:
                process = descriptor.parents[1]
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
    return None


def _listening_inodes(port: int) -> list[str]:
    inodes = []
    for table in ("tcp", "tcp6"):
        path = Path("/proc/net") / table
        if not path.exists():
            continue
        for line in path.read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.append(fields[9])
    return inodes
