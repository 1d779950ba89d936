"""Mail to ops: says what to do, comes once a cause and hour, and without the warehouse too."""

import psycopg
import pytest

from daysheet.orchestration import notify
from daysheet.settings import get_settings
from tests.conftest import free_port

pytestmark = pytest.mark.airflow

DAG = "revenue_cycle_daily"


@pytest.fixture
def fail(dagbag, connected, mailbox):
    """Call a DAG's callback as the dag-processor does for a run that failed without a task."""

    def call(dag_id: str = DAG) -> None:
        dag = dagbag.dags[dag_id]
        dag.on_failure_callback({"dag": dag, "run_id": "manual__1", "reason": "task_failure"})

    return call


@pytest.fixture
def no_warehouse(connected, monkeypatch, tmp_path):
    """Nobody listens where the warehouse was."""
    nowhere = f"postgresql://daysheet_mailer:x@127.0.0.1:{free_port()}/none"
    monkeypatch.setenv("AIRFLOW_CONN_DAYSHEET_MAILER", nowhere)
    monkeypatch.setenv("DAYSHEET_HOME", str(tmp_path / "home"))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def plain(mail) -> str:
    return mail.get_body(("plain",)).get_content()


def test_a_failed_run_is_mailed_with_what_it_means_and_what_to_do(run_dag, mails):
    run = run_dag(DAG, as_of="2999-01-01")
    assert run.state == "failed"
    (mail,) = mails()
    assert mail["to"] == "ops@practice.example"
    assert mail["subject"] == f"[Daysheet] {DAG} failed"
    assert f"The run {run.run_id} of {DAG} failed at task fix_day." in plain(mail)
    html = mail.get_body(("html",)).get_content()
    for told in (plain(mail), html):
        assert "What it means" in told
        assert "What to do" in told
        assert f"/dags/{DAG}/runs/manual__" in told


def test_every_dag_has_words_of_its_own(dagbag, fail, mails):
    for dag_id in dagbag.dags:
        fail(dag_id)
    meanings = {
        mail["subject"].split()[1]: plain(mail).partition("What it means: ")[2].splitlines()[0]
        for mail in mails()
    }
    assert meanings.keys() == dagbag.dags.keys()
    phases = {dag_id for dag_id in dagbag.dags if dag_id.startswith("phase_")}
    assert len(set(meanings.values())) == len(meanings) - len(phases) + 1  # phases share theirs


def test_twenty_failures_are_one_mail_and_the_next_counts_them(fail, connected, mails):
    for _ in range(20):
        fail()
    (first,) = mails()
    assert "since" not in plain(first).lower()
    with psycopg.connect(connected.admin) as db:
        db.execute("update ops.mail set created_at = created_at - interval '61 minutes'")
    fail()
    fail("morning")
    _, next_one, other = mails()
    assert "Since the last mail about this it happened 19 more times." in plain(next_one)
    assert other["subject"] == "[Daysheet] morning failed"


def test_without_a_warehouse_it_is_sent_directly_once_an_hour(
    fail, no_warehouse, mails, monkeypatch
):
    for _ in range(3):
        fail()
    assert [mail["subject"] for mail in mails()] == [f"[Daysheet] {DAG} failed"]
    assert mails()[0]["message-id"]
    fail("morning")
    assert len(mails()) == 2
    now = notify.time.time()
    monkeypatch.setattr(notify.time, "time", lambda: now + 3600)
    fail()
    assert len(mails()) == 3
    assert len(list((get_settings().home / "told").iterdir())) == 1


def test_what_no_server_took_is_sent_directly_when_there_is_one(
    fail, no_warehouse, mails, monkeypatch
):
    with monkeypatch.context() as without_server:
        nowhere = (
            f'{{"conn_type": "smtp", "host": "127.0.0.1", "port": {free_port()},'
            ' "extra": {"disable_ssl": true, "disable_tls": true, "from_email": "a@b.example"}}'
        )
        without_server.setenv("AIRFLOW_CONN_SMTP_DEFAULT", nowhere)
        fail()
    assert mails() == []
    fail()
    assert len(mails()) == 1


def test_a_server_that_is_down_leaves_the_mail_in_the_outbox(fail, connected, mails, monkeypatch):
    nowhere = (
        f"smtp://127.0.0.1:{free_port()}/?disable_ssl=true&disable_tls=true&from_email=a%40b.c"
    )
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", nowhere)
    fail()
    with psycopg.connect(connected.admin) as db:
        assert db.execute("select kind, state, cause from ops.mail").fetchall() == [
            ("ops", "pending", f"{DAG} failed")
        ]
    assert mails() == []


def test_a_run_that_is_late_is_mailed_by_the_callback_of_its_deadline(dagbag, connected, mails):
    from airflow.sdk.execution_time.callback_supervisor import execute_callback, log

    late = {dag_id: dag.deadline for dag_id, dag in dagbag.dags.items() if dag.deadline}
    assert DAG in late
    for dag_id, deadlines in late.items():
        (deadline,) = deadlines if isinstance(deadlines, list) else [deadlines]
        for state in ("failed", "running"):
            run = {"dag_id": dag_id, "dag_run_id": f"asset__{state}", "state": state}
            kwargs = deadline.callback.kwargs | {"context": {"dag_run": run}}
            assert execute_callback(deadline.callback.path, kwargs, "", None, log) == (True, None)
    told = {mail["subject"]: plain(mail) for mail in mails()}
    assert told.keys() == {f"[Daysheet] {dag_id} is late" for dag_id in late}
    daily = told[f"[Daysheet] {DAG} is late"]
    assert "asset__running" in daily, "that a run failed was told when it failed"
    assert "is not done after 60 minutes." in daily


def test_names_that_hold_markup_stay_text(connected, mails):
    row = ("<b>a_b</b>", "&")
    notify.tell(notify.Notice("c", "s", "<i>h</i>", "m", "t", "l", ("x", "y"), (row,)))
    html = mails()[0].get_body(("html",)).get_content()
    assert "&lt;b&gt;a_<wbr>b&lt;/b&gt;" in html
    assert "&lt;i&gt;h" in html
    assert "<b>a" not in html
