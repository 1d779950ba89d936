"""Sizes, names and words of the files in git."""

import re
import subprocess
from itertools import pairwise

import pytest

from daysheet.catalog import all_contracts
from daysheet.settings import PROJECT
from tests.house.repository import models, shown, tracked

LONGEST_IDENTIFIER = 63  # bytes; Postgres cuts what is longer, with only a notice


def lines(path) -> int:
    return len(path.read_text().splitlines())


@pytest.mark.parametrize(
    ("pattern", "most", "how"),
    [
        ("sql/**/int_*.sql", 150, "split it at the CTE you would name in a meeting"),
        ("templates/**/*.sql", 150, "split it"),
        ("plugins/**/*.py", 300, "split it at what it owns"),
        ("tests/**/*.py", 400, "split it by promise"),
        ("dags/*.py", 15, "move it to daysheet.orchestration"),
    ],
)
def test_no_file_is_too_long_to_read(pattern, most, how):
    files = tracked(f":(glob){pattern}")
    assert files, f"nothing matches {pattern}"
    long = {shown(path): lines(path) for path in files if lines(path) > most}
    assert not long, f"over {most} lines; {how}: {long}"


def test_a_model_opens_with_at_most_two_lines_of_comment():
    files = tracked(":(glob)sql/**/int_*.sql")
    assert files
    wordy = [
        shown(path)
        for path in files
        if all(line.startswith("--") for line in path.read_text().splitlines()[:3])
    ]
    assert not wordy, f"grain and meaning belong in the yml: {wordy}"


def test_a_module_opens_with_what_it_owns():
    files = [path for path in tracked("plugins/*.py", "dags/*.py") if path.stat().st_size]
    assert files
    silent = [shown(path) for path in files if not path.read_text().startswith('"""')]
    assert not silent, f"open with a docstring of one sentence: {silent}"


def test_every_name_the_builder_makes_fits_postgres():
    longest_build = "9" * 10  # ops.build.build is an integer
    names = [f"{model}__{'0' * 16}_{longest_build}" for model in models()]
    names += [column for model in models().values() for column in model.columns]
    assert names
    long = [name for name in names if len(name.encode()) > LONGEST_IDENTIFIER]
    assert not long, f"over {LONGEST_IDENTIFIER} bytes; find a shorter name: {long}"


def test_every_name_the_loader_makes_fits_postgres():
    names = [contract.relation for contract in all_contracts().values()]
    names += [
        name
        for contract in all_contracts().values()
        for column in contract.loaded
        for name in (column, contract.staging_name(column))
    ]
    assert len(names) > 500
    long = [name for name in names if len(name.encode()) > LONGEST_IDENTIFIER]
    assert not long, f"over {LONGEST_IDENTIFIER} bytes; find a shorter name: {long}"


def test_migrations_are_numbered_without_gaps():
    names = [path.name for path in tracked("sql/migrations/*.sql")]
    assert len(names) >= 2
    assert all(re.fullmatch(r"\d{4}\.[a-z0-9-]+\.sql", name) for name in names), names
    numbers = [int(name[:4]) for name in sorted(names)]
    assert numbers == list(range(1, len(names) + 1)), f"number them 0001, 0002 ...: {names}"


def test_each_migration_names_the_one_before():
    # yoyo applies by what a migration depends on, not by its number.
    files = sorted(tracked("sql/migrations/*.sql"))
    assert len(files) >= 2
    for before, path in pairwise(files):
        first = path.read_text().splitlines()[0]
        assert first == f"-- depends: {before.stem}", f"{path.name}: its first line"


FORBIDDEN = {
    r"noqa": ("sql/*", "templates/*", ".sqlfluff"),
    r"(^|[^a-z-])--(extra-)?index-url|^-i |--find-links|--trusted-host": ("*",),
    r"pypi\.org|pythonhosted|files\.python|registry\.npm|deb\.debian\.org": ("*",),
    r"/work/|/root/|/home/[a-z]": ("*",),
    r"(issue|ticket) ?#?[0-9]": ("*",),
}


@pytest.mark.parametrize("words", FORBIDDEN)
def test_no_file_says_what_it_must_not(words):
    done = subprocess.run(
        ["git", "grep", "-nIiE", words, "--", *FORBIDDEN[words], f":!{shown_here()}"],
        cwd=PROJECT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 1), done.stderr
    found = [line[:160] for line in done.stdout.splitlines()]
    assert not found, "no lint exceptions in SQL; no hosts, machine paths or issue numbers: " + (
        "\n".join(found)
    )


def shown_here() -> str:
    """This file, which has to spell the words out."""
    return "tests/house/test_files.py"


def test_the_words_are_looked_for_in_files_that_exist():
    assert (PROJECT / shown_here()).exists()
    for patterns in FORBIDDEN.values():
        assert tracked(*patterns)


def test_only_text_is_in_git():
    files = tracked()
    assert len(files) > 100
    large = [shown(path) for path in files if path.stat().st_size > 1_000_000]
    assert not large, f"keep data out of git: {large}"
    links = [shown(path) for path in files if path.is_symlink()]
    assert not links, links
