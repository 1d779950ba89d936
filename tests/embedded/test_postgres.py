"""The server from the wheel: starts after whatever happened, ends with all its processes."""

import os
import secrets
import signal
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from daysheet.embedded.postgres import Server
from daysheet.embedded.processes import titled
from tests.conftest import free_port

# Keeps a backend busy where it does not notice that its postmaster is gone.
BUSY = "select count(*) from generate_series(1, 20000000000::bigint)"


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("own"), free_port(), secrets.token_urlsafe(8))
    server.start(shared_buffers="32MB")
    yield server
    server.stop("immediate")


def backends(server: Server) -> list[int]:
    return titled(f"postgres: {server.cluster_name}:")


def kill_with_a_busy_backend(server: Server) -> None:
    def work() -> None:
        with psycopg.connect(server.url("postgres")) as connection:
            connection.execute(BUSY)

    def swallow() -> None:
        with pytest.raises(psycopg.OperationalError):
            work()

    threading.Thread(target=swallow, daemon=True).start()
    while not titled(f"postgres: {server.cluster_name}: {server.superuser} postgres 127"):
        time.sleep(0.05)
    time.sleep(0.5)
    pid = server.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    time.sleep(1)
    assert backends(server)  # else the test shows nothing


def test_it_starts_after_a_kill_that_left_a_busy_backend(own_server):
    with psycopg.connect(own_server.url("postgres")) as connection:
        connection.execute("create table kept as select 1 as one")
    kill_with_a_busy_backend(own_server)
    own_server.start()
    with psycopg.connect(own_server.url("postgres")) as connection:
        assert connection.execute("select one from kept").fetchone() == (1,)


def test_stop_after_a_kill_leaves_no_backend(own_server):
    kill_with_a_busy_backend(own_server)
    own_server.stop()
    assert backends(own_server) == []
    own_server.start()


def test_it_starts_when_a_stale_pid_file_names_a_living_process(own_server):
    own_server.stop()
    pid_file = own_server.data / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{own_server.data}\n1\n{own_server.port}\n\n127.0.0.1\n")
    assert not own_server.is_running()
    own_server.stop()  # and does not take us for the server
    own_server.start()
    assert own_server.is_running()


def test_an_interrupted_first_start_is_begun_again(tmp_path):
    server = Server(tmp_path, free_port(), secrets.token_urlsafe(8))
    (tmp_path / "data.draft").mkdir()
    (tmp_path / "data.draft" / "PG_VERSION").write_text("18\n")
    server.start(shared_buffers="16MB", fsync="off")
    assert server.is_running()
    server.stop("immediate")
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["data"]


def test_the_password_is_asked_for(own_server):
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(own_server.url("postgres", password="guess"))


def test_the_server_log_holds_no_values(own_server):
    with psycopg.connect(own_server.url("postgres"), autocommit=True) as connection:
        connection.execute("create temp table t (name text primary key)")
        connection.execute("insert into t values ('canary-Ysolde')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("insert into t values ('canary-Ysolde')")
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            connection.execute("select name::integer from t where name = 'canary-Ysolde'")
    log = own_server.log.read_text()
    assert "ready to accept connections" in log
    assert "Ysolde" not in log
