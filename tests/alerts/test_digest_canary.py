"""Nothing in a digest tells who was treated, when, by whom or for what: searched for as a word."""

import re
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from daysheet.catalog import load_contract
from daysheet.desk.actors import staff_member
from daysheet.desk.work.dental_claims import register
from daysheet.desk.work.notes import add_note
from daysheet.mail.composing import compose
from tests.alerts import practice
from tests.alerts.conftest import Days
from tests.desk import invented
from tests.desk.conftest import TODAY
from tests.desk.published_practice import publish_practice
from tests.models.examples import insert_source_row, table_rows

# The day of the visit in each way that people and machines write it, and an invented word in each
# field that tells of a person.
VISIT = TODAY - timedelta(days=97)
DAYS = tuple(
    f"{VISIT:{how}}"
    for how in ("%Y-%m-%d", "%m/%d/%Y", "%b %d, %Y", "%B %d, %Y", "%d.%m.%Y", "%m-%d", "%Y%m%d")
)
WORDS = {
    "client": "Quillabert",
    "initials": "Q.Z.X.",
    "clinician": "Dr Vromsel",
    "code": "T7Q3Z",
    "modifier": "MOD7Q",
    "payer number": "PCN88421",
    "clearinghouse": "CHR55190",
    "denial note": "grumbelwick",
    "denial code": "N517",
    "hold reason": "waits for Tramvel",
    "portal": "ask for Snorvik",
    "note": "Plonkert said",
    "acknowledgment": "fax from Zwiebold",
    "file name": "Ondurra-visits.csv",
    "patient": "Wexlimone",
    "patient's first name": "Ordelind",
    "birth date": "1961-03-07",
    "dental code": "D2740",
    "member": "MEM909817",
    "group": "GRP41277",
    "dental claim id": "HROB7764",
    "dental claim number": "99417063",
}

DENTAL = {
    "carrier": """
        CarrierNum | CarrierName
        3          | Acme Dental
        """,
    "insplan": """
        PlanNum | CarrierNum | GroupNum
        7       | 3          | GRP41277
        """,
    "inssub": """
        InsSubNum | PlanNum | Subscriber | SubscriberID
        30        | 7       | 101        | MEM909817
        """,
    "patplan": """
        PatPlanNum | PatNum | InsSubNum
        1          | 101    | 30
        """,
    "procedurecode": """
        CodeNum | ProcCode
        4       | D2740
        """,
    "claim": """
        ClaimNum | PatNum | ClaimType | ClaimStatus | DateService | DateSent | ClaimIdentifier
        99417063 | 101    | P         | S           | {visit}     | {visit}  | HROB7764
        """,
    "claimproc": """
        ClaimProcNum | ClaimNum | PatNum | ProcNum | PlanNum | Status | InsPayEst
        11           | 99417063 | 101    | 1       | 7       | 0      | 80.50
        """,
    "procedurelog": """
        ProcNum | PatNum | ProcStatus | ProcFee | ProcDate | CodeNum
        1       | 101    | 2          | 100     | {visit}  | 4
        """,
}
PATIENT = """
    PatNum | LName     | FName    | Birthdate
    101    | Wexlimone | Ordelind | 1961-03-07
    """


def everything(db: psycopg.Connection) -> Iterator[str]:
    """Every row of the tables of the desk, the raw data, the files and what is published."""
    tables = db.execute(
        "select format('%%I.%%I', table_schema, table_name) from information_schema.tables"
        " where table_type = 'BASE TABLE' and table_schema = any(%s) or table_schema like %s"
        " or (table_schema, table_name) = ('ops', 'file')",
        [["desk", "raw"], r"build\_%"],
    ).fetchall()
    assert len(tables) > 20
    for (table,) in tables:
        for (row,) in db.execute(f"select t::text from {table} as t"):
            yield row


@pytest.fixture
def digest(days: Days, warehouse) -> psycopg.Connection:
    """A lead's digest of a session and a dental claim that know all of these words."""
    db = days.db
    given = {table: rows.replace("{visit}", f"{VISIT}") for table, rows in DENTAL.items()}
    publish_practice(warehouse, given, TODAY)
    register(db)
    practice.staff(db, "lea", "lead", display_code="LE")
    payer = invented.payer(db, "Acme Health")
    portal = {
        "payer_id": payer,
        "name": "Acme portal",
        "url": "https://portal.example",
        "instructions": WORDS["portal"],
    }
    portal_id = invented.insert(db, "insurance_portals", portal, "portal_id")
    [session] = practice.claims(
        db,
        94,
        payer_id=payer,
        billing_status="denied",
        denied_on=TODAY - timedelta(days=3),
        billing_code=WORDS["code"],
        modifiers=[WORDS["modifier"]],
        hold_reason=WORDS["hold reason"],
    )
    db.execute(
        "update desk.claims set payer_claim_no = %s, clearinghouse_ref = %s, portal_id = %s",
        [WORDS["payer number"], WORDS["clearinghouse"], portal_id],
    )
    db.execute(
        "update desk.clients set full_name = %s, initials = %s",
        [WORDS["client"], WORDS["initials"]],
    )
    db.execute("update desk.clinicians set name = %s", [WORDS["clinician"]])
    denial = {
        "session_id": session, "denied_on": TODAY, "category": "coding", "by_user": "lea",
        "carc": WORDS["denial code"], "note": WORDS["denial note"],
    }  # fmt: skip
    invented.insert(db, "denials", denial, "denial_id")
    add_note(db, staff_member(db, "lea"), WORDS["note"], kind="call", session_id=session)
    [alert] = practice.aged(db, [session])
    practice.alert(db, "appeal_deadline", session_id=session, day_count=2)
    [(dental,)] = db.execute("select dental_claim_id from desk.dental_claims").fetchall()
    practice.alert(db, "aged_claim", dental_claim_id=dental, day_count=97)
    db.execute(
        "insert into desk.alert_events (alert_id, kind, severity, escalation, actor, note)"
        " values (%s, 'acknowledged', 'critical', 0, 'lea', %s)",
        [alert, WORDS["acknowledgment"]],
    )
    with psycopg.connect(warehouse.admin, autocommit=True) as admin:
        for line, row in enumerate(table_rows(PATIENT), start=1):
            insert_source_row(admin, load_contract("opendental", "patient"), line, row)
        [(file_id,)] = admin.execute(
            "insert into ops.file (source, file_name, sha256, bytes, mode, exported_on, state)"
            " values ('simplepractice', %s, 'x', 1, 'full', now(), 'rejected') returning file_id",
            [WORDS["file name"]],
        ).fetchall()
    practice.alert(db, "bad_file", severity="high", file_id=file_id)
    queued = practice.mailed(db)["LE"]
    assert queued.line_count == 3
    return db


def test_no_word_that_tells_of_a_person_is_in_a_mail(digest, warehouse):
    with psycopg.connect(warehouse.admin) as admin:
        known = "\n".join(everything(admin))
        [(row,)] = admin.execute("select mail::text from ops.mail").fetchall()
        [parts] = admin.execute(
            "select recipient, message_id, created_at, subject, text_body, html_body from ops.mail"
        ).fetchall()
    message = compose("desk@practice.example", *parts)
    decoded = [each.get_content() for each in message.walk() if not each.is_multipart()]
    mail = "\n".join([row, *(f"{name}: {value}" for name, value in message.items()), *decoded])
    assert "Acme Health" in mail
    missing = [name for name, word in WORDS.items() if word not in known]
    assert not missing, "the search has to find each of them where it is kept"
    assert f"{VISIT:%Y-%m-%d}" in known
    told = [word for word in (*WORDS.values(), *DAYS) if word.lower() in mail.lower()]
    assert told == []


def test_links_hold_only_our_random_reference(digest):
    [(html, text)] = digest.execute("select html_body, text_body from ops.mail").fetchall()
    links = set(re.findall(r'https?://[^\s"<]+', html + text))
    expected = {
        f"{practice.UI}/daysheet/{page}"
        for (page,) in digest.execute(
            "select '' union all select 'claims/' || claim_ref from desk.claims"
            " union all select 'claims/' || claim_ref from desk.dental_claims"
        )
    }
    assert links == expected
