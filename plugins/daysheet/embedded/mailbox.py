"""A mailbox that takes every mail, keeps it as a file and passes nothing on."""

import argparse
import asyncio
import signal
import uuid
from datetime import UTC, datetime
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


class Mailbox:
    """Keeps each accepted mail as one ``.eml`` file in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Write the mail under a draft name, then rename: who lists ``*.eml`` sees whole mails."""
        received = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
        name = f"{received}-{uuid.uuid4().hex[:8]}.eml"
        draft = self.folder / f".{name}"
        recipients = ", ".join(envelope.rcpt_tos)
        head = f"X-Envelope-From: {envelope.mail_from}\r\nX-Envelope-To: {recipients}\r\n"
        draft.write_bytes(head.encode() + (envelope.original_content or b""))
        draft.rename(self.folder / name)
        return "250 kept"


async def serve(port: int, folder: Path) -> None:
    """Listen on loopback until asked to end."""
    folder.mkdir(parents=True, exist_ok=True)
    loop, mailbox = asyncio.get_running_loop(), Mailbox(folder)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    server = await loop.create_server(
        lambda: SMTP(mailbox, hostname="localhost", enable_SMTPUTF8=True), "127.0.0.1", port
    )
    async with server:
        await ended.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.port, arguments.folder))
