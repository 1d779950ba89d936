"""Rows of ``ops.mail``: a mail is written in the transaction of what it tells, and sent later."""

import re
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Literal
from urllib.parse import quote

import psycopg

from daysheet.warehouse import LockClass

# Plain addresses only: nothing that a header or a server could read as two of them.
_ADDRESS = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?P<domain>[a-z0-9-]+(\.[a-z0-9-]+)+)",
    re.IGNORECASE,
)

_INSERT = """
    insert into ops.mail (
        kind, message_id, recipient, staff_id, digest_date, issue, cause, subject, text_body,
        html_body, line_count, state, problem
    )
    values (
        %(kind)s, %(message_id)s, %(recipient)s, %(staff_id)s, %(digest_date)s, %(issue)s,
        %(cause)s, %(subject)s, %(text)s, %(html)s, %(line_count)s,
        case when %(problem)s::text is null then 'pending' else 'failed' end, %(problem)s
    )
    on conflict (digest_date, staff_id, issue) where kind = 'digest' do nothing
    returning mail_id
"""

_REPEATED = """
    update ops.mail set repeats = repeats + 1
    where mail_id = (
        select mail_id from ops.mail
        where
            kind = 'ops' and cause = %(cause)s
            and (state = 'pending' or created_at > now() - interval '1 hour')
        order by mail_id desc
        limit 1
    )
"""

_NEWEST = """
    select staff.email, digest.digest_date, digest.issue, digest.subject, digest.text_body,
        digest.html_body, digest.line_count
    from ops.mail as digest
    inner join desk.staff as staff on digest.staff_id = staff.user_id
    where digest.kind = 'digest' and staff.user_id = %s and staff.active and staff.email is not null
    order by digest.digest_date desc, digest.issue desc
    limit 1
"""


class NoDigest(Exception):
    """There is nothing to send again: no digest, no address, or no longer active."""


@dataclass(frozen=True)
class Mail:
    """What is to be said to whom; the rest of a row is the outbox's own."""

    kind: Literal["digest", "ops"]
    recipient: str
    subject: str
    text: str
    html: str
    staff_id: str | None = None  # of a digest, as its day
    digest_date: date | None = None
    cause: str | None = None  # of an ops mail
    line_count: int = 0


def put(connection: psycopg.Connection, mail: Mail, *, domains: Collection[str]) -> int | None:
    """Write a mail; None if that person has a digest of that day already.

    ``domains`` may get mail. For any other, and for what is no plain address, the row is written
    as failed, so that somebody can see who does not get his mail and why.
    """
    return _insert(connection, mail, 1, _refusal(mail.recipient, domains))


def tell_ops(  # noqa: PLR0917  the last three are the mail itself
    connection: psycopg.Connection,
    cause: str,
    recipient: str,
    subject: str,
    text: str,
    html: str,
) -> int | None:
    """Write a mail to ops, or None: one of the same cause waits or is younger than an hour.

    Then that one's ``repeats`` counts it. Ops are named in the settings and need no allow-list.
    """
    cause = _one_line(cause)
    with connection.transaction():
        _lock(connection, cause)
        if connection.execute(_REPEATED, {"cause": cause}).rowcount:
            return None
        mail = Mail("ops", recipient, subject, text, html, cause=cause)
        return _insert(connection, mail, 1, _refusal(recipient, None))


def repeats(connection: psycopg.Connection, cause: str) -> int:
    """How often that cause came again since its newest mail was written."""
    row = connection.execute(
        "select repeats from ops.mail where kind = 'ops' and cause = %s"
        " order by mail_id desc limit 1",
        [cause],
    ).fetchone()
    return row[0] if row else 0


def send_again(connection: psycopg.Connection, user_id: str, *, domains: Collection[str]) -> int:
    """Write that person's newest digest once more, as its next issue, to the address of today."""
    with connection.transaction():
        _lock(connection, user_id)
        newest = connection.execute(_NEWEST, [user_id]).fetchone()
        if newest is None:
            raise NoDigest("no digest to send again: none was written, or nobody is to get it")
        email, day, issue, subject, text, html, line_count = newest
        mail = Mail("digest", email, subject, text, html, user_id, day, line_count=line_count)
        mail_id = _insert(connection, mail, issue + 1, _refusal(email, domains))
        assert mail_id is not None, "the lock lets nobody else write this issue"
        return mail_id


def _lock(connection: psycopg.Connection, key: str) -> None:
    connection.execute(
        "select pg_advisory_xact_lock(%s, hashtext(%s))", [int(LockClass.OUTBOX), key]
    )


def _refusal(recipient: str, domains: Collection[str] | None) -> str | None:
    address = _ADDRESS.fullmatch(recipient)
    if address is None:
        return "address_not_plain"
    is_allowed = domains is None or address["domain"].lower() in domains
    return None if is_allowed else "domain_not_allowed"


def _insert(
    connection: psycopg.Connection, mail: Mail, issue: int, problem: str | None
) -> int | None:
    row = connection.execute(
        _INSERT,
        {
            "kind": mail.kind,
            "message_id": _message_id(connection, mail, issue),
            "recipient": mail.recipient,
            "staff_id": mail.staff_id,
            "digest_date": mail.digest_date,
            "issue": issue,
            "cause": mail.cause,
            "subject": _one_line(mail.subject),
            "text": _storable(mail.text),
            "html": _storable(mail.html),
            "line_count": mail.line_count,
            "problem": problem,
        },
    ).fetchone()
    return row and row[0]


def _message_id(connection: psycopg.Connection, mail: Mail, issue: int) -> str:
    """The same for the same mail, whoever writes it: of a digest by day, person and issue."""
    name = f"{mail.kind}-{uuid.uuid4()}"
    if mail.kind == "digest":
        row = connection.execute(
            "select display_code from desk.staff where user_id = %s", [mail.staff_id]
        ).fetchone()
        code = quote(row[0] if row else "", safe="").replace(".", "%2E")
        name = f"digest-{mail.digest_date}-{code}.{issue}"
    return f"<{name}@daysheet.invalid>"


def _one_line(words: str) -> str:
    """What names of files and DAGs may bring along must not become a header of its own."""
    return " ".join("".join(each if each.isprintable() else " " for each in words).split())


def _storable(body: str) -> str:
    return body.replace("\0", "").encode(errors="replace").decode()
