"""A session of invented people at any stage of its life, as if it had come there properly."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg

from daysheet.desk.actors import Actor, DeskRole, system
from daysheet.desk.lifecycle.changes import record_first_status
from tests.desk.invented import insert, parties

TODAY = date(2026, 11, 20)
SERVICE = TODAY - timedelta(days=10)
CHARGE = Decimal("130.00")

SYSTEM = system("import", "tests")
VIEWER, BILLER, LEAD, ADMIN = (Actor(role.name.lower(), role, "ui") for role in (*DeskRole,))
ACTORS = {"V": VIEWER, "B": BILLER, "L": LEAD, "A": ADMIN, "S": SYSTEM}

_WITH_PAYER = ("submitted", "pending", "approved", "denied", "appealing", "paid")


def a_payer(db: psycopg.Connection, **columns: Any) -> UUID:
    return insert(db, "payers", {"name": "Acme Health"} | columns, "payer_id")


def a_claim(db: psycopg.Connection, payer_id: UUID, **columns: Any) -> UUID:
    return insert(db, "claims", {"payer_id": payer_id} | columns, "claim_id")


def a_session(
    db: psycopg.Connection,
    status: str,
    *,
    payer: dict[str, Any] | None = None,
    claim: dict[str, Any] | None = None,
    was_sent: bool | None = None,
    **columns: Any,
) -> UUID:
    """``was_sent`` is as the status implies; ``claim`` is {} for one without a reference."""
    client, clinician = parties(db)
    sent = status in _WITH_PAYER if was_sent is None else was_sent
    given = {
        "service_on": SERVICE,
        "client_id": client,
        "clinician_id": clinician,
        "billing_code": f"T{uuid4().hex}",
        "billing_status": status,
        "ins_charge": CHARGE,
        "ins_unpaid_reported": CHARGE,
    }
    with db.transaction():
        if "payer_id" not in columns:
            given["payer_id"] = a_payer(db, **(payer or {}))
        if sent or claim is not None:
            given["claim_id"] = a_claim(
                db, given.get("payer_id", columns.get("payer_id")), **(claim or {})
            )
        if sent:
            given |= {"first_submitted_on": SERVICE, "last_submitted_on": SERVICE}
            insert(
                db,
                "submissions",
                {
                    "claim_id": columns.get("claim_id", given["claim_id"]),
                    "n": 1,
                    "submitted_on": SERVICE,
                    "kind": "original",
                    "by_user": "tests",
                },
                "n",
            )
        if status in ("denied", "appealing"):
            given |= {"denied_on": SERVICE, "appeal_deadline": SERVICE + timedelta(days=60)}
        if status == "paid":
            given |= {
                "paid_on_source": "unknown",
                "ins_paid_reported": CHARGE,
                "ins_unpaid_reported": 0,
            }
        session_id = insert(db, "sessions", given | columns, "session_id")
        if status in ("denied", "appealing"):
            denial = {
                "session_id": session_id,
                "denied_on": SERVICE,
                "category": "coding",
                "by_user": "tests",
                "amount": CHARGE,
            }
            denial_id = insert(db, "denials", denial, "denial_id")
        if status == "appealing":
            appeal = {
                "denial_id": denial_id,
                "level": 1,
                "filed_on": SERVICE,
                "method": "fax",
                "by_user": "tests",
            }
            insert(db, "appeals", appeal, "appeal_id")
        record_first_status(db, SYSTEM, [session_id])
    return session_id


def staff(db: psycopg.Connection) -> None:
    """The people of ACTORS."""
    for actor in (VIEWER, BILLER, LEAD, ADMIN):
        insert(
            db,
            "staff",
            {
                "user_id": actor.user_id,
                "display_code": actor.user_id,
                "desk_role": actor.user_id,
                "works_claims": True,
            },
            "user_id",
        )


def read(db: psycopg.Connection, session_id: UUID, *columns: str) -> Any:
    """A column of a session, or a tuple of several."""
    row = db.execute(
        f"select {', '.join(columns)} from desk.sessions where session_id = %s", [session_id]
    ).fetchone()
    assert row
    return row[0] if len(columns) == 1 else row
