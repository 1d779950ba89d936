"""What is installed is exactly what the locks say, and the locks say all that pyproject asks."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from daysheet.settings import PROJECT

PROJECT_FILE = tomllib.loads((PROJECT / "pyproject.toml").read_text())
# Each lock: the extras it carries. The build backend is in all, so nothing is fetched unhashed.
LOCKS = {
    "requirements.lock": ["build"],
    "requirements-dev.lock": ["build", "dev"],
    "requirements-celery.lock": ["build", "celery"],
}
MAKE_AGAIN = (
    "make the lock again: uv pip compile --generate-hashes --no-emit-index-url "
    "--python-version 3.11 {extras} pyproject.toml -o {lock}"
)

_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z0-9,_-]+\])?==(\S+) \\$", re.MULTILINE)
_LINE = re.compile(
    r"^( *#.*"
    r"|[A-Za-z0-9._-]+(\[[a-z0-9,_-]+\])?==\S+ \\"
    r"| +--hash=sha256:[0-9a-f]{64}( \\)?"
    r"|)$"
)


def pins(lock: str) -> dict[str, str]:
    """Package -> version."""
    text = (PROJECT / lock).read_text()
    return {canonicalize_name(name): version for name, version in _PIN.findall(text)}


def wanted(extras: list[str]) -> list[Requirement]:
    project = PROJECT_FILE["project"]
    lists = [project["dependencies"], *(project["optional-dependencies"][name] for name in extras)]
    return [Requirement(line) for lines in lists for line in lines]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_all_that_the_project_asks_for(lock):
    locked, asked = pins(lock), wanted(LOCKS[lock])
    assert len(asked) > 10
    options = " ".join(f"--extra {name}" for name in LOCKS[lock])
    for requirement in asked:
        version = locked.get(canonicalize_name(requirement.name))
        assert version, f"{requirement}: {MAKE_AGAIN.format(extras=options, lock=lock)}"
        assert requirement.specifier.contains(version, prereleases=True), (
            f"{requirement}, not {version}: {MAKE_AGAIN.format(extras=options, lock=lock)}"
        )


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_of_a_lock_is_a_pin_a_hash_or_a_comment(lock):
    lines = (PROJECT / lock).read_text().splitlines()
    assert len(pins(lock)) > 100
    odd = [f"{number}: {line}" for number, line in enumerate(lines, 1) if not _LINE.match(line)]
    assert not odd, f"{lock} has index lines, unpinned or unhashed packages: {odd}"
    hashes = sum(line.lstrip().startswith("--hash=") for line in lines)
    assert hashes >= len(pins(lock))


def test_the_locks_agree():
    main = pins("requirements.lock")
    for lock in set(LOCKS) - {"requirements.lock"}:
        other = pins(lock)
        differing = {name for name in main if other.get(name) != main[name]}
        assert not differing, f"{lock} has other versions of {differing}: make all three again"


def test_the_build_backend_is_the_one_in_the_locks():
    [backend] = [Requirement(line) for line in PROJECT_FILE["build-system"]["requires"]]
    assert backend.specifier.contains(pins("requirements.lock")[backend.name])


def test_airflow_is_no_older_than_its_last_fix_we_need():
    # Before 3.3.0 code in a serialized DAG could run in the scheduler (CVE-2026-33264).
    assert Version(pins("requirements.lock")["apache-airflow"]) >= Version("3.3.2")
