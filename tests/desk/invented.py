"""Invented sessions, written straight into the desk's tables with the history they need."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql


def parties(db: psycopg.Connection, count: int = 1) -> tuple[UUID, UUID]:
    """A client and a clinician."""
    client = db.execute(
        "insert into desk.clients (client_key, full_name, initials)"
        " values (sha256(%s), 'Ada Example', 'AE')"
        " on conflict (client_key) do update set initials = 'AE' returning client_id",
        [str(count).encode()],
    ).fetchone()
    clinician = db.execute(
        "insert into desk.clinicians (clinician_key, name) values (%s, 'Cleo Clinician')"
        " on conflict (clinician_key) do update set active = true returning clinician_id",
        [f"clinician {count}"],
    ).fetchone()
    assert client
    assert clinician
    return client[0], clinician[0]


def payer(db: psycopg.Connection, name: str = "Acme Health", **columns: Any) -> UUID:
    """A payer."""
    return insert(db, "payers", {"name": name, **columns}, "payer_id")


def staff(db: psycopg.Connection, user_id: str, **columns: Any) -> str:
    """A member of staff who works claims, unless told otherwise."""
    given = {"display_code": user_id[:12], "desk_role": "biller", "works_claims": True}
    return insert(db, "staff", {"user_id": user_id} | given | columns, "user_id")


def sessions(db: psycopg.Connection, rows: Sequence[Mapping[str, Any]]) -> list[UUID]:
    """Sessions with their first history row, all in one transaction; their keys."""
    client, clinician = parties(db)
    found = []
    with db.transaction():
        for number, row in enumerate(rows):
            given = {
                "service_on": date(2026, 11, 1),
                "client_id": client,
                "clinician_id": clinician,
                "billing_code": f"X{number:05d}",
                "billing_status": "completed",
            }
            found.append(insert(db, "sessions", given | dict(row), "session_id"))
        db.execute(
            "insert into desk.session_status_history (session_id, to_status, actor, source)"
            " select session_id, billing_status, 'system:tests', 'import' from desk.sessions"
            " where session_id = any(%s)",
            [found],
        )
    return found


def insert(db: psycopg.Connection, table: str, row: Mapping[str, Any], key: str) -> Any:
    """One row of a desk table; the column ``key`` of it."""
    made = db.execute(
        sql.SQL("insert into {} ({}) values ({}) returning {}").format(
            sql.Identifier("desk", table),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(map(sql.Placeholder, row)),
            sql.Identifier(key),
        ),
        dict(row),
    ).fetchone()
    assert made
    return made[0]
