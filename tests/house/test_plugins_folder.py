"""Airflow imports every file below plugins/ by bare name, unless .airflowignore hides it."""

import json
import subprocess
import sys
from pathlib import Path

from daysheet.settings import PROJECT

PLUGINS = PROJECT / "plugins"

# What the plugin loader leaves behind: modules from the folder, and errors.
_LOAD = """
import email, json, os, sys
from airflow import plugins_manager
plugins_manager.ensure_plugins_loaded()
folder = os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"]
leaked = [
    name for name, module in list(sys.modules.items())
    if (getattr(module, "__file__", None) or "").startswith(folder + os.sep)
]
print(json.dumps({
    "leaked": sorted(leaked),
    "errors": sorted(plugins_manager.get_import_errors()),
    "email": sys.modules["email"].__file__,
}))
"""


def load_plugins(folder: Path, home: Path) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", _LOAD],
        check=False,
        capture_output=True,
        text=True,
        env={
            "PATH": "/usr/bin:/bin",
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(folder),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__LAZY_LOAD_PLUGINS": "False",
        },
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_the_ignore_file_hides_the_package():
    assert "daysheet/" in (PLUGINS / ".airflowignore").read_text().splitlines(), (
        "without the line daysheet/ the plugin loader imports our modules by bare name"
    )


def test_loading_our_plugins_replaces_no_module(tmp_path):
    loaded = load_plugins(PLUGINS, tmp_path)
    assert loaded["errors"] == []
    bare = [name for name in loaded["leaked"] if name.split(".")[0] != "daysheet"]
    assert set(bare) <= {"daysheet_plugin"}, f"these hide modules of the same name: {bare}"
    # tasks and the scheduler load plugins too, and have no use for pages
    assert loaded["leaked"] == ["daysheet_plugin"], "import the web app where it is asked for"


def test_without_the_ignore_file_a_module_would_be_replaced(tmp_path):
    package = tmp_path / "plugins" / "daysheet"
    package.mkdir(parents=True)
    (package / "email.py").write_text("MINE = True\n")
    assert load_plugins(tmp_path / "plugins", tmp_path)["email"].startswith(str(package))
    (tmp_path / "plugins" / ".airflowignore").write_text((PLUGINS / ".airflowignore").read_text())
    assert not load_plugins(tmp_path / "plugins", tmp_path)["email"].startswith(str(package))
