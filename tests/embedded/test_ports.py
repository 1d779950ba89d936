"""A taken port is named, with who has it and what to set, before anything is started."""

import os
import socket
from collections.abc import Iterator

import pytest

from daysheet.embedded.ports import PortTaken, is_free, require_free, user_of
from tests.conftest import free_port
from tests.embedded.conftest import Home


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_taken_port_is_named_with_its_user_and_the_variable_to_set(taken_port):
    with pytest.raises(PortTaken) as problem:
        require_free({"web_port": free_port(), "smtp_port": taken_port})
    assert f"port {taken_port} " in str(problem.value)
    assert f"process {os.getpid()}" in str(problem.value)
    assert "DAYSHEET_SMTP_PORT" in str(problem.value)
    assert "DAYSHEET_WEB_PORT" not in str(problem.value)


def test_a_port_taken_on_all_interfaces_is_taken():
    with socket.create_server(("", 0)) as server:
        assert not is_free(server.getsockname()[1])
        assert user_of(server.getsockname()[1])


def test_one_port_for_two_parts_is_refused():
    port = free_port()
    with pytest.raises(PortTaken, match="DAYSHEET_WEB_PORT and DAYSHEET_SMTP_PORT"):
        require_free({"web_port": port, "smtp_port": port})


def test_a_port_just_closed_is_free_at_once():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), server.accept()[0]:
            pass
    assert is_free(port)
    assert user_of(port) is None


def test_up_starts_nothing_when_a_port_is_taken(home: Home, taken_port: int):
    refused = home.run("up", DAYSHEET_SMTP_PORT=str(taken_port))
    assert refused.returncode == 1
    assert refused.stderr.startswith("daysheet: port ")
    assert "DAYSHEET_SMTP_PORT" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (home.folder / "postgres").exists()
    assert not list((home.folder / "run").iterdir())
