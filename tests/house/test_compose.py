"""The production shape: no default secret, nothing beyond loopback, everything watched."""

import json
import os
import re
import shutil
import subprocess

import pytest
import yaml

from daysheet.embedded.postgres import _SETTINGS as EMBEDDED
from daysheet.settings import PROJECT
from daysheet.warehouse import Role
from daysheet.warehouse.provision import NEEDED_PASSWORDS

COMPOSE = PROJECT / "docker-compose.yaml"
TEXT = COMPOSE.read_text()
SERVICES = yaml.safe_load(TEXT)["services"]
VARIABLE = re.compile(r"\$\{([A-Z_]+)(:\?|:-)?([^}]*)\}")
AIRFLOW_SERVICES = {"api-server", "scheduler", "dag-processor", "triggerer", "worker"}


def example() -> dict[str, str]:
    """Variables of .env.example that must be filled in, with what stands behind them."""
    lines = (PROJECT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and line[0] != "#")


def test_the_services_are_those_of_production():
    assert AIRFLOW_SERVICES | {"postgres", "redis", "mail", "init"} == set(SERVICES)
    for name in AIRFLOW_SERVICES:
        assert SERVICES[name]["environment"]["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    assert "wal_level=replica" in SERVICES["postgres"]["command"]
    assert "--data-checksums" in SERVICES["postgres"]["environment"]["POSTGRES_INITDB_ARGS"]


def test_postgres_logs_no_more_than_the_embedded_one():
    quiet = {name: value for name, value in EMBEDDED.items() if name.startswith("log_")}
    assert len(quiet) >= 4
    for name, value in quiet.items():
        assert f"{name}={value}" in SERVICES["postgres"]["command"]


def test_no_secret_has_a_default():
    found = {name: kind for name, kind, _ in VARIABLE.findall(TEXT)}
    assert len(found) > 10
    secrets = {name for name in found if re.search("PASSWORD|SECRET|KEY", name)}
    assert len(secrets) >= 12
    loose = sorted(name for name in secrets if found[name] != ":?")
    assert not loose, f"write ${{NAME:?see .env.example}} for {loose}"
    assert all(kind for kind in found.values()), "every variable is required or has a default"


def test_the_example_asks_for_every_secret_and_answers_none():
    required = {name for name, kind, _ in VARIABLE.findall(TEXT) if kind == ":?"}
    assert required
    assert set(example()) == required, "keep .env.example and docker-compose.yaml in step"
    filled = [name for name, value in example().items() if value]
    assert not filled, f".env.example must hold no value: {filled}"
    optional = {name for name, kind, _ in VARIABLE.findall(TEXT) if kind == ":-"}
    for name in optional:
        assert f"# {name}=\n" in (PROJECT / ".env.example").read_text(), name


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_is_reached_from_this_machine_only(name):
    for port in SERVICES[name].get("ports", []):
        assert str(port).startswith("127.0.0.1:"), f"{name} would be open to the network: {port}"
    assert SERVICES[name].get("network_mode") is None
    assert not SERVICES[name].get("privileged")


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"init"}))
def test_a_service_is_watched_and_started_again(name):
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", sorted(AIRFLOW_SERVICES))
def test_airflow_starts_when_what_it_needs_is_there(name):
    needs = SERVICES[name]["depends_on"]
    assert needs["init"]["condition"] == "service_completed_successfully"
    assert needs["postgres"]["condition"] == needs["redis"]["condition"] == "service_healthy"


def test_each_service_logs_in_to_the_warehouse_as_what_it_is():
    connection = "AIRFLOW_CONN_DAYSHEET_"
    holders = {
        name: {key.removeprefix(connection).lower() for key in keys}
        for name, service in SERVICES.items()
        if (keys := [key for key in service.get("environment", {}) if connection in key])
    }
    everybody = {str(role) for role in Role}
    # The DAG processor runs what tells ops of a run that failed.
    assert holders == {
        "worker": everybody,
        "triggerer": everybody,
        "dag-processor": {"mailer"},
        "api-server": {"desk", "reader"},
    }
    for name, roles in holders.items():
        for role in roles:
            key = f"{connection}{role.upper()}"
            assert SERVICES[name]["environment"][key] == SERVICES["worker"]["environment"][key]
    for role in Role:
        url = SERVICES["worker"]["environment"][f"{connection}{role.upper()}"]
        assert url.startswith(f"postgresql://daysheet_{role}:${{DAYSHEET_{role.upper()}_PASSWORD:?")


def test_mail_is_encrypted_on_its_way_to_the_catcher():
    catcher = SERVICES["mail"]["environment"]
    assert catcher["MP_SMTP_REQUIRE_STARTTLS"] == "true"
    assert catcher["MP_SMTP_TLS_CERT"] == catcher["MP_SMTP_TLS_KEY"] == "sans:mail"
    for name in AIRFLOW_SERVICES:
        connection = json.loads(SERVICES[name]["environment"]["AIRFLOW_CONN_SMTP_DEFAULT"])
        assert connection["host"] == "mail"
        assert connection["extra"]["disable_ssl"], "the catcher speaks STARTTLS"
        assert not connection["extra"].get("disable_tls"), "mail would be refused: no clear text"
        assert connection["extra"]["ssl_context"] == "none", "its certificate is its own"


def test_init_provisions_every_role():
    given = SERVICES["init"]["environment"]
    assert {f"DAYSHEET_{role.upper()}_PASSWORD" for role in NEEDED_PASSWORDS} <= set(given)
    assert "daysheet migrate" in SERVICES["init"]["command"][-1]
    assert "airflow db migrate" in SERVICES["init"]["command"][-1]


def test_images_are_pinned_to_a_version():
    images = [service["image"] for service in SERVICES.values()]
    assert len(images) > 5
    for image in images:
        _, _, tag = image.partition(":")
        assert tag, image
        assert "latest" not in tag or image.startswith("daysheet:"), image


@pytest.fixture(scope="module")
def compose() -> str:
    """Compose's own command; it checks a file without an engine."""
    found = shutil.which("docker-compose")
    if not found:
        pytest.skip("docker-compose is not installed: the file was checked as YAML only")
    return found


def run_config(compose: str, folder, missing: str = "") -> subprocess.CompletedProcess:
    values = {name: "x1" for name in example() if name != missing} | {"DAYSHEET_DROPS": "./drops"}
    values.pop(missing, None)
    return subprocess.run(
        [compose, "-f", str(COMPOSE), "config", "-q"],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **values},
    )


def test_compose_accepts_the_file(compose, tmp_path):
    if (PROJECT / ".env").exists():
        pytest.skip("a .env lies beside the file")
    done = run_config(compose, tmp_path)
    assert done.returncode == 0, done.stderr


def test_compose_refuses_to_go_without_a_password(compose, tmp_path):
    if (PROJECT / ".env").exists():
        pytest.skip("a .env lies beside the file")
    done = run_config(compose, tmp_path, missing="REDIS_PASSWORD")
    assert done.returncode != 0
    assert "env.example" in done.stderr
