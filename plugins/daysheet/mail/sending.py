"""Hand the mails that are due to a server: each in a transaction of its own, others go on."""

import smtplib
import socket
import ssl
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row

from daysheet.mail.composing import compose

_PATIENCE = 3  # connections lost one after the other, until the server counts as down
_CLOSING = 421  # the server's answer before it closes the connection

# Nobody has to do anything about it: somebody left while the mail waited.
RECIPIENT_INACTIVE = "recipient_inactive"

_NEXT = """
    select mail.*, coalesce(staff.active, true) as is_wanted
    from ops.mail as mail
    left join desk.staff as staff on mail.staff_id = staff.user_id
    where
        mail.state = 'pending' and mail.next_attempt_at <= now() and mail.mail_id > %(after)s
        and (%(only)s::bigint[] is null or mail.mail_id = any(%(only)s))
    order by mail.mail_id
    limit 1
    for update of mail skip locked
"""

_SENT = """
    update ops.mail
    set state = 'sent', sent_at = now(), attempts = attempts + 1, problem = null
    where mail_id = %(mail_id)s
    returning state
"""

# After the first tries once an hour, for five days.
_NOT_SENT = """
    update ops.mail
    set
        attempts = attempts + 1,
        problem = %(problem)s,
        state = case
            when %(is_final)s or created_at <= now() - interval '5 days' then 'failed'
            else 'pending'
        end,
        next_attempt_at = now() + case attempts
            when 0 then interval '1 minute'
            when 1 then interval '5 minutes'
            when 2 then interval '15 minutes'
            else interval '1 hour'
        end
    where mail_id = %(mail_id)s
    returning state
"""


class ServerUnusable(Exception):
    """The way to the server is not one mail may take. ``problem`` is a code, no server's text."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(problem)


@dataclass(frozen=True)
class Server:
    """An open, logged-in connection and the address mail comes from."""

    client: smtplib.SMTP
    sender: str


@dataclass(frozen=True)
class Sent:
    """What became of one mail: ``sent``, ``pending`` (tried again later) or ``failed``."""

    mail_id: int
    kind: str
    staff_id: str | None
    line_count: int
    state: str
    problem: str | None

    @property
    def is_trouble(self) -> bool:
        """Whether somebody should look at it."""
        return self.state != "sent" and self.problem != RECIPIENT_INACTIVE


@dataclass(frozen=True)
class _Failure:
    problem: str
    is_final: bool = False
    is_lost: bool = False  # the connection is of no more use


def send_due(
    connection: psycopg.Connection,
    open_server: Callable[[], AbstractContextManager[Server]],
    *,
    only: Collection[int] | None = None,
) -> list[Sent]:
    """Send what is due (of ``only``, if given), oldest first; ``connection`` is in autocommit.

    A mail is marked in the transaction that locked it: two senders never take the same, and one
    that dies leaves it to be sent once more under the same Message-ID.
    """
    done: list[Sent] = []
    with ExitStack() as opened:
        line = _Line(open_server, opened)
        while True:
            with connection.transaction():
                after = done[-1].mail_id if done else 0
                mail = _next(connection, after, only)
                if mail is None:
                    return done
                done.append(_mark(connection, mail, line.send(mail)))


def _next(connection: psycopg.Connection, after: int, only: Collection[int] | None) -> Any:
    values = {"after": after, "only": None if only is None else list(only)}
    return connection.cursor(row_factory=namedtuple_row).execute(_NEXT, values).fetchone()


def _mark(connection: psycopg.Connection, mail: Any, failure: _Failure | None) -> Sent:
    if failure is None:
        row = connection.execute(_SENT, {"mail_id": mail.mail_id}).fetchone()
    else:
        row = connection.execute(
            _NOT_SENT,
            {"mail_id": mail.mail_id, "problem": failure.problem, "is_final": failure.is_final},
        ).fetchone()
    assert row is not None, "the row is locked"
    problem = failure and failure.problem
    return Sent(mail.mail_id, mail.kind, mail.staff_id, mail.line_count, row[0], problem)


class _Line:
    """The way to the server: opened for the first mail, and again after it was lost."""

    def __init__(
        self, open_server: Callable[[], AbstractContextManager[Server]], opened: ExitStack
    ) -> None:
        self._open_server = open_server
        self._opened = opened  # closes what is open
        self._server: Server | None = None
        self._down: _Failure | None = None  # why nothing more is tried
        self._losses = 0

    def send(self, mail: Any) -> _Failure | None:
        """Why the server did not take it; None if it did."""
        if not mail.is_wanted:
            return _Failure(RECIPIENT_INACTIVE, is_final=True)
        if self._down:
            return self._down
        if self._server is None:
            try:
                self._server = self._opened.enter_context(self._open_server())
            except (ServerUnusable, OSError) as error:
                self._down = _why_not_open(error)
                return self._down
        failure = _hand_over(self._server, mail)
        if failure and failure.is_lost:
            self._opened.close()
            self._server = None
            self._losses += 1
            self._down = failure if self._losses == _PATIENCE else None
        else:
            self._losses = 0
        return failure


def _hand_over(server: Server, mail: Any) -> _Failure | None:
    try:
        message = compose(
            server.sender,
            mail.recipient,
            mail.message_id,
            mail.created_at,
            mail.subject,
            mail.text_body,
            mail.html_body,
        )
        sender = parseaddr(server.sender)[1]
        server.client.sendmail(sender, [mail.recipient], message.as_bytes())
    except ValueError:
        return _Failure("not_a_message", is_final=True)
    except smtplib.SMTPRecipientsRefused as error:
        return _answered(error.recipients[mail.recipient][0])
    except smtplib.SMTPSenderRefused as error:
        # Not the mail is refused but where it comes from, until somebody mends it.
        return _Failure(f"sender {error.smtp_code}", is_lost=error.smtp_code == _CLOSING)
    except smtplib.SMTPResponseException as error:
        return _answered(error.smtp_code)
    except OSError as error:
        return _Failure(_kind(error), is_lost=True)
    return None


def _answered(code: int) -> _Failure:
    """What a server's answer to a recipient or a message means."""
    is_final = code >= 500
    name = "refused" if is_final else "put_off"
    return _Failure(f"{name} {code}", is_final, is_lost=code == _CLOSING)


def _why_not_open(error: ServerUnusable | OSError) -> _Failure:
    match error:
        case ServerUnusable():
            return _Failure(error.problem)
        case smtplib.SMTPAuthenticationError():
            return _Failure(f"login {error.smtp_code}")
        case smtplib.SMTPResponseException():
            return _Failure(f"greeting {error.smtp_code}")
        case smtplib.SMTPNotSupportedError():
            return _Failure("tls_or_login_not_offered")
    return _Failure(_kind(error))


def _kind(error: OSError) -> str:
    """What became of a connection; smtplib hides a timeout behind a disconnection."""
    match error:
        case ssl.SSLError():
            return "tls"
        case ConnectionRefusedError():
            return "connection_refused"
        case socket.gaierror():
            return "host_unknown"
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "timeout"
    return "connection_lost"
