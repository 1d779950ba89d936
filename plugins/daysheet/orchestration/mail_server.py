"""The mail server of the Airflow connection ``smtp_default``, and how mail gets there."""

import ipaddress
import smtplib
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from email.utils import parseaddr
from typing import cast

import psycopg
from airflow.providers.smtp.hooks.smtp import SmtpHook
from airflow.sdk.exceptions import AirflowException

from daysheet.mail.sending import Sent, Server, ServerUnusable, send_due


class TlsRequired(ServerUnusable):
    """The connection would send in clear text to another machine."""

    def __init__(self) -> None:
        super().__init__("tls_required")


class _Hook(SmtpHook):
    """Airflow's way to a server: host, login, SSL or STARTTLS, OAuth2 and timeout."""

    smtp_retry_limit = 0  # the outbox tries again itself, later

    @property
    def client(self) -> smtplib.SMTP:
        # There is no public way to it, and the hook's own mails have no Message-ID and no text.
        return cast("smtplib.SMTP", self._smtp_client)


def send(connection: psycopg.Connection, *, only: Collection[int] | None = None) -> list[Sent]:
    """Send what is due in the outbox by ``smtp_default``; ``connection`` is in autocommit."""
    return send_due(connection, open_server, only=only)


@contextmanager
def open_server() -> Iterator[Server]:
    """The server, logged in; in clear text on loopback only.

    Raises :class:`TlsRequired` before it connects, ``ServerUnusable`` for any other way the
    connection is set up wrong, and what smtplib raises.
    """
    hook = _Hook("smtp_default")
    try:
        sender = _check(hook)
        _connect(hook)
        yield Server(hook.client, sender)
        with suppress(OSError):
            hook.client.quit()
    finally:
        if hook.client:
            hook.client.close()


def _check(hook: SmtpHook) -> str:
    """The address mail comes from, if mail may go this way."""
    try:
        hook.smtp_connection = hook.get_connection(hook.smtp_conn_id)
    except AirflowException:
        raise ServerUnusable("no_connection") from None
    if not (hook.use_ssl or hook.smtp_starttls or _is_here(hook.host)):
        raise TlsRequired
    sender = hook.from_email or ""
    if "@" not in parseaddr(sender)[1]:
        raise ServerUnusable("no_from_email")
    return sender


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _connect(hook: _Hook) -> None:
    try:
        hook.get_conn()
    except AirflowException as error:
        wrapped = error.__context__
    else:
        hook.client.ehlo_or_helo_if_needed()
        return
    # The hook wraps a lost connection, and quotes what a token server said.
    raise wrapped if isinstance(wrapped, OSError) else ServerUnusable("no_token")
