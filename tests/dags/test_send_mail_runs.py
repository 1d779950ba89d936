"""The hourly sender, for real: green when all was taken, red when not, and its page says why."""

import json
import os
from collections.abc import Iterator
from datetime import date

import psycopg
import pytest

from daysheet.mail.outbox import Mail, put
from tests.mail.scripted_server import ScriptedServer

pytestmark = pytest.mark.airflow

DAY = date(2026, 11, 20)


@pytest.fixture
def outbox(warehouse) -> Iterator[psycopg.Connection]:
    """A superuser's session, on a digest each for three people."""
    with psycopg.connect(warehouse.admin, autocommit=True) as admin:
        for person in ("vera", "boris", "lena"):
            address = f"{person}@practice.example"
            admin.execute(
                "insert into desk.staff (user_id, display_code, email, desk_role)"
                " values (%s, %s, %s, 'biller')",
                [person, person[:2], address],
            )
            mail = Mail("digest", address, "s", "t", "<p>t</p>", person, DAY, line_count=4)
            put(admin, mail, domains={"practice.example"})
        yield admin


@pytest.fixture
def smtp(run_dag, monkeypatch) -> Iterator[ScriptedServer]:
    """What ``smtp_default`` leads to."""
    with ScriptedServer() as listening:
        extra = {"disable_ssl": True, "disable_tls": True, "from_email": "daysheet@b.example"}
        connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": listening.port}
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(connection | {"extra": extra}))
        yield listening


def digests_to(smtp: ScriptedServer) -> list[str]:
    return [address for address in smtp.recipients if address != "ops@practice.example"]


def report(run) -> str:
    from airflow.models.renderedtifields import RenderedTaskInstanceFields

    return RenderedTaskInstanceFields.get_templated_fields(run.get_task_instance("send"))["report"]


def test_the_run_says_who_was_mailed_how_many_lines(run_dag, outbox, smtp):
    run = run_dag("send_mail")
    assert run.get_task_instance("send").state == "success"
    assert report(run).splitlines() == [
        "mail 1: digest for vera, 4 lines: sent",
        "mail 2: digest for boris, 4 lines: sent",
        "mail 3: digest for lena, 4 lines: sent",
    ]
    assert len(digests_to(smtp)) == 3
    again = run_dag("send_mail")
    assert again.get_task_instance("send").state == "skipped"
    assert len(digests_to(smtp)) == 3


def test_one_mail_that_is_refused_makes_the_run_red_and_the_others_are_sent(run_dag, outbox, smtp):
    smtp.answer("RCPT", "550 no boris here", "boris@practice.example")
    run = run_dag("send_mail")
    assert run.get_task_instance("send").state == "failed"
    assert report(run).splitlines()[1] == "mail 2: digest for boris, 4 lines: failed (refused 550)"
    assert digests_to(smtp) == ["vera@practice.example", "lena@practice.example"]
    assert "ops@practice.example" in smtp.recipients


def test_a_server_that_is_down_is_seen_by_ops_and_recovers_by_itself(
    run_dag, outbox, smtp, monkeypatch
):
    listening = json.loads(os.environ["AIRFLOW_CONN_SMTP_DEFAULT"])
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(listening | {"port": 1}))
    run = run_dag("send_mail")
    assert run.state == "failed"
    assert report(run).count("pending (connection_refused)") == 3
    outbox.execute("update ops.mail set next_attempt_at = now()")
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(listening))
    assert run_dag("send_mail").get_task_instance("send").state == "success"
    assert len(digests_to(smtp)) == 3
    assert smtp.recipients.count("ops@practice.example") == 1, "ops hear of it when they can"


def test_who_has_left_makes_no_run_red(run_dag, outbox, smtp):
    outbox.execute("update desk.staff set active = false where user_id = 'boris'")
    run = run_dag("send_mail")
    assert run.get_task_instance("send").state == "success"
    assert "mail 2: digest for boris, 4 lines: failed (recipient_inactive)" in report(run)
