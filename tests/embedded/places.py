"""Where a word could turn up: everything a deployment writes, as bytes by name of the place."""

import json
import re
import subprocess
import zlib
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default

from cryptography.fernet import Fernet

from daysheet.embedded.postgres import BINARIES
from daysheet.warehouse.provision import METADATA_DATABASE, WAREHOUSE_DATABASE
from tests.embedded.watching import Watched

Place = dict[str, bytes]

_BINARY = re.compile(rb"\\\\x([0-9a-f]{2,})")  # a bytea cell as pg_dump writes it
_ENCRYPTED = re.compile(rb"gAAAA[A-Za-z0-9_=-]{50,}")


def warehouse(watched: Watched, schema: str) -> Place:
    """All rows of one schema of the warehouse."""
    return {schema: _dump(watched, WAREHOUSE_DATABASE, "--data-only", f"--schema={schema}")}


def ops(watched: Watched) -> Place:
    """All rows of ``ops`` but for the names files were dropped under, which it is there to know."""
    tables = watched.query(
        "select table_name from information_schema.tables where table_schema = 'ops'"
    )
    return {
        table: b"\n".join(
            json.dumps(row).encode()
            for (row,) in watched.query(
                f"select to_jsonb(t) - array['file_name', 'archived_as'] from ops.{table} as t"
            )
        )
        for (table,) in tables
    }


def files(watched: Watched) -> Place:
    """Every file of the deployment, its logs above all; not the databases, not what was dropped.

    Of what was dropped, the reasons written beside it.
    """
    home, found = watched.home.folder, {}
    for path in home.rglob("*"):
        place = path.relative_to(home)
        if place.parts[0] == "postgres" or not path.is_file() or path.is_symlink():
            continue
        is_dropped = place.parts[0] == "drops"
        if not is_dropped or path.name.endswith(".reason.txt"):
            name = path.name if is_dropped else str(place)
            found[name] = path.read_bytes() + (b"" if is_dropped else f"\n{place}".encode())
    return found


def server_log(watched: Watched) -> Place:
    """What Postgres says."""
    log = watched.deployment.server.log
    return {log.name: log.read_bytes()}


def metadata(watched: Watched) -> Place:
    """Airflow's metadata database: all rows, what is packed in their cells, and its files."""
    dump = _dump(watched, METADATA_DATABASE)
    cipher = Fernet(watched.deployment.credentials.fernet_key)
    return {
        "rows": dump,
        "packed cells": b"\n".join(_packed(dump)),
        "encrypted cells": b"\n".join(map(cipher.decrypt, _ENCRYPTED.findall(dump))),
    } | _database_files(watched)


def mails(watched: Watched) -> Place:
    """Every mail with its headers, each part decoded."""
    found = {}
    for path in watched.deployment.mailbox.glob("*.eml"):
        mail = message_from_bytes(path.read_bytes(), policy=default)
        parts = [str(mail.items()).encode()]
        parts += [part.get_payload(decode=True) or b"" for part in mail.walk()]
        found[path.name] = b"\n".join(parts)
    return found


def _dump(watched: Watched, database: str, *options: str) -> bytes:
    url = watched.deployment.server.url(database)
    return subprocess.run(
        [str(BINARIES / "pg_dump"), *options, url], check=True, capture_output=True
    ).stdout


def _packed(dump: bytes) -> Iterator[bytes]:
    """Binary cells, pickled for example, and decompressed where that is what they are."""
    for cell in _BINARY.findall(dump):
        content = bytes.fromhex(cell.decode())
        yield content
        try:
            yield zlib.decompress(content)
        except zlib.error:
            continue


def _database_files(watched: Watched) -> Place:
    """The tables as they lie on disk: rows that were deleted since are still in them."""
    watched.query("checkpoint")
    (number,) = watched.query("select oid from pg_database where datname = %s", METADATA_DATABASE)[
        0
    ]
    folder = watched.deployment.server.data / "base" / str(number)
    return {f"base/{path.name}": path.read_bytes() for path in folder.iterdir()}
