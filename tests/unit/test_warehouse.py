import os
import subprocess
import sys

import psycopg
import pytest

from daysheet.catalog import load_contracts
from daysheet.rendering import render_staging
from daysheet.warehouse import DatabaseFault, session
from daysheet.warehouse.migrate import migrate


def test_migrating_twice_changes_nothing(warehouse):
    migrate(warehouse.admin)
    with session(warehouse.dsn("reader"), "test") as connection:
        assert connection.execute("select build from ops.current_build").fetchall() == [(None,)]


def test_staging_views_render_for_every_contract(warehouse):
    with session(warehouse.dsn("builder"), "test") as connection:
        connection.execute("create schema stage_1")
        for contract in load_contracts().values():
            connection.execute(render_staging(contract, "stage_1", 1))
        connection.execute("select patient_id, guarantor_id from stage_1.opendental__patient")


def test_a_database_error_carries_no_values(warehouse):
    with (
        pytest.raises(DatabaseFault) as caught,
        session(warehouse.dsn("builder"), "t") as connection,
    ):
        connection.execute("select 'Canary Quill'::date")
    assert "Canary" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert "22007" in str(caught.value)


def test_a_reader_may_not_read_names_in_raw(warehouse):
    with (
        pytest.raises(DatabaseFault) as caught,
        session(warehouse.dsn("reader"), "t") as connection,
    ):
        connection.execute('select "LName" from raw.opendental__patient')
    assert caught.value.sqlstate == "42501"
    assert not isinstance(caught.value, psycopg.Error)


@pytest.mark.parametrize("more", [0, 3])
def test_the_server_works_for_a_session_as_nicely_as_who_opened_it_is(warehouse, more):
    script = (
        "import os, pathlib, sys; from daysheet.warehouse import session\n"
        "with session(sys.argv[1], 'test') as connection:\n"
        "    pid = connection.info.backend_pid\n"
        "    group = pathlib.Path(f'/proc/{pid}/autogroup')\n"
        "    nice = os.getpriority(os.PRIO_PROCESS, pid)\n"
        "    print(nice, group.read_text().split()[-1] if group.exists() else nice)"
    )
    done = subprocess.run(
        ["nice", "-n", str(more), sys.executable, "-c", script, warehouse.dsn("builder")],
        check=True,
        capture_output=True,
        text=True,
    )
    nice = str(os.getpriority(os.PRIO_PROCESS, 0) + more)
    assert done.stdout.split() == [nice, nice]
