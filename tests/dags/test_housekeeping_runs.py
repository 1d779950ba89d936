"""The nightly run: it ends well over a whole audit, and calls ops for one that was changed."""

import psycopg
import pytest

pytestmark = pytest.mark.airflow

WRITE = "insert into ops.audit (actor, action, subject) values ('tester', 'look', %s)"
CHANGE = "update ops.audit set actor = 'nobody' where subject = 'first'"


@pytest.fixture
def audited(connected) -> psycopg.Connection:
    """The warehouse's superuser, after two sealed rows of the audit."""
    with psycopg.connect(connected.admin, autocommit=True) as db:
        for subject in ("first", "second"):
            db.execute(WRITE, [subject])
        yield db


def _state_of(run, task_id: str) -> str:
    return run.get_task_instance(task_id).state


def test_a_night_over_a_whole_audit_mails_nobody(run_dag, audited, mails):
    run = run_dag("housekeeping")
    assert run.state == "success"
    assert mails() == []


def test_an_audit_that_was_changed_is_told_to_ops_and_the_rest_of_the_night_is_done(
    run_dag, audited, mails
):
    audited.execute("set session_replication_role = 'replica'")  # past the triggers, as only it can
    audited.execute(CHANGE)
    run = run_dag("housekeeping")
    assert run.state == "failed"
    assert _state_of(run, "tidy") == "success"
    assert _state_of(run, "verify_audit") == "failed"
    (mail,) = mails()
    assert mail["subject"] == "[Daysheet] the audit is not verified"
    assert "daysheet audit verify" in mail.get_body(("plain",)).get_content()
