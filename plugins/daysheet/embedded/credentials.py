"""Secrets of one deployment, made at its first start and kept in a file only we may read."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from daysheet.warehouse.provision import NEEDED_PASSWORDS


@dataclass(frozen=True, repr=False)
class Credentials:
    """Passwords and keys; ``mark`` is no secret, it tells our processes from all others."""

    mark: str
    superuser: str
    roles: dict[str, str]  # role to password, one for each of NEEDED_PASSWORDS
    fernet_key: str
    jwt_secret: str
    api_secret_key: str
    web_password: str


def read_or_make(path: Path) -> Credentials:
    """The secrets in ``path``; made, mode 0600, when there are none yet."""
    if not path.exists():
        made = Credentials(
            mark=secrets.token_hex(16),
            superuser=secrets.token_urlsafe(24),
            roles={role: secrets.token_urlsafe(24) for role in NEEDED_PASSWORDS},
            fernet_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            jwt_secret=secrets.token_urlsafe(64),
            api_secret_key=secrets.token_urlsafe(48),
            web_password=secrets.token_urlsafe(12),
        )
        write_private(path, json.dumps(asdict(made), indent=2))
    return Credentials(**json.loads(path.read_text()))


def write_private(path: Path, text: str) -> None:
    """Write ``path`` whole or not at all, readable by its owner only from the first byte."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
