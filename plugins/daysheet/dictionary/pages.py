"""The dictionary and its guides as static pages that open from a folder, without a server."""

import shutil
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import get_args

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from daysheet.catalog import Model, System
from daysheet.catalog.models import ModelType
from daysheet.dictionary.entries import Dictionary, ModelEntry
from daysheet.dictionary.questions import load_questions
from daysheet.settings import PROJECT

TEMPLATES = PROJECT / "templates" / "docs"
SCAFFOLD = PROJECT / "templates" / "scaffold"
_MARK = ".daysheet-docs"  # only a folder with this file is ever cleared


class FolderInUse(Exception):
    """The folder holds something else than pages of ours."""


@dataclass(frozen=True)
class Written:
    """What was written."""

    pages: int
    models: int
    columns: int


@dataclass(frozen=True)
class Pattern:
    """One type of model: what it starts from, and which models are of it."""

    type: str
    sql: str
    yml: str
    models: tuple[Model, ...]


def write_pages(dictionary: Dictionary, out: Path) -> Written:
    """Write every page below ``out``; pages written there before go."""
    _clear(out)
    pages = {
        "index.html": {"systems": _by_system(dictionary)},
        "tables.html": {"sources": _by_source(dictionary)},
        "columns.html": {"holders": _holders(dictionary)},
        "patterns.html": {"patterns": _patterns(dictionary)},
        "analysts.html": {"questions": load_questions()},
        "operations.html": {},
    }
    environment = _environment()
    for name, values in pages.items():
        _write(environment, name, out / name, dictionary, **values)
    for name, entry in dictionary.models.items():
        _write(environment, "model.html", out / "models" / f"{name}.html", dictionary, entry=entry)
    for name, table in dictionary.tables.items():
        _write(environment, "table.html", out / "tables" / f"{name}.html", dictionary, entry=table)
    shutil.copy(TEMPLATES / "style.css", out / "style.css")
    return Written(
        pages=len(pages) + len(dictionary.models) + len(dictionary.tables),
        models=len(dictionary.models),
        columns=sum(len(entry.columns) for entry in dictionary.models.values()),
    )


def _clear(out: Path) -> None:
    mark = out / _MARK
    if out.exists() and any(out.iterdir()):
        if not mark.exists():
            raise FolderInUse(f"{out} holds something else; name an empty folder or a new one")
        shutil.rmtree(out)
    for folder in (out, out / "models", out / "tables"):
        folder.mkdir(parents=True, exist_ok=True)
    mark.touch()


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["reconciliation"] = lambda one: yaml.safe_dump(
        {key: value for key, value in one.model_dump().items() if value not in (None, "0")},
        default_flow_style=True,
        sort_keys=False,
        width=1000,
    ).strip()
    return environment


def _write(
    environment: Environment, template: str, path: Path, dictionary: Dictionary, **values: object
) -> None:
    root = "" if template == path.name else "../"
    page = environment.get_template(template)
    path.write_text(page.render(root=root, dictionary=dictionary, **values), encoding="utf-8")


def _by_system(dictionary: Dictionary) -> list[tuple[System, list[ModelEntry]]]:
    systems = sorted(
        dictionary.catalog.systems.values(), key=lambda system: (system.phase, system.name)
    )
    return [
        (
            system,
            [
                entry
                for _, entry in sorted(dictionary.models.items())
                if entry.model.system == system
            ],
        )
        for system in systems
    ]


def _by_source(dictionary: Dictionary) -> dict[str, list[object]]:
    grouped = groupby(dictionary.tables.values(), key=lambda entry: entry.contract.source)
    return {source: list(entries) for source, entries in grouped}


def _holders(dictionary: Dictionary) -> dict[str, list[str]]:
    """Which models have a column of each name."""
    return {
        column: sorted(n for n, m in dictionary.catalog.models.items() if column in m.columns)
        for column in sorted(dictionary.meanings)
    }


def _patterns(dictionary: Dictionary) -> list[Pattern]:
    return [
        Pattern(
            type=kind,
            sql=(SCAFFOLD / f"{kind}.sql").read_text(encoding="utf-8"),
            yml=(SCAFFOLD / f"{kind}.yml").read_text(encoding="utf-8"),
            models=tuple(m for _, m in sorted(dictionary.catalog.models.items()) if m.type == kind),
        )
        for kind in get_args(ModelType)
    ]
