"""A new model or system as files to fill in: small working examples with their blanks marked."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from daysheet.catalog.documents import read_yaml
from daysheet.catalog.models import column_meanings
from daysheet.settings import PROJECT

BLANK = "TODO"  # what marks a blank; the house tests refuse it in sql/
LONGEST_NAME = 34  # a version's table adds 29 bytes to it, and Postgres ends names at 63

_TEMPLATES = PROJECT / "templates" / "scaffold"
_SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class NotMade(Exception):
    """The name cannot be given, or is taken; the message says what to do."""


@dataclass(frozen=True)
class NewModel:
    """The two files, and which of their columns ``columns.yml`` does not know yet."""

    sql: Path
    yml: Path
    unknown_columns: tuple[str, ...]


def new_model(name: str, kind: str, system: str, root: Path = PROJECT) -> NewModel:
    """Write ``sql/<system>/<name>.sql`` and ``.yml`` after the scaffold of its type."""
    if not (name.startswith("int_") and _SNAKE_CASE.fullmatch(name)):
        raise NotMade(f"{name}: a model is named int_ and words in snake_case, as int_claim_aging")
    if len(name) > LONGEST_NAME:
        raise NotMade(f"{name}: {len(name)} letters; Postgres has room for {LONGEST_NAME}")
    systems = sorted(path.parent.name for path in (root / "sql").glob("*/_system.yml"))
    if system not in systems:
        raise NotMade(
            f"there is no system {system}; there are {', '.join(systems)}, and "
            "`daysheet new system` makes another"
        )
    for taken in (root / "sql").glob(f"*/{name}.*"):
        raise NotMade(f"{taken.relative_to(root)} is there already")
    files = {suffix: root / "sql" / system / f"{name}{suffix}" for suffix in (".sql", ".yml")}
    for suffix, path in files.items():
        shutil.copyfile(_TEMPLATES / f"{kind}{suffix}", path)
    columns = read_yaml(files[".yml"])["columns"]
    known = column_meanings(root / "sql")
    unknown = tuple(column for column in columns if column not in known)
    return NewModel(files[".sql"], files[".yml"], unknown)


def new_system(name: str, root: Path = PROJECT) -> Path:
    """Make the folder ``sql/<name>`` with its ``_system.yml``."""
    if not _SNAKE_CASE.fullmatch(name):
        raise NotMade(f"{name}: a system is named in snake_case, as system_h_recalls")
    folder = root / "sql" / name
    if folder.exists():
        raise NotMade(f"sql/{name} is there already")
    folder.mkdir()
    path = folder / "_system.yml"
    shutil.copyfile(_TEMPLATES / "system.yml", path)
    return path
