"""Whether the audit is as it was written: each row against its seal, each seal against the last."""

import hashlib
import re
from dataclasses import asdict, dataclass
from typing import Any, Literal

import psycopg
from psycopg import sql
from psycopg.rows import class_row

Code = Literal["changed", "deleted", "inserted", "reordered", "cut", "rewritten"]

# What a digest is made of, besides the one before it. Said here again and not read through a
# function of the database, which who changed a row could change with it.
_SEALED = sql.SQL(
    "jsonb_build_array(audit.audit_id, (extract(epoch from audit.at) * 1000000)::bigint,"
    " audit.actor, audit.action, audit.subject, audit.detail)::text"
)
_IN_ORDER = sql.SQL(
    "select seals.seal, seals.digest, coalesce(seals.audit_id, audit.audit_id) as audit_id,"
    " case when audit.audit_id is not null then {} end as sealed"
    " from ops.audit_seal as seals full join ops.audit on audit.audit_id = seals.audit_id"
    " order by seals.seal nulls last, audit.audit_id"
).format(_SEALED)
_SEALED_AFTER = sql.SQL(
    "select seal from ops.audit_seal where sha256(digest || %s::bytea) = %s limit 1"
)
_SEALED_HERE = sql.SQL(
    "select audit_id from ops.audit where sha256(%s::bytea || convert_to({}, 'UTF8')) = %s limit 1"
).format(_SEALED)


@dataclass(frozen=True)
class Head:
    """How many rows were sealed, and the newest digest in hex, which depends on all of them.

    Written ``N:DIGEST``; kept outside the database it shows later whether the end was cut off.
    """

    count: int
    digest: str

    def __str__(self) -> str:
        return f"{self.count}:{self.digest}"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """The head written so. Raises ``ValueError``."""
        found = re.fullmatch(r"(\d{1,18}):((?:[0-9a-f]{64})?)", text.strip().lower())
        if found is None or (found[1] == "0") == bool(found[2]):
            raise ValueError("a head is N:DIGEST, as `daysheet audit verify` prints it")
        return cls(int(found[1]), found[2])


@dataclass(frozen=True)
class Fault:
    """The first place where the audit is not as it was written. ``said`` holds numbers only."""

    code: Code
    said: str
    seal: int | None = None
    audit_id: int | None = None


@dataclass(frozen=True)
class Verdict:
    """``fault`` None: every row is there, as it was written and in that order, up to ``head``."""

    head: Head
    fault: Fault | None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        fault = asdict(self.fault) if self.fault else None
        return {"verified": fault is None, "head": str(self.head), **asdict(self.head)} | {
            "fault": fault
        }


@dataclass(frozen=True)
class _Row:
    seal: int | None
    digest: bytes | None
    audit_id: int
    sealed: str | None


def verify(connection: psycopg.Connection, known: Head | None = None) -> Verdict:
    """Compute every digest again; ``known`` is a head from earlier that must still be in there.

    ``connection`` may read ``ops`` and has no transaction open; writers are not held up.
    """
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        return _verdict(connection, known)


def _verdict(connection: psycopg.Connection, known: Head | None) -> Verdict:
    count, digest, at_known = 0, b"", ""
    with connection.cursor("audit_chain", row_factory=class_row(_Row)) as rows:
        rows.itersize = 5000
        for row in rows.execute(_IN_ORDER):
            fault = _fault(connection, row, count, digest)
            if fault:
                return Verdict(Head(count, digest.hex()), fault)
            count, digest = count + 1, row.digest or b""
            if known and known.count == count:
                at_known = digest.hex()
    head = Head(count, digest.hex())
    return Verdict(head, _since(known, head, at_known) if known else None)


def _fault(connection: psycopg.Connection, row: _Row, count: int, before: bytes) -> Fault | None:
    """What is wrong with the row after the first ``count``, the last of which has that digest."""
    if row.seal is None or row.digest is None:
        said = f"audit row {row.audit_id} has no seal: it was inserted past the trigger"
        return Fault("inserted", said, None, row.audit_id)
    if row.seal != count + 1:
        said = f"number {count + 1} is missing: a row before audit row {row.audit_id} was deleted"
        return Fault("deleted", said, count + 1)
    if row.sealed is None:
        said = f"audit row {row.audit_id} (number {row.seal}) was deleted"
        return Fault("deleted", said, row.seal, row.audit_id)
    sealed = row.sealed.encode()
    if _digest(before, sealed) == row.digest:
        return None
    return _misplaced(connection, row, sealed, before)


def _misplaced(connection: psycopg.Connection, row: _Row, sealed: bytes, before: bytes) -> Fault:
    """What was done to a row whose digest is not that of its place: where would it fit?"""
    seal, name = row.seal or 0, f"audit row {row.audit_id} (number {row.seal})"
    found = connection.execute(_SEALED_AFTER, [sealed, row.digest]).fetchone()
    after = 0 if _digest(b"", sealed) == row.digest else found[0] if found else None
    if after is not None and after < seal - 1:
        said = f"number {after + 1} was inserted before {name}, which was sealed in its place"
        return Fault("inserted", said, after + 1)
    here = connection.execute(_SEALED_HERE, [before, row.digest]).fetchone()
    if after is not None or here:
        return Fault("reordered", f"{name} was moved: not sealed there", seal, row.audit_id)
    said = f"{name} was changed, or a row before it deleted and the rest numbered anew"
    return Fault("changed", said, seal, row.audit_id)


def _digest(before: bytes, sealed: bytes) -> bytes:
    return hashlib.sha256(before + sealed).digest()


def _since(known: Head, head: Head, at_known: str) -> Fault | None:
    """What became of the rows that were there when the head was ``known``."""
    if known.count > head.count:
        lost = known.count - head.count
        said = f"the newest {lost} of {known.count} rows are gone: it ends at number {head.count}"
        return Fault("cut", said, head.count + 1)
    if known.count and at_known != known.digest:
        said = f"the first {known.count} rows are not those of the known head: sealed anew"
        return Fault("rewritten", said, known.count)
    return None
