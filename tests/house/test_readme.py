"""The manual says what there is, and nothing that is not."""

import re

import pytest
from typer.main import get_command

from daysheet.catalog import load_catalog
from daysheet.cli import app
from daysheet.settings import PROJECT, Settings
from tests.house.repository import models, shown, tracked

README = (PROJECT / "README.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in README.splitlines()
    if line.startswith("|") and not set(line) <= set("|-: ")
]
FIRST_CELLS = {row[0] for row in ROWS}

MAKEFILE = (PROJECT / "Makefile").read_text()
TARGETS = sorted(set(" ".join(re.findall(r"^\.PHONY:(.*)$", MAKEFILE, re.MULTILINE)).split()))
COMMANDS = sorted(get_command(app).commands)
DAGS = sorted(path.stem for path in tracked("dags/*.py"))


def test_there_is_something_to_look_for():
    assert len(ROWS) > 50
    assert len(models()) >= 41
    assert {"demo", "test", "lint", "bench", "up", "down"} <= set(TARGETS)
    assert len(COMMANDS) >= 8
    assert len(DAGS) >= 5


def rows_of(name: str) -> list[list[str]]:
    """Table rows whose first cell is ``name`` in backticks, with arguments or without."""
    return [row for row in ROWS if re.fullmatch(rf"`{re.escape(name)}( [^`]+)?`", row[0])]


@pytest.mark.parametrize("name", sorted(models()))
def test_every_model_is_in_a_table_and_its_row_says_something(name):
    found = rows_of(name)
    assert len(found) == 1, f"give {name} one row in the README's table of its system"
    assert len(found[0][1]) > 20


def test_every_model_stands_under_its_system():
    for system in load_catalog().systems.values():
        below = README.split(f"{system.title} (phase {system.phase})", 1)
        assert len(below) == 2, f"README: a heading '... {system.title} (phase {system.phase})'"
        listed = set(re.findall(r"^\| `(int_\w+)`", below[1].split("\n### ")[0], re.MULTILINE))
        own = {name for name, model in models().items() if model.system == system}
        assert own <= listed, f"{sorted(own - listed)} belong under {system.title}"


def test_no_model_is_promised_that_is_not_there():
    # int_x and int_y are the README's examples.
    promised = set(re.findall(r"\bint_[a-z_]+[a-z]\b", README)) - set(models())
    assert not {name for name in promised if len(name) > 5}, promised


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_in_the_table_with_its_default(name):
    field = Settings.model_fields[name]
    found = rows_of(f"DAYSHEET_{name.upper()}")
    assert len(found) == 1, f"give DAYSHEET_{name.upper()} one row in the README's settings"
    _, default, meaning = found[0]
    value = "" if field.default is None else str(field.default).removeprefix(f"{PROJECT}/")
    assert default.strip("`") == value, f"DAYSHEET_{name.upper()} is {value!r} by default"
    assert meaning


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_used_and_described(name):
    files = tracked("plugins/*.py")
    assert files
    readers = [path for path in files if re.search(rf"\.{name}\b", path.read_text())]
    assert readers, f"nothing reads {name}: take it out of settings.py"
    assert Settings.model_fields[name].description


def test_no_setting_is_promised_that_is_not_there():
    named = set(re.findall(r"^\| `DAYSHEET_([A-Z_]+)`", README, re.MULTILINE))
    assert named
    assert {name.lower() for name in named} == set(Settings.model_fields)


@pytest.mark.parametrize("target", TARGETS)
def test_every_make_target_is_in_the_table(target):
    assert f"`make {target}`" in FIRST_CELLS, f"say in the README what make {target} does"


def test_no_make_target_is_promised_that_is_not_there():
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", README, re.MULTILINE))
    assert named
    assert named <= set(TARGETS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_table(command):
    assert rows_of(f"daysheet {command}"), f"say in the README what daysheet {command} does"


def test_no_command_is_promised_that_is_not_there():
    named = set(re.findall(r"`daysheet ([a-z]+)", README))
    assert named <= set(COMMANDS), named - set(COMMANDS)


@pytest.mark.parametrize("dag", DAGS)
def test_every_dag_is_in_the_table(dag):
    assert rows_of(dag), f"say in the README what {dag} does"


def test_the_links_lead_somewhere():
    titles = re.findall(r"^#+ (.*)$", README, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert links
    for link in links:
        if link.startswith("#"):
            assert link[1:] in anchors, link
        else:
            assert (PROJECT / link).exists(), link


def test_paths_the_readme_names_exist():
    named = set(re.findall(r"`((?:sql|templates|tests|plugins|dags)/[\w./-]+)`", README))
    assert named
    examples = {name for name in named if "int_x" in name}
    missing = sorted(name for name in named - examples if not (PROJECT / name).exists())
    assert not missing, missing


def test_decisions_are_numbered_in_order_and_cited_ones_exist():
    text = README.split("## Decisions", 1)[1].split("\n## ", 1)[0]
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", text, re.MULTILINE)]
    assert len(numbers) > 10
    assert numbers == list(range(1, len(numbers) + 1))
    for path in tracked("sql/*.sql", "sql/*.yml", "templates/*.sql", "plugins/*.py", "tests/*.yml"):
        for cited in re.findall(r"\bdecision (\d+)", path.read_text(), re.IGNORECASE):
            assert int(cited) in numbers, f"{shown(path)} cites decision {cited}"


def test_the_readme_says_what_has_not_been_run():
    production = README.split("## Production shape", 1)[1].split("\n## ", 1)[0]
    assert "not yet run" in " ".join(production.split())
