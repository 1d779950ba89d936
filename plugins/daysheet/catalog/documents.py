"""Read one YAML document into one declared shape, or say which file and key is wrong."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class CatalogError(Exception):
    """A declaration under ``sql/`` is wrong; the message names the file, the key and the fault."""


class Document(BaseModel):
    """Base of everything declared in YAML: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


_D = TypeVar("_D", bound=Document)


def read_yaml(path: Path) -> Any:
    """Parse ``path``; a syntax error names the file and line."""
    try:
        with path.open("rb") as stream:
            return yaml.load(stream, Loader=_LOADER)  # noqa: S506  CSafeLoader is a safe loader
    except FileNotFoundError:
        raise CatalogError(f"{path}: no such file") from None
    except yaml.YAMLError as error:
        raise CatalogError(f"{path}: {error}") from None


def parse(shape: type[_D], path: Path, values: Any) -> _D:
    """Validate ``values`` read from ``path`` as ``shape``."""
    try:
        return shape.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'document'}: {fault['msg']}"
            for fault in error.errors()
        )
        raise CatalogError(f"{path}: {faults}") from None
