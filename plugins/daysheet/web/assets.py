"""The style sheet and the scripts, read once; they hold nothing of the practice."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import Response

from daysheet.desk.refusals import Refused

_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
_CACHED = "private, max-age=86400"  # by a name that changes with the bytes


@dataclass(frozen=True)
class Asset:
    """One file below ``static``."""

    content: bytes
    media_type: str

    @property
    def version(self) -> str:
        """Changes with the bytes."""
        return sha256(self.content).hexdigest()[:12]


ASSETS = {
    path.name: Asset(path.read_bytes(), _TYPES[path.suffix])
    for path in sorted((Path(__file__).parent / "static").iterdir())
    if path.suffix in _TYPES
}

router = APIRouter()


@router.get("/static/{name}")
def asset(name: str) -> Response:
    """One asset. A route, not a mount: what the app asks of everybody holds here too."""
    if name not in ASSETS:
        raise Refused(404, "unknown_asset", "there is no such file")
    found = ASSETS[name]
    return Response(found.content, media_type=found.media_type, headers={"Cache-Control": _CACHED})
