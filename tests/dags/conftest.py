"""A real Airflow with a metadata database of its own, and DAGs run in this process."""

import copy
import email
import logging
import os
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from daysheet.warehouse import Role
from tests.conftest import AIRFLOW_HOME, Warehouse, free_port


@pytest.fixture(scope="session")
def airflow() -> None:
    """A migrated Airflow metadata database (sqlite: nothing here needs a scheduler)."""
    from airflow.utils.db import initdb

    initdb()
    from airflow.models.pool import Pool

    for pool in ("warehouse", "ingest"):
        Pool.create_or_update_pool(pool, slots=2, description="", include_deferred=False)


@pytest.fixture(scope="session")
def dagbag(airflow):
    """All DAGs of the project, parsed once."""
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])


@pytest.fixture
def mailbox(tmp_path, monkeypatch) -> Iterator[Path]:
    """The folder where this test's mails arrive, one file each."""
    from aiosmtpd.controller import Controller

    from daysheet.embedded.mailbox import Mailbox

    controller = Controller(Mailbox(tmp_path), hostname="127.0.0.1", port=free_port())
    controller.start()
    monkeypatch.setenv(
        "AIRFLOW_CONN_SMTP_DEFAULT",
        f'{{"conn_type": "smtp", "host": "127.0.0.1", "port": {controller.port},'
        ' "extra": {"disable_ssl": true, "disable_tls": true, "from_email": "a@b.example"}}',
    )
    yield tmp_path
    controller.stop()


@pytest.fixture
def mails(mailbox) -> Callable[[], list[EmailMessage]]:
    """Look into the mailbox: what arrived so far, in that order."""
    return lambda: [
        email.message_from_bytes(path.read_bytes(), policy=default)
        for path in sorted(mailbox.glob("*.eml"))
    ]


@pytest.fixture
def connected(warehouse, monkeypatch) -> Warehouse:
    """This test's warehouse, to which Airflow's connections lead."""
    for role in Role:
        monkeypatch.setenv(f"AIRFLOW_CONN_DAYSHEET_{role.upper()}", warehouse.dsn(role))
    return warehouse


@pytest.fixture
def run_dag(dagbag, connected, mailbox, monkeypatch) -> Callable:
    """Run a DAG to its end against this test's warehouse; returns its run."""
    from airflow.sdk.definitions._internal.expandinput import EXPAND_INPUT_EMPTY
    from airflow.sdk.definitions._internal.types import NOTSET

    # Tasks know that nothing was given, or is mapped, by these very objects: a copy keeps them.
    itself = (EXPAND_INPUT_EMPTY, NOTSET)

    def run(dag_id: str, **conf):
        # dag.test() keeps a run's conf in the DAG's params, so each run gets a DAG of its own.
        dag = copy.deepcopy(dagbag.dags[dag_id], {id(each): each for each in itself})
        monkeypatch.setattr(dag, "deadline", None)  # dag.test() of 3.3.2 breaks on a deadline
        return dag.test(run_conf=conf, logical_date=None)

    logging.getLogger("airflow").setLevel(logging.WARNING)
    assert AIRFLOW_HOME.exists()
    return run
