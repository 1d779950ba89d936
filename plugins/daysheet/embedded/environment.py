"""The environment Airflow and all other parts of a deployment run in."""

import json
import os
import sys
from pathlib import Path

from daysheet.embedded.credentials import write_private
from daysheet.embedded.deployment import WEB_USER, Deployment
from daysheet.embedded.machine import IS_ROOMY
from daysheet.embedded.processes import MARK
from daysheet.settings import PROJECT
from daysheet.warehouse import Role

_NO_LOG_SERVER = "1"  # a port nobody listens on: the pages read the logs from disk


def hostname() -> str:
    """What Airflow calls this machine: one name for life, though a laptop's own may change."""
    return "localhost"


def environment(deployment: Deployment) -> dict[str, str]:
    """Every variable of a part's process; ``AIRFLOW__`` tunables of the caller win over ours."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "AIRFLOW_CONFIG"}
        and not name.startswith(("DAYSHEET_", "AIRFLOW__DATABASE__"))
    }
    scripts = Path(sys.executable).parent
    return {
        **_tuning(),
        **inherited,
        **_settings(deployment),
        **_airflow(deployment),
        **_connections(deployment),
        "PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        MARK: deployment.credentials.mark,
        "SPT_NOENV": "1",  # a process that renames itself must not write over its mark
    }


def write_configuration(deployment: Deployment) -> None:
    """Write the files Airflow reads besides its environment."""
    folder = deployment.home / "airflow"
    (folder / "config").mkdir(parents=True, exist_ok=True)
    (folder / "config" / "airflow_local_settings.py").write_text(_LOCAL_SETTINGS)
    user, password = deployment.login
    write_private(_passwords_file(deployment), json.dumps({user: password}))


def _settings(deployment: Deployment) -> dict[str, str]:
    chosen = deployment.settings.model_dump(mode="json", exclude_none=True)
    return {f"DAYSHEET_{name.upper()}": str(value) for name, value in chosen.items()}


def _tuning() -> dict[str, str]:
    return {
        "AIRFLOW__CORE__PARALLELISM": "8" if IS_ROOMY else "4",
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "10",
        "AIRFLOW__CORE__MAX_TEMPLATED_FIELD_LENGTH": "262144",  # the whole SQL of a model
        # A finished task's slot is else blocked for 5 s every now and then.
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        # Tasks outlast two minutes without API server, and dead ones are noticed in one.
        "AIRFLOW__WORKERS__EXECUTION_API_RETRIES": "8",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "60",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        # A file that changed is parsed at the next refresh; all others would only take a core.
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "120",
        "AIRFLOW__API__INSTANCE_NAME": "Daysheet",
        "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
        # The pages try a log server first for a running task, find none and read the file.
        "AIRFLOW__LOGGING__NAMESPACE_LEVELS": "airflow.utils.log.file_task_handler=CRITICAL",
    }


def _airflow(deployment: Deployment) -> dict[str, str]:
    home, credentials = deployment.home, deployment.credentials
    metadata = deployment.airflow_dsn.removeprefix("postgresql://")
    return {
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__FERNET_KEY": credentials.fernet_key,
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "daysheet.embedded.environment.hostname",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{deployment.url}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{WEB_USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(_passwords_file(deployment)),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{metadata}",
        # `up` sees to it, and lets the API server start in the meantime.
        "AIRFLOW__DATABASE__CHECK_MIGRATIONS": "False",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(deployment.settings.web_port),
        "AIRFLOW__API__BASE_URL": deployment.url,
        "AIRFLOW__API__SECRET_KEY": credentials.api_secret_key,
        "AIRFLOW__API__EXPOSE_CONFIG": "False",
        "AIRFLOW__API_AUTH__JWT_SECRET": credentials.jwt_secret,
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs" / "airflow"),
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(
            home / "logs" / "airflow" / "dag_processor"
        ),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": _NO_LOG_SERVER,
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": _NO_LOG_SERVER,
    }


def _connections(deployment: Deployment) -> dict[str, str]:
    mail = {
        "conn_type": "smtp",
        "host": "127.0.0.1",
        "port": deployment.settings.smtp_port,
        "extra": {
            "disable_ssl": True,
            "disable_tls": True,
            "from_email": "daysheet@practice.example",
        },
    }
    warehouse = {f"AIRFLOW_CONN_DAYSHEET_{role.upper()}": deployment.dsn(role) for role in Role}
    return warehouse | {"AIRFLOW_CONN_SMTP_DEFAULT": json.dumps(mail)}


def _passwords_file(deployment: Deployment) -> Path:
    return deployment.home / "airflow" / "passwords.json"


# Imported by every Airflow process; tasks are forked from the scheduler and find all there.
_LOCAL_SETTINGS = """\
import sys

if any("scheduler" in argument for argument in sys.argv):
    import daysheet.orchestration.preload
"""
