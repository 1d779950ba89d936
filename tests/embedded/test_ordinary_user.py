"""Root is not needed: all of it runs as an account without rights."""

import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from daysheet.embedded.ports import is_free
from tests.embedded.conftest import Home, make_home

pytestmark = pytest.mark.airflow

ACCOUNT = {"user": "nobody", "group": "nogroup", "extra_groups": []}


def _python_for_all() -> str | None:
    """A Python 3.11 the account may run; ours may well live in a home closed to it."""
    if os.geteuid() != 0:
        return None  # then every other test here runs as an ordinary user
    for python in (sys.executable, shutil.which("python3.11", path="/usr/bin:/usr/local/bin")):
        try:
            subprocess.run([python or "", "-c", ""], check=True, **ACCOUNT)
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    return None


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    python = _python_for_all()
    if python is None:
        pytest.skip("needs root, and a Python 3.11 that others may run")
    for home in make_home(**ACCOUNT):
        if python != sys.executable:
            python = _same_packages(python, home.folder.parent / "venv")
        home.command = [python, "-c", "from daysheet.cli import app; app()"]
        yield home


def _same_packages(python: str, folder: Path) -> str:
    """An environment of another Python with the packages of ours."""
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    ours = sysconfig.get_path("purelib")
    (site / "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
    return str(folder / "bin" / "python")


def test_an_ordinary_user_brings_it_up_and_down(home):
    home.do("up")
    running = home.processes()
    assert len(running) >= 6
    nobody = pwd.getpwnam("nobody").pw_uid
    assert {Path(f"/proc/{pid}").stat().st_uid for pid in running} == {nobody}
    home.do("status")
    home.do("down")
    assert home.processes() == []
    assert is_free(home.deployment.settings.web_port)


def test_a_home_of_another_user_is_refused(home):
    home.folder.mkdir(exist_ok=True)
    home.account = {}
    refused = home.run("up")
    assert refused.returncode == 1
    assert "belongs to another user" in refused.stderr
    assert "Traceback" not in refused.stderr
