"""The repository as the house rules see it: tracked files, modules, models as parsed SQL."""

import ast
import subprocess
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import sqlglot
from sqlglot import exp

from daysheet.catalog import Model, load_catalog
from daysheet.rendering import Relations, render_model
from daysheet.settings import PROJECT

PACKAGE = PROJECT / "plugins" / "daysheet"


@cache
def tracked(*patterns: str) -> tuple[Path, ...]:
    """Files git knows (and has not lost) that match the pathspecs."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns],
        cwd=PROJECT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = [PROJECT / name for name in done.stdout.split("\0") if name]
    return tuple(path for path in paths if path.exists())


def shown(path: Path) -> str:
    """The path as a message names it."""
    return path.relative_to(PROJECT).as_posix()


@dataclass(frozen=True)
class Import:
    """One import of one file."""

    path: Path
    line: int
    module: str

    def __str__(self) -> str:
        return f"{shown(self.path)}:{self.line} imports {self.module}"


@cache
def imports(path: Path) -> tuple[Import, ...]:
    """Everything a Python file imports, inside functions too, with relative names made whole."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [Import(path, node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            # "from daysheet import x" names the module x, not only the package.
            base = node.module or ""
            names = [f"{base}.{alias.name}" for alias in node.names] if base == "daysheet" else []
            found += [Import(path, node.lineno, name) for name in names or [base]]
            if node.level:
                found.append(Import(path, node.lineno, "." * node.level + base))
    return tuple(found)


@cache
def models() -> dict[str, Model]:
    """Every model of the catalog."""
    return load_catalog().models


@cache
def parsed(model: str) -> exp.Query:
    """A model's SQL as a tree, relations named symbolically."""
    text = render_model(models()[model], Relations(), date(2026, 1, 31))
    statements = sqlglot.parse(text, dialect="postgres")
    assert len(statements) == 1, f"{model}.sql: one select, not {len(statements)} statements"
    tree = statements[0]
    assert isinstance(tree, exp.Query), f"{model}.sql: one select, not a {type(tree).__name__}"
    return tree
