"""Invented staff, claims and alerts for digests, written straight into their tables."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg

from daysheet.alerts.digests import Queued, queue_digests
from daysheet.desk.published import published
from tests.desk import invented
from tests.desk.conftest import TODAY

UI = "https://desk.practice.example"
MAILED = {"ui_url": UI, "domains": ("practice.example",)}


def staff(db: psycopg.Connection, user_id: str, role: str = "biller", **columns: Any) -> str:
    """A member of staff with an address."""
    given = {
        "desk_role": role,
        "display_code": user_id[:2].upper(),
        "email": f"{user_id}@practice.example",
    }
    return invented.staff(db, user_id, **given | columns)


def claims(db: psycopg.Connection, *ages: int, **columns: Any) -> list[UUID]:
    """Submitted sessions of 100 dollars, sent that many days ago, each on a claim of its own."""
    rows = []
    payer_id = columns.pop("payer_id", None) or invented.payer(db)
    for age in ages:
        sent = TODAY - timedelta(days=age)
        claim = invented.insert(db, "claims", {"payer_id": payer_id}, "claim_id")
        rows.append(
            {
                "payer_id": payer_id,
                "claim_id": claim,
                "billing_code": f"T{uuid4().hex}",
                "billing_status": "submitted",
                "ins_charge": 100,
                "service_on": sent - timedelta(days=3),
                "first_submitted_on": sent,
                "last_submitted_on": sent,
            }
            | columns
        )
    return invented.sessions(db, rows)


def alert(
    db: psycopg.Connection,
    rule: str,
    *,
    severity: str = "critical",
    on: date = TODAY,
    **columns: Any,
) -> UUID:
    """A live alert that came up on that day."""
    given = {
        "rule_code": rule,
        "severity": severity,
        "first_seen_on": on,
        "last_seen_on": on,
        "critical_since": on if severity == "critical" else None,
    }
    with db.transaction():
        alert_id = invented.insert(db, "alerts", given | columns, "alert_id")
        happens(db, alert_id, "opened", on=on)
        if columns.get("escalation"):
            happens(db, alert_id, "escalated", on=on)
    return alert_id


def aged(db: psycopg.Connection, sessions: Sequence[UUID], **columns: Any) -> list[UUID]:
    """An aged_claim alert on each of these sessions."""
    return [
        alert(db, "aged_claim", session_id=session, day_count=91, amount=100, **columns)
        for session in sessions
    ]


def happens(db: psycopg.Connection, alert_id: UUID, kind: str, on: date = TODAY) -> int:
    """An event of an alert as it now is; its number."""
    row = db.execute(
        "insert into desk.alert_events (alert_id, kind, as_of, severity, escalation, actor)"
        " select alert_id, %s, %s, severity, escalation, 'system:tests' from desk.alerts"
        " where alert_id = %s returning event_id",
        [kind, on, alert_id],
    ).fetchone()
    assert row
    return row[0]


def change(db: psycopg.Connection, alert_id: UUID, kind: str, on: date, **columns: Any) -> None:
    """Something becomes of an alert: its columns change and an event says so."""
    with db.transaction():
        sets = ", ".join(f"{name} = %({name})s" for name in columns)
        db.execute(
            f"update desk.alerts set {sets or 'severity = severity'} where alert_id = %(alert_id)s",
            columns | {"alert_id": alert_id},
        )
        happens(db, alert_id, kind, on)


@contextmanager
def day(db: psycopg.Connection, today: date) -> Iterator[None]:
    """For a while it is that day."""
    before = db.execute("select current_setting('daysheet.as_of')").fetchone()
    db.execute("select set_config('daysheet.as_of', %s, false)", [today.isoformat()])
    yield
    assert before
    db.execute("select set_config('daysheet.as_of', %s, false)", [before[0]])


def mailed(
    db: psycopg.Connection, on: date = TODAY, *, is_forced: bool = False, **options: Any
) -> dict[str, Queued]:
    """The digests of that day, queued; by display code."""
    with day(db, on), published(db, is_writing=True) as reader:
        queued = queue_digests(reader, is_forced=is_forced, **MAILED | options)
    return {each.display_code: each for each in queued}


def bodies(db: psycopg.Connection, queued: Queued) -> tuple[str, str]:
    """The mail as text and as HTML."""
    row = db.execute(
        "select text_body, html_body from ops.mail where mail_id = %s", [queued.mail_id]
    ).fetchone()
    assert row
    return row


def told(db: psycopg.Connection, queued: Queued) -> dict[UUID, str]:
    """Which alerts it tells of, and in which section."""
    rows = db.execute(
        "select alert_id, section from ops.mail_line where mail_id = %s", [queued.mail_id]
    )
    return dict(rows.fetchall())
