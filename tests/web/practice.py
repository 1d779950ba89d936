"""Claims of invented people for the pages to show, with markup wherever somebody types."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg

from tests.desk import invented
from tests.desk.conftest import TODAY

MARKUP = "<script>alert('x')</script>"
SQL = "'; drop table desk.sessions; --"
PAYER = f"Acme {MARKUP} & Sons"
CLIENT = f"Ada <b>Example</b> {SQL}"
TYPED = f"she said {MARKUP} {SQL} {{{{ 7 * 7 }}}}"


def claim(
    db: psycopg.Connection, *sessions: dict[str, Any], **columns: Any
) -> tuple[str, list[str]]:
    """A claim that was sent on Aug 1, 2026, and its sessions: our references of both."""
    payer = invented.payer(db, PAYER)
    key = invented.insert(db, "claims", {"payer_id": payer} | columns, "claim_id")
    given = {
        "payer_id": payer,
        "claim_id": key,
        "client_id": client(db),
        "billing_status": "submitted",
        "service_on": date(2026, 7, 20),
        "first_submitted_on": date(2026, 8, 1),
        "last_submitted_on": date(2026, 10, 1),
        "ins_charge": Decimal("130.00"),
        "assigned_to": "biller",
    }
    keys = (
        invented.sessions(
            db, [given | {"billing_code": f"T{uuid4().hex}"} | each for each in sessions]
        )
        if sessions
        else []
    )
    invented.insert(
        db,
        "submissions",
        {"claim_id": key, "n": 1, "kind": "original", "by_user": "biller",
         "submitted_on": date(2026, 8, 1)},
        "n",
    )  # fmt: skip
    return reference(db, "claims", "claim_ref", "claim_id", key), [
        reference(db, "sessions", "session_ref", "session_id", each) for each in keys
    ]


def client(db: psycopg.Connection) -> UUID:
    """The client with markup in the name."""
    found = db.execute(
        "insert into desk.clients (client_key, full_name, initials)"
        " values (sha256('markup'), %s, 'AE')"
        " on conflict (client_key) do update set initials = 'AE' returning client_id",
        [CLIENT],
    ).fetchone()
    assert found
    return found[0]


def reference(db: psycopg.Connection, table: str, name: str, key: str, value: UUID) -> str:
    found = db.execute(f"select {name} from desk.{table} where {key} = %s", [value]).fetchone()
    assert found
    return found[0]


def session_id(db: psycopg.Connection, session_ref: str) -> UUID:
    found = db.execute(
        "select session_id from desk.sessions where session_ref = %s", [session_ref]
    ).fetchone()
    assert found
    return found[0]


def note(db: psycopg.Connection, session: UUID, body: str, **columns: Any) -> None:
    row = {"session_id": session, "kind": "call", "body": body, "by_user": "biller"} | columns
    invented.insert(db, "notes", row, "note_id")


def alert(db: psycopg.Connection, rule: str, severity: str, days: int, **columns: Any) -> UUID:
    """A live alert with the event that opened it."""
    row = {"rule_code": rule, "severity": severity, "day_count": days}
    if severity == "critical":
        row["critical_since"] = TODAY
    key = invented.insert(db, "alerts", row | columns, "alert_id")
    event = {
        "alert_id": key, "kind": "opened", "severity": severity, "escalation": 0,
        "actor": "system:alert_aged_claims",
    }  # fmt: skip
    invented.insert(db, "alert_events", event, "event_id")
    return key


def payment(db: psycopg.Connection, session: UUID, amount: str, received: date) -> None:
    """A payment that went to one session."""
    payer = db.execute(
        "select payer_id from desk.sessions where session_id = %s", [session]
    ).fetchone()
    assert payer
    row = {
        "payer_id": payer[0], "method": "check", "received_on": received, "amount": amount,
        "source": "manual", "idempotency_key": f"{session} {amount}", "by_user": "lead",
    }  # fmt: skip
    paid = invented.insert(db, "payments", row, "payment_id")
    invented.insert(
        db,
        "payment_allocations",
        {"payment_id": paid, "session_id": session, "amount": amount, "split": "exact",
         "by_user": "lead"},
        "allocation_id",
    )  # fmt: skip


def mailed(db: psycopg.Connection, alert_id: UUID, *staff: str, state: str = "sent") -> None:
    """A digest to each of them that tells of the alert."""
    told = db.execute(
        "select max(event_id) from desk.alert_events where alert_id = %s", [alert_id]
    ).fetchone()[0]
    for user in staff:
        found = db.execute(
            "insert into ops.mail (kind, message_id, recipient, staff_id, digest_date, subject,"
            " text_body, html_body, state, sent_at) values ('digest', %s, 'a@practice.example', %s,"
            " %s, 's', 't', 'h', %s, %s) returning mail_id",
            [
                f"<{user}.{alert_id}@practice.example>",
                user,
                TODAY - timedelta(days=1),
                state,
                TODAY if state == "sent" else None,
            ],
        ).fetchone()
        db.execute(
            "insert into ops.mail_line (mail_id, alert_id, section, event_id)"
            " values (%s, %s, 'new', %s)",
            [found[0], alert_id, told],
        )
