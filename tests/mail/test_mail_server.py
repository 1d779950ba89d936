"""The way to a server by Airflow's connection: encrypted, or on loopback, or not at all."""

import json
import smtplib
import socket
from collections.abc import Callable, Iterator

import pytest

from daysheet.mail.outbox import tell_ops
from tests.conftest import free_port
from tests.mail.certificates import make_certificate
from tests.mail.scripted_server import ScriptedServer

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning"),
]

PLAIN = {"disable_ssl": True, "disable_tls": True}
STARTTLS = {"disable_ssl": True}
TLS = {"disable_tls": True}


@pytest.fixture
def connect(monkeypatch) -> Callable:
    """Says what ``smtp_default`` is."""

    def say(port: int, extra: dict, host: str = "localhost", **given: str) -> None:
        common = {"timeout": 1, "from_email": "Daysheet <daysheet@practice.example>"}
        connection = {"conn_type": "smtp", "host": host, "port": port, **given}
        connection["extra"] = {**common, **extra}
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(connection))

    return say


@pytest.fixture
def send(db) -> Callable:
    """Sends one mail by ``smtp_default`` and tells what became of it."""
    from daysheet.orchestration import mail_server

    tell_ops(db, "cause", "ops@practice.example", "s", "t", "<p>t</p>")

    def run() -> tuple[str, str | None]:
        (mail,) = mail_server.send(db)
        return mail.state, mail.problem

    return run


@pytest.fixture
def certificate(tmp_path):
    return make_certificate(tmp_path)


@pytest.fixture
def trusted(certificate, monkeypatch) -> None:
    """This machine trusts the certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))


@pytest.fixture
def starttls(certificate) -> Iterator[ScriptedServer]:
    with ScriptedServer(starttls=certificate[0]) as listening:
        yield listening


def test_the_client_is_the_one_airflow_connected(connect):
    from daysheet.orchestration.mail_server import open_server

    with ScriptedServer() as smtp:
        connect(smtp.port, PLAIN)
        with open_server() as server:
            assert isinstance(server.client, smtplib.SMTP), "SmtpHook keeps its client elsewhere"
            assert server.client.noop()[0] == 250
            assert server.sender == "Daysheet <daysheet@practice.example>"


def test_mail_on_loopback_may_go_in_clear_text(connect, send):
    with ScriptedServer() as smtp:
        connect(smtp.port, PLAIN, host="127.0.0.1")
        assert send() == ("sent", None)


@pytest.mark.usefixtures("trusted")
def test_mail_goes_by_starttls(connect, send, starttls):
    connect(starttls.port, STARTTLS)
    assert send() == ("sent", None)
    assert len(starttls.taken) == 1


@pytest.mark.usefixtures("trusted")
def test_mail_goes_by_tls_from_the_first_byte(connect, send, certificate):
    with ScriptedServer(tls=certificate[0]) as smtp:
        connect(smtp.port, TLS)
        assert send() == ("sent", None)


@pytest.mark.parametrize("extra", [STARTTLS, TLS])
def test_a_certificate_nobody_vouches_for_gets_no_mail(connect, send, certificate, extra):
    kind = "starttls" if extra is STARTTLS else "tls"
    with ScriptedServer(**{kind: certificate[0]}) as smtp:
        connect(smtp.port, extra)
        assert send() == ("pending", "tls")
        assert smtp.commands == []


def test_a_certificate_of_another_name_gets_no_mail(connect, send, tmp_path, monkeypatch):
    context, file = make_certificate(tmp_path, "other.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with ScriptedServer(starttls=context) as smtp:
        connect(smtp.port, STARTTLS)
        assert send() == ("pending", "tls")
        assert smtp.commands == []


def test_a_mail_catcher_may_sign_its_own_certificate(connect, send, starttls):
    connect(starttls.port, STARTTLS | {"ssl_context": "none"})
    assert send() == ("sent", None)


def test_a_server_that_offers_no_tls_gets_no_mail(connect, send):
    with ScriptedServer() as smtp:
        connect(smtp.port, STARTTLS)
        assert send() == ("pending", "tls_or_login_not_offered")
        assert smtp.commands == []


@pytest.mark.parametrize(
    "host",
    [
        "mail.practice.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "10.0.0.5",
        "0.0.0.0",
        "2130706433",
        "::ffff:10.0.0.5",
        "",
    ],
)
@pytest.mark.parametrize("extra", [PLAIN, {"disable_ssl": "false", "disable_tls": "false"}])
def test_clear_text_to_another_machine_is_refused_before_anything_is_sent(
    connect, db, monkeypatch, host, extra
):
    from daysheet.orchestration.mail_server import TlsRequired, open_server

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("it connects")

    connect(free_port(), extra, host=host)
    monkeypatch.setattr(smtplib.SMTP, "__init__", refuse)
    with pytest.raises(TlsRequired), open_server():
        pass


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9"])
def test_loopback_is_asked_in_clear_text(connect, send, host):
    connect(free_port(), PLAIN, host=host)
    assert send() == ("pending", "connection_refused")


@pytest.mark.parametrize(
    ("password", "state", "problem"),
    [
        ("right", "sent", None),
        ("wrong", "pending", "login 535"),
    ],
)
def test_a_login_that_is_refused_keeps_the_mail(connect, send, password, state, problem):
    with ScriptedServer(password="right") as smtp:
        connect(smtp.port, PLAIN, login="daysheet", password=password)
        assert send() == (state, problem)
        assert len(smtp.taken) == (state == "sent")


def test_a_server_that_says_nothing_is_asked_once_and_not_waited_for(connect, send):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        connect(listening.getsockname()[1], PLAIN)
        assert send() == ("pending", "timeout")
        listening.setblocking(False)
        listening.accept()
        with pytest.raises(BlockingIOError):
            listening.accept()


def test_a_connection_without_sender_or_none_at_all_is_told(connect, send, admin, monkeypatch):
    connect(free_port(), PLAIN | {"from_email": ""})
    assert send() == ("pending", "no_from_email")
    admin.execute("update ops.mail set next_attempt_at = now()")
    monkeypatch.delenv("AIRFLOW_CONN_SMTP_DEFAULT")
    assert send() == ("pending", "no_connection")


def test_a_token_that_cannot_be_had_is_told_without_what_was_said(connect, send):
    with ScriptedServer() as smtp:
        connect(smtp.port, PLAIN | {"auth_type": "oauth2"}, login="daysheet")
        assert send() == ("pending", "no_token")
        assert smtp.commands == []
