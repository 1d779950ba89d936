"""The record of a claim: what each role sees of it, and that every look at it is kept."""

import re
from datetime import date, timedelta
from html import unescape

import psycopg
import pytest

from tests.desk import invented
from tests.desk.conftest import TODAY
from tests.web.practice import (
    CLIENT,
    MARKUP,
    PAYER,
    SQL,
    TYPED,
    alert,
    claim,
    client,
    mailed,
    note,
    payment,
    session_id,
)


@pytest.fixture
def db(staffed):
    with staffed.open() as connection:
        yield connection


@pytest.fixture
def worked(db) -> str:
    """A session somebody worked: a note, a payment, an alert of which two people were told."""
    _, (reference,) = claim(db, {})
    key = session_id(db, reference)
    note(db, key, TYPED, outcome="they call back", next_action_on=date(2026, 11, 25))
    payment(db, key, "30.00", date(2026, 11, 2))
    db.execute(
        "update desk.sessions set next_action_on = '2026-11-25' where session_id = %s", [key]
    )
    return reference


def text(answer) -> str:
    """What a person reads: without markup, white space made one."""
    assert answer.status_code == 200, answer.text
    body = answer.text.partition("<body>")[2]
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", body).split()))


def test_a_biller_sees_all_of_it(browser, worked):
    said = text(browser.ask("biller", f"/claims/{worked}"))
    for fact in (
        worked, "submitted", PAYER, "counseling", "111 days", "First sent Aug 1, 2026",
        "Last sent Oct 1, 2026 50 days ago", "Charge $130.00", "Paid $30.00", "Write-off $0.00",
        "Client share $0.00", "Outstanding $100.00", "Owner BI", "Next action Nov 25, 2026", CLIENT,
        "Visit Jul 20, 2026", "Cleo Clinician", TYPED, "they call back",
        "payment by check $30.00 received Nov 2, 2026", "claim sent on Aug 1, 2026",
        "began submitted",
    ):  # fmt: skip
        assert fact in said, fact


def test_a_viewer_sees_initials_and_nothing_anybody_typed(browser, worked):
    answer = browser.ask("viewer", f"/claims/{worked}")
    said = text(answer)
    for fact in ("Client AE", "111 days", "Outstanding $100.00", "call", "payment by check $30.00"):
        assert fact in said, fact
    for hidden in ("Ada", "Example", "she said", "they call back"):
        assert hidden not in answer.text, hidden


@pytest.mark.parametrize("role", ["viewer", "biller", "admin"])
def test_what_is_typed_is_text_and_runs_nowhere(browser, worked, role):
    source = browser.ask(role, f"/claims/{worked}").text
    assert "&lt;script&gt;" in source
    for live in (MARKUP, "<b>Example", "she said 49"):
        assert live not in source
    assert (SQL in unescape(source)) == (role != "viewer")


@pytest.mark.parametrize(("role", "shown"), [("viewer", "initials"), ("lead", "everything")])
def test_every_look_is_kept_by_reference(browser, db, worked, role, shown):
    newest = db.execute("select coalesce(max(audit_id), 0) from ops.audit").fetchone()[0]
    assert browser.ask(role, f"/claims/{worked}").status_code == 200
    kept = db.execute(
        "select actor, action, subject, detail from ops.audit where audit_id > %s", [newest]
    ).fetchall()
    assert kept == [(role, "viewed", worked, {"shown": shown, "clients": [str(client(db))]})]


def test_nothing_is_shown_that_cannot_be_kept(browser, staffed, worked):
    with psycopg.connect(staffed.warehouse.admin, autocommit=True) as owner:
        owner.execute("revoke insert on ops.audit from daysheet_desk")
        try:
            answer = browser.ask("biller", f"/claims/{worked}")
        finally:
            owner.execute("grant insert on ops.audit to daysheet_desk")
    assert answer.status_code == 500
    assert "Example" not in answer.text
    assert worked not in answer.text


@pytest.mark.parametrize(
    "odd",
    [
        "RS-2222222", "RC-2222222", "DC-2222222", "XX-2222222", "RS-", "R", "nothing", "RS-%00",
        "RS-ABC%27%20or%201=1--", "%E2%80%AE", "a" * 5000, "RS-2222222%20",
    ],
)  # fmt: skip
def test_what_is_no_reference_of_ours_is_one_404(browser, odd):
    answer = browser.ask("admin", f"/claims/{odd}")
    assert answer.status_code == 404
    assert "there is no such claim" in answer.text
    assert odd not in answer.text or len(odd) == 1


def test_a_reference_in_other_letters_is_another_one(browser, worked):
    for other in (worked.lower(), worked.title(), f"{worked} ", worked.replace("RS", "RC")):
        assert browser.ask("admin", f"/claims/{other}").status_code == 404, other


def test_a_claim_adds_up_its_sessions_and_leads_to_each(browser, db):
    claim_ref, sessions = claim(
        db,
        {"ins_charge": 100, "service_on": date(2026, 7, 1)},
        {"ins_charge": 50, "billing_status": "denied", "denied_on": date(2026, 11, 1),
         "first_submitted_on": date(2026, 9, 1), "assigned_to": "lead"},
    )  # fmt: skip
    alert(db, "denied", "high", 0, session_id=session_id(db, sessions[1]))
    answer = browser.ask("biller", f"/claims/{claim_ref}")
    said = text(answer)
    assert "Outstanding $150.00" in said
    assert f"high denied {sessions[1]}" in said
    assert f"began denied {sessions[1]}" in said
    assert "denied submitted" in said
    assert "Age 111 days" in said
    assert "Owner BI, LE" in said
    assert "Visit Jul 1, 2026, Jul 20, 2026" in said
    for session in sessions:
        assert f'href="/daysheet/claims/{session}"' in answer.text
        alone = browser.ask("biller", f"/claims/{session}").text
        assert f'href="/daysheet/claims/{claim_ref}"' in alone
        assert all(f'href="/daysheet/claims/{each}"' in alone for each in sessions)


def test_a_claim_of_no_known_session_has_a_record(browser, db):
    claim_ref, _ = claim(db)
    said = text(browser.ask("biller", f"/claims/{claim_ref}"))
    assert PAYER in said
    assert "claim sent on Aug 1, 2026" in said


def test_a_session_of_no_claim_and_no_payer_has_a_record(browser, db):
    (key,) = invented.sessions(db, [{"billing_status": "completed", "ins_charge": 10}])
    (reference,) = db.execute(
        "select session_ref from desk.sessions where session_id = %s", [key]
    ).fetchone()
    said = text(browser.ask("biller", f"/claims/{reference}"))
    assert "no payer" in said
    assert "19 days est." in said
    assert "Owner nobody" in said


def test_a_closed_session_has_no_age(browser, db):
    _, (reference,) = claim(db, {"billing_status": "written_off"})
    said = text(browser.ask("biller", f"/claims/{reference}"))
    assert "Age closed" in said
    assert "written off" in said


def test_live_alerts_say_how_bad_how_long_and_who_was_told(browser, db):
    _, (reference,) = claim(db, {})
    key = {"session_id": session_id(db, reference)}
    aged = alert(db, "aged_claim", "critical", 111, **key)
    mailed(db, aged, "lead", "biller")
    mailed(db, aged, "admin", state="pending")
    alert(db, "no_response", "low", 20, silenced_by="aged_claim", **key)
    alert(db, "appeal_deadline", "high", -3, **key)
    quiet = {"status": "acknowledged", "quiet_until": TODAY + timedelta(days=3)}
    alert(db, "filing_deadline", "medium", 5, **quiet, **key)
    alert(db, "denied", "high", 0, status="resolved", resolved_on=TODAY, resolved_how="auto", **key)
    said = text(browser.ask("viewer", f"/claims/{reference}"))
    alerts = said.partition("Alerts")[2].partition("Timeline")[0]
    told = re.findall(r"(critical|high|medium|low) (.+?) ends when", alerts)
    assert told == [
        ("critical", "claim waiting for long 111 days told BI, LE ·"),
        ("high", "appeal deadline 3 days too late nobody was mailed yet ·"),
        ("medium", "filing deadline 5 days left acknowledged until Nov 23, 2026 nobody was mailed"
         " yet ·"),
        ("low", "no word from the payer 20 days not mailed: “claim waiting for long” is more"
         " severe"),
    ]  # fmt: skip
    assert "alert opened: claim waiting for long (critical)" in said


def test_the_timeline_is_in_the_order_of_time_with_who(browser, db):
    _, (reference,) = claim(db, {})
    key = session_id(db, reference)
    for day, who in ((3, "biller"), (1, "lead"), (2, "gone")):
        note(db, key, f"note {day}", by_user=who, at=f"2027-01-0{day} 10:00+00")
    said = text(browser.ask("biller", f"/claims/{reference}")).partition("Timeline")[2]
    found = re.findall(r"note (\d) (Jan \d, 2027) 10:00 · (\w+)", said)
    assert found == [
        ("3", "Jan 3, 2027", "BI"), ("2", "Jan 2, 2027", "gone"), ("1", "Jan 1, 2027", "LE"),
    ]  # fmt: skip


def test_a_long_history_is_still_a_light_page(browser, db):
    _, (reference,) = claim(db, {})
    key = session_id(db, reference)
    for number in range(200):
        note(db, key, f"{number}: no answer, tried again after lunch, asked for a supervisor " * 2)
    answer = browser.ask("biller", f"/claims/{reference}")
    assert answer.text.count("tried again") == 400
    assert len(answer.content) < 100_000
