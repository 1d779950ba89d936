"""A part is told the deployment's own settings, whatever the shell that starts it says."""

import json
from datetime import date
from pathlib import Path

import pytest

from daysheet.embedded.credentials import read_or_make
from daysheet.embedded.deployment import Deployment, NotUp
from daysheet.embedded.environment import environment
from daysheet.embedded.processes import MARK
from daysheet.settings import Settings


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    return Deployment(tmp_path, Settings(home=tmp_path, timezone="Asia/Tokyo", web_port=18080))


def test_parts_get_the_settings_it_was_started_with(deployment, monkeypatch):
    monkeypatch.setenv("DAYSHEET_TIMEZONE", "America/Chicago")
    monkeypatch.setenv("DAYSHEET_AS_OF", "2020-01-01")
    told = environment(deployment)
    assert told["DAYSHEET_TIMEZONE"] == "Asia/Tokyo"
    assert "DAYSHEET_AS_OF" not in told


def test_settings_survive_being_recorded(tmp_path, monkeypatch):
    chosen = Settings(home=tmp_path, timezone="Asia/Tokyo", as_of=date(2026, 1, 31), web_port=1)
    Deployment(tmp_path, chosen).record()
    monkeypatch.setenv("DAYSHEET_WEB_PORT", "2")
    monkeypatch.setenv("DAYSHEET_DROPS_CONN_ID", "chosen_by_the_shell_only")
    recorded = Deployment.recorded(tmp_path)
    assert recorded is not None
    assert recorded.settings == chosen


def test_an_airflow_of_the_caller_is_left_out(deployment, monkeypatch):
    monkeypatch.setenv("AIRFLOW_HOME", "/elsewhere")
    monkeypatch.setenv("AIRFLOW_CONFIG", "/elsewhere/airflow.cfg")
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD", "echo sqlite://")
    monkeypatch.setenv("AIRFLOW__CORE__DAGS_FOLDER", "/elsewhere")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    told = environment(deployment)
    assert told["AIRFLOW_HOME"] == str(deployment.home / "airflow")
    assert not [name for name, value in told.items() if "elsewhere" in value]
    assert "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD" not in told
    assert "PYTHONDONTWRITEBYTECODE" not in told


def test_tuning_may_be_overridden_and_connections_added(deployment, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__PARALLELISM", "3")
    monkeypatch.setenv("AIRFLOW_CONN_BUCKET", "aws://")
    told = environment(deployment)
    assert told["AIRFLOW__CORE__PARALLELISM"] == "3"
    assert told["AIRFLOW_CONN_BUCKET"] == "aws://"


def test_mail_goes_to_the_local_mailbox_and_the_whole_sql_is_kept(deployment):
    told = environment(deployment)
    mail = json.loads(told["AIRFLOW_CONN_SMTP_DEFAULT"])
    assert (mail["host"], mail["port"]) == ("127.0.0.1", deployment.settings.smtp_port)
    assert int(told["AIRFLOW__CORE__MAX_TEMPLATED_FIELD_LENGTH"]) >= 65536
    assert told[MARK] == deployment.credentials.mark


def test_lost_secrets_are_not_replaced_by_ones_the_database_does_not_know(deployment):
    kept = deployment.credentials
    assert read_or_make(deployment.home / "secrets.json") == kept
    (deployment.home / "secrets.json").unlink()
    (deployment.home / "postgres" / "data").mkdir(parents=True)
    with pytest.raises(NotUp, match="put it back"):
        _ = Deployment(deployment.home, deployment.settings).credentials
