"""What becomes of a mail, whatever the server does: sent, tried again, or given up for a reason."""

import asyncio
import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daysheet.mail.outbox import Mail, put, tell_ops
from daysheet.mail.sending import RECIPIENT_INACTIVE, Server, ServerUnusable, send_due
from daysheet.warehouse import DatabaseFault, session
from tests.conftest import free_port
from tests.mail.conftest import DOMAINS, PEOPLE
from tests.mail.scripted_server import ScriptedServer, hang_up, stall

DAY = date(2026, 11, 20)
SENDER = "Daysheet <daysheet@practice.example>"


def way_to(port: int, timeout: float = 0.5) -> Callable:
    """Opens a connection to a port of this machine; ``timeout`` in seconds."""

    @contextmanager
    def open_server() -> Iterator[Server]:
        client = smtplib.SMTP("127.0.0.1", port, timeout=timeout)
        try:
            yield Server(client, SENDER)
        finally:
            client.close()

    return open_server


@pytest.fixture
def smtp() -> Iterator[ScriptedServer]:
    with ScriptedServer() as listening:
        yield listening


@pytest.fixture
def three(db) -> list[int]:
    """A digest for each of three people."""
    return [digest(db, person) for person in PEOPLE]


def digest(db, person: str, text: str = "4 claims") -> int:
    mail = Mail(
        "digest",
        f"{person}@practice.example",
        "4 claims",
        text,
        f"<p>{text}</p>",
        person,
        DAY,
        line_count=4,
    )
    mail_id = put(db, mail, domains=DOMAINS)
    assert mail_id
    return mail_id


def states(db) -> list[tuple]:
    return db.execute("select state, attempts, problem from ops.mail order by mail_id").fetchall()


def make_due(admin) -> None:
    admin.execute("update ops.mail set next_attempt_at = now() where state = 'pending'")


def test_each_mail_is_sent_once_over_one_connection(db, three, smtp):
    done = send_due(db, way_to(smtp.port))
    assert [(mail.mail_id, mail.staff_id, mail.line_count, mail.state) for mail in done] == [
        (mail_id, person, 4, "sent") for mail_id, person in zip(three, PEOPLE, strict=True)
    ]
    assert smtp.recipients == [f"{person}@practice.example" for person in PEOPLE]
    assert smtp.connections == 1
    assert states(db) == [("sent", 1, None)] * 3
    assert send_due(db, way_to(smtp.port)) == []
    assert len(smtp.taken) == 3


def test_a_message_is_text_and_html_alike_and_says_that_a_machine_wrote_it(db, smtp, admin):
    digest(db, "vera", "é costs $4\n.\nFrom there\n" + "x" * 3000)
    admin.execute("update ops.mail set created_at = '2026-11-20 08:00+00'")
    send_due(db, way_to(smtp.port))
    (message,) = smtp.taken
    assert message["Message-ID"] == "<digest-2026-11-20-VC.1@daysheet.invalid>"
    assert message["From"] == SENDER
    assert message["To"] == "vera@practice.example"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"] == "Fri, 20 Nov 2026 08:00:00 +0000", "the same at each try"
    assert message.get_content_type() == "multipart/alternative"
    plain, html = message.iter_parts()
    assert plain.get_content().splitlines() == ["é costs $4", ".", "From there", "x" * 3000]
    assert html.get_content_type() == "text/html"
    assert html.get_content().startswith("<p>é costs $4")
    assert message.as_bytes().isascii()


def test_only_those_asked_for_are_sent(db, three, smtp):
    assert [mail.mail_id for mail in send_due(db, way_to(smtp.port), only=three[1:2])] == [three[1]]
    assert send_due(db, way_to(smtp.port), only=[]) == []
    assert smtp.recipients == ["boris@practice.example"]


def test_without_anything_due_no_server_is_asked(db):
    def open_server():
        raise AssertionError("nothing is due")

    assert send_due(db, open_server) == []


@pytest.mark.parametrize(
    ("command", "answer", "state", "problem"),
    [
        ("RCPT", "550 5.1.1 no vera here", "failed", "refused 550"),
        ("RCPT", "451 4.7.1 vera is greylisted", "pending", "put_off 451"),
        ("RCPT", "421 4.3.2 vera, closing", "pending", "put_off 421"),
        ("RCPT", stall, "pending", "timeout"),
        ("RCPT", hang_up, "pending", "connection_lost"),
        ("DATA", "554 5.6.0 vera: content", "failed", "refused 554"),
        ("DATA", "452 4.3.1 full of vera", "pending", "put_off 452"),
        ("DATA", stall, "pending", "timeout"),
        ("DATA", hang_up, "pending", "connection_lost"),
    ],
)
def test_trouble_with_one_of_three_is_no_trouble_for_the_others(
    db, three, smtp, command, answer, state, problem
):
    smtp.answer(command, answer, "boris@practice.example")
    done = send_due(db, way_to(smtp.port))
    assert [(mail.state, mail.problem) for mail in done] == [
        ("sent", None),
        (state, problem),
        ("sent", None),
    ]
    assert [mail.is_trouble for mail in done] == [False, True, False]
    assert states(db) == [("sent", 1, None), (state, 1, problem), ("sent", 1, None)]
    others = [address for address in smtp.recipients if address != "boris@practice.example"]
    assert others == ["vera@practice.example", "lena@practice.example"]


@pytest.mark.parametrize("answer", ["530 5.7.0 log in first", "421 later", "553 not your address"])
def test_a_server_that_refuses_the_sender_costs_no_mail(db, three, smtp, admin, answer):
    smtp.answer("MAIL", answer)
    done = send_due(db, way_to(smtp.port))
    assert [(mail.state, mail.problem) for mail in done] == [
        ("pending", f"sender {answer[:3]}")
    ] * 3
    smtp.behave()
    make_due(admin)
    send_due(db, way_to(smtp.port))
    assert [state for state, _, _ in states(db)] == ["sent"] * 3


@pytest.mark.parametrize("answer", [stall, hang_up])
def test_a_server_that_loses_every_connection_is_soon_left_alone(db, smtp, answer):
    for number in range(6):
        tell_ops(db, f"cause {number}", "ops@practice.example", "s", "t", "<p>t</p>")
    smtp.answer("RCPT", answer)
    done = send_due(db, way_to(smtp.port))
    assert [mail.state for mail in done] == ["pending"] * 6
    assert smtp.connections == 3
    assert {attempts for _, attempts, _ in states(db)} == {1}


def test_connections_lost_now_and_then_do_not_stop_the_others(db, smtp):
    for number in range(8):
        tell_ops(db, f"cause {number}", f"ops{number % 2}@practice.example", "s", "t", "<p>t</p>")
    smtp.answer("RCPT", hang_up, "ops1@practice.example")
    done = send_due(db, way_to(smtp.port))
    assert [mail.state for mail in done] == ["sent", "pending"] * 4


def test_a_lost_connection_is_closed_before_the_next_is_opened(db, three, smtp):
    most, now = 0, 0

    @contextmanager
    def open_server() -> Iterator[Server]:
        nonlocal most, now
        now += 1
        most = max(most, now)
        with way_to(smtp.port)() as server:
            yield server
        now -= 1

    smtp.answer("DATA", hang_up)
    send_due(db, open_server)
    assert (most, now) == (1, 0)


def test_a_mail_that_is_due_again_before_the_others_are_through_waits_for_the_next_run(
    db, three, smtp, admin
):
    async def take_long(_) -> str:
        admin.execute("update ops.mail set next_attempt_at = now() where attempts > 0")
        return "250 taken"

    smtp.answer("RCPT", "451 later", "vera@practice.example")
    smtp.answer("RCPT", take_long, "lena@practice.example")
    done = send_due(db, way_to(smtp.port))
    assert [mail.state for mail in done] == ["pending", "sent", "sent"]


def test_a_server_that_is_down_for_a_day_loses_nothing(db, three, admin):
    port = free_port()
    waits = []
    for _ in range(26):
        done = send_due(db, way_to(port))
        assert [mail.problem for mail in done] == ["connection_refused"] * 3
        waits.append(db.execute("select max(next_attempt_at - now()) from ops.mail").fetchone()[0])
        make_due(admin)
    assert [round(wait.total_seconds() / 60) for wait in waits] == [1, 5, 15, *[60] * 23]
    admin.execute("update ops.mail set created_at = now() - interval '1 day'")
    with ScriptedServer(port) as smtp:
        done = send_due(db, way_to(port))
    assert [mail.state for mail in done] == ["sent"] * 3
    assert states(db) == [("sent", 27, None)] * 3
    assert len(smtp.taken) == 3


def test_nothing_is_tried_before_its_time(db, three):
    assert len(send_due(db, way_to(free_port()))) == 3
    assert send_due(db, way_to(free_port())) == []


def test_after_five_days_a_mail_is_given_up_and_says_why(db, three, admin):
    admin.execute("update ops.mail set created_at = now() - interval '119 hours'")
    admin.execute(
        "update ops.mail set created_at = now() - interval '121 hours' where mail_id = %s",
        [three[0]],
    )
    done = send_due(db, way_to(free_port()))
    assert [mail.state for mail in done] == ["failed", "pending", "pending"]
    assert states(db)[0] == ("failed", 1, "connection_refused")


def test_a_mail_that_was_taken_without_an_answer_comes_twice_and_is_told_to_be_one(
    db, three, smtp, admin
):
    smtp.answer("DATA", hang_up, "boris@practice.example")
    send_due(db, way_to(smtp.port))
    smtp.behave()
    make_due(admin)
    send_due(db, way_to(smtp.port))
    assert states(db) == [("sent", 1, None), ("sent", 2, None), ("sent", 1, None)]
    ids = [message["Message-ID"] for message in smtp.taken]
    assert len(ids) == 4
    assert sorted(map(ids.count, set(ids))) == [1, 1, 2]
    twice = [each for each in smtp.taken if each["To"] == "boris@practice.example"]
    assert twice[0]["Message-ID"] == twice[1]["Message-ID"]


def test_a_sender_killed_between_acceptance_and_commit_leaves_one_duplicate(
    db, three, smtp, admin, warehouse
):
    async def kill_the_sender(_) -> str:
        admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'killed' and datname = current_database()"
        )
        return "250 taken"

    smtp.answer("DATA", kill_the_sender, "boris@practice.example")
    with (
        pytest.raises(DatabaseFault),
        session(warehouse.dsn("mailer"), "killed", autocommit=True) as connection,
    ):
        send_due(connection, way_to(smtp.port))
    assert [state for state, _, _ in states(db)] == ["sent", "pending", "pending"]
    smtp.behave()
    send_due(db, way_to(smtp.port))
    assert [state for state, _, _ in states(db)] == ["sent"] * 3
    assert smtp.recipients.count("boris@practice.example") == 2
    assert len({message["Message-ID"] for message in smtp.taken}) == 3
    assert len(smtp.taken) == 4


def test_two_senders_at_once_send_each_mail_once(db, smtp, warehouse):
    for number in range(20):
        tell_ops(db, f"cause {number}", "ops@practice.example", "s", "t", "<p>t</p>")
    senders = set()

    async def wait_for_the_other(session) -> str:
        senders.add(session)
        for _ in range(500):
            if len(senders) == 2:
                return "250 taken"
            await asyncio.sleep(0.01)
        return "451 there is no other"

    smtp.answer("DATA", wait_for_the_other)
    done: list[int] = []

    def send() -> None:
        with session(warehouse.dsn("mailer"), "sender", autocommit=True) as connection:
            done.extend(mail.mail_id for mail in send_due(connection, way_to(smtp.port, 10)))

    threads = [Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(senders) == 2, "they never met"
    assert [state for state, _, _ in states(db)] == ["sent"] * 20
    assert len(done) == len(set(done)) == 20
    assert len(smtp.taken) == len({message["Message-ID"] for message in smtp.taken}) == 20


@pytest.mark.parametrize("problem", ["tls_required", "no_from_email"])
def test_a_way_that_no_mail_may_take_keeps_every_mail(db, three, problem):
    @contextmanager
    def open_server():
        raise ServerUnusable(problem)
        yield

    done = send_due(db, open_server)
    assert [(mail.state, mail.problem) for mail in done] == [("pending", problem)] * 3


def test_who_left_while_the_mail_waited_does_not_get_it(db, three, smtp, admin):
    admin.execute("update desk.staff set active = false where user_id = 'boris'")
    done = send_due(db, way_to(smtp.port))
    assert [(mail.state, mail.is_trouble) for mail in done] == [
        ("sent", False),
        ("failed", False),
        ("sent", False),
    ]
    assert done[1].problem == RECIPIENT_INACTIVE
    assert "boris@practice.example" not in smtp.recipients


def test_a_mail_that_cannot_be_written_does_not_stop_the_others(db, three, smtp, admin):
    admin.execute(
        "update ops.mail set recipient = E'v@practice.example\\r\\nBcc: x@evil.example'"
        " where mail_id = %s",
        [three[0]],
    )
    done = send_due(db, way_to(smtp.port))
    assert [mail.problem for mail in done] == ["not_a_message", None, None]
    assert not [command for command in smtp.commands if "evil" in command]


def test_what_a_server_says_is_not_kept(db, three, smtp):
    smtp.answer("RCPT", "550 the claim of Jane Roe")
    done = send_due(db, way_to(smtp.port))
    assert "Jane" not in str(done) + str(states(db))


@given(subject=st.text(), text=st.text(), name=st.text(max_size=12))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_a_mail_says_it_has_one_recipient_and_our_headers(db, smtp, subject, text, name):
    cause = f"{len(smtp.taken)} {name}"
    assert tell_ops(db, cause, "ops@practice.example", subject, text, text)
    assert tell_ops(db, cause, "ops@practice.example", subject, text, text) is None
    assert [mail.state for mail in send_due(db, way_to(smtp.port))] == ["sent"]
    assert set(smtp.recipients) == {"ops@practice.example"}
    assert set(smtp.taken[-1].keys()) == {
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
    }
    assert len(list(smtp.taken[-1].iter_parts())) == 2
