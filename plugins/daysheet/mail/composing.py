"""Make the message of a mail: text and HTML alike, no attachment, nothing to be fetched."""

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP

# A message is made of ASCII throughout, for any server.
_POLICY = SMTP.clone(cte_type="7bit")


def compose(  # noqa: PLR0917  the parts of a message
    sender: str,
    recipient: str,
    message_id: str,
    written_at: datetime,
    subject: str,
    text: str,
    html: str,
) -> EmailMessage:
    """The message, with the same id and date at each try."""
    message = EmailMessage(_POLICY)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = subject
    message["Date"] = written_at
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"  # so that absence notes are not sent back
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message
