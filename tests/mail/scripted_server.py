"""A mail server on loopback that answers as a test says: refuse, put off, stall, hang up."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.conftest import free_port

Answer = str | Callable[[SMTP], Awaitable[str]]


async def stall(server: SMTP) -> str:
    """Say nothing until the client has gone."""
    while not server.transport.is_closing():
        await asyncio.sleep(0.01)
    return "421 gone"


async def hang_up(server: SMTP) -> str:
    """Close the connection instead of answering."""
    server.transport.abort()
    return "421 gone"


class ScriptedServer:
    """Listens while its ``with`` lasts; ``taken`` are the mails it said yes to, or hung up on.

    With ``starttls`` or ``tls`` it takes mail only encrypted so, with ``password`` only after it.
    """

    def __init__(
        self,
        port: int | None = None,
        *,
        starttls: ssl.SSLContext | None = None,
        tls: ssl.SSLContext | None = None,
        password: str | None = None,
    ) -> None:
        self.port = port or free_port()
        self.password = password
        self.taken: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.connections = 0
        self.commands: list[str] = []
        self._answers: dict[tuple[str, str | None], Answer] = {}
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            ssl_context=tls,
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=self._log_in,
            auth_required=password is not None,
            auth_require_tls=False,
        )

    def answer(self, command: str, answer: Answer, recipient: str | None = None) -> None:
        """From now on: this to ``MAIL``, ``RCPT`` or ``DATA``, of one recipient or of all."""
        self._answers[command, recipient] = answer

    def behave(self) -> None:
        """Take everything from now on."""
        self._answers.clear()

    def __enter__(self) -> "ScriptedServer":
        self._controller.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._controller.stop()

    def _log_in(self, *asked: object) -> AuthResult:
        given = asked[-1]
        is_right = isinstance(given, LoginPassword) and given.password.decode() == self.password
        return AuthResult(success=is_right, handled=False)

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list
    ) -> list:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list
    ) -> str:
        self.commands.append(f"MAIL {address}")
        said = await self._say(server, "MAIL", None)
        if said.startswith("2"):
            envelope.mail_from = address
        return said

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list
    ) -> str:
        self.commands.append(f"RCPT {address}")
        said = await self._say(server, "RCPT", address)
        if said.startswith("2"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        (recipient,) = envelope.rcpt_tos
        message = message_from_bytes(envelope.original_content, policy=policy.default)
        script = self._script("DATA", recipient)
        if not isinstance(script, str) or script.startswith("2"):
            self.taken.append(message)
            self.recipients.append(recipient)
        return await self._say(server, "DATA", recipient)

    def _script(self, command: str, recipient: str | None) -> Answer:
        everybody = self._answers.get((command, None), "250 OK")
        return self._answers.get((command, recipient), everybody)

    async def _say(self, server: SMTP, command: str, recipient: str | None) -> str:
        script = self._script(command, recipient)
        return script if isinstance(script, str) else await script(server)
