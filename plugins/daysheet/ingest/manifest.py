"""``_manifest.json``: what a folder in the inbox says it holds."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

MANIFEST = "_manifest.json"
MAX_MANIFEST_BYTES = 2**20

Mode = Literal["full", "changes"]


class ManifestInvalid(Exception):
    """The manifest cannot be used; the message names our own keys, never values or file names."""


def _plain(name: str) -> str:
    if not name or name.startswith(".") or set(name) & set("/\\\0") or name == MANIFEST:
        raise ValueError("not a plain file name")
    return name


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ManifestFile(_Shape):
    """What the sender says of one file; what it leaves out is not compared."""

    rows: int | None = Field(None, ge=0, description="Data rows, without the header.")
    sha256: str | None = Field(
        None, pattern="^[0-9a-fA-F]{64}$", description="Of the file as sent."
    )


class Manifest(_Shape):
    """A whole drop: its mode, when it was exported, its files by name."""

    mode: Mode = "changes"
    exported_on: datetime | None = None
    files: dict[Annotated[str, AfterValidator(_plain)], ManifestFile] = Field(min_length=1)


def parse_manifest(text: bytes) -> Manifest:
    """Read a manifest; :class:`ManifestInvalid` says what is wrong with it."""
    if len(text) > MAX_MANIFEST_BYTES:
        raise ManifestInvalid(f"it is larger than {MAX_MANIFEST_BYTES} bytes")
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(_own_key, fault['loc'])) or 'document'}: {fault['type']}"
            for fault in error.errors(include_input=False, include_context=False, include_url=False)
        ]
        shown = "; ".join(faults[:5])
        raise ManifestInvalid(f"{shown} ({len(faults)} in all)") from None


def _own_key(part: int | str) -> str:
    """A step on the way to a fault; a name the sender chose may hold anything."""
    return str(part) if part in {*Manifest.model_fields, *ManifestFile.model_fields} else "*"
