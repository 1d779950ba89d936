"""The local mailbox keeps every mail whole and passes none on."""

import asyncio
import email
import smtplib
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from daysheet.embedded.mailbox import serve
from daysheet.embedded.ports import is_answered
from tests.conftest import free_port


def deliver(folder: Path, messages: list[EmailMessage]) -> list[Path]:
    """Send all at once to a mailbox of ``folder``; return what it kept."""
    port = free_port()

    def send(message: EmailMessage) -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.send_message(message)

    async def run() -> None:
        server = asyncio.create_task(serve(port, folder))
        while not is_answered(port):
            await asyncio.sleep(0.01)
        with ThreadPoolExecutor(8) as senders:
            await asyncio.gather(
                *(asyncio.wrap_future(senders.submit(send, one)) for one in messages)
            )
        server.cancel()

    asyncio.run(run())
    return sorted(folder.iterdir())


def mail(number: int) -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"] = f"Bericht {number} über Zähne", "daysheet@p.example"
    message["To"], message["Bcc"] = "ops@practice.example", "hidden@practice.example"
    message.set_content(f"line one\n.\n.. number {number}\n" + "x" * 2000)
    message.add_alternative("<p>né à</p>", subtype="html")
    return message


def test_every_mail_is_one_file_with_text_subject_and_all_recipients(tmp_path):
    kept = deliver(tmp_path, [mail(number) for number in range(20)])
    assert [path.suffix for path in kept] == [".eml"] * 20
    read = [email.message_from_bytes(path.read_bytes(), policy=default) for path in kept]
    assert {one["Subject"] for one in read} == {mail(number)["Subject"] for number in range(20)}
    for one in read:
        number = one["Subject"].split()[1]
        body = one.get_body(("plain",)).get_content()
        assert body.splitlines()[:3] == ["line one", ".", f".. number {number}"]
        assert "hidden@practice.example" in one["X-Envelope-To"]
