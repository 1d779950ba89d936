"""Processes are told apart for sure, and ended for sure."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from daysheet.embedded.processes import MARK, Process, children, end, marked, strays, titled

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
RENAMED = "import setproctitle; setproctitle.setproctitle('somebody else ' * 20); "
SLEEP = "print('ready', flush=True); time.sleep(60)"


class Children:
    """Starts Python snippets, and waits until each is under way."""

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[str]] = []

    def start(self, code: str, **environment: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-c", "import time; " + code],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"SPT_NOENV": "1"} | environment,
        )
        self.started.append(child)
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "ready"
        return child


@pytest.fixture
def snippets() -> Iterator[Children]:
    made = Children()
    yield made
    for child in made.started:
        child.kill()
        child.wait()


def test_a_recycled_process_id_is_another_process(tmp_path: Path):
    ourselves = Process.of(os.getpid())
    assert ourselves is not None
    earlier = dataclasses.replace(ourselves, started=ourselves.started - 1)
    before_reboot = dataclasses.replace(ourselves, boot="another")
    for process, is_found in ((ourselves, True), (earlier, False), (before_reboot, False)):
        process.write(tmp_path / "part.json")
        assert (Process.read(tmp_path / "part.json") is not None) == is_found
    assert Process.read(tmp_path / "never written.json") is None


def test_a_process_is_known_by_when_it_started(snippets):
    process = Process.of(snippets.start(SLEEP).pid)
    assert process is not None
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - process.started / os.sysconf("SC_CLK_TCK")
    assert 0 <= age < 30


def test_an_ended_child_nobody_waited_for_does_not_count_as_alive(snippets):
    child = snippets.start(SLEEP)
    process = Process.of(child.pid)
    assert process is not None
    child.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while process.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not process.is_alive()
    assert Path(f"/proc/{child.pid}").exists()  # a zombie until we wait for it


def test_a_renamed_process_keeps_its_mark(snippets):
    child = snippets.start(RENAMED + SLEEP, **{MARK: "ours"})
    other = snippets.start(RENAMED + SLEEP, **{MARK: "theirs"})
    assert marked("ours") == [child.pid]
    assert {child.pid, other.pid} <= set(titled("somebody else"))


def test_what_a_killed_process_leaves_is_stray_and_what_a_living_one_has_is_not(snippets):
    fork = "import os; os.fork() or (os.fork(), time.sleep(60)); time.sleep(.1); "
    parent = snippets.start(fork + SLEEP, **{MARK: "family"})
    family = marked("family")
    assert parent.pid in family
    assert len(family) >= 2
    assert set(children(parent.pid)) <= set(family)
    assert strays(family, [parent.pid]) == []
    parent.kill()
    parent.wait()
    left = strays(marked("family"), [parent.pid])
    assert sorted(left) == sorted(set(family) - {parent.pid})
    end(left, grace=1)
    assert marked("family") == []


def test_who_does_not_end_when_asked_is_made_to(snippets):
    child = snippets.start(STUBBORN + SLEEP)
    began = time.monotonic()
    end([child.pid], grace=0.3)
    assert child.wait(timeout=1) == -signal.SIGKILL
    assert 0.3 <= time.monotonic() - began < 3


def test_who_ends_when_asked_is_not_killed(snippets):
    child = snippets.start(SLEEP)
    end([child.pid], grace=5)
    assert child.wait(timeout=1) == -signal.SIGTERM
