"""What a digest says: its subject, totals, sections and lines, short even of 10,000 claims."""

import re
import time
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from daysheet.desk.actors import staff_member
from daysheet.desk.published import published
from daysheet.desk.reading.aging import AgedFilter, aged_totals
from daysheet.desk.work.dental_claims import register
from daysheet.desk.work.notes import add_note
from tests.alerts import practice
from tests.alerts.conftest import Days
from tests.desk import invented
from tests.desk.conftest import TODAY
from tests.desk.published_practice import publish_practice
from tests.desk.test_receivables import PRACTICE

HOSTILE = (
    "<script>alert(1)</script>",
    '=HYPERLINK("http://evil.example","x")',
    "'; drop table desk.alerts; --",
    '"><img src=//evil.example/x>',
    "Acme\u202e\r\nBcc: all@evil.example\r\n\r\nNEW (9)",
    "{{ 7 * 7 }}",
)


@pytest.fixture
def db(days: Days) -> psycopg.Connection:
    return days.db


def entry(text: str, reference: str) -> list[str]:
    """The lines of the plain text about one claim."""
    [found] = re.findall(rf"^{reference}  .*?\n\n", text, re.MULTILINE | re.DOTALL)
    return [line.strip() for line in found.strip().splitlines()]


def reference(db: psycopg.Connection, session_id: object) -> str:
    row = db.execute(
        "select coalesce(claim_ref, session_ref) from desk.sessions left join desk.claims"
        " using (claim_id) where session_id = %s",
        [session_id],
    ).fetchone()
    assert row
    return row[0]


def test_the_subject_says_how_many_how_much_and_what_is_new(db):
    practice.staff(db, "vic")
    practice.staff(db, "lea", "lead")
    [mine, *others] = practice.claims(db, 91, 120, 181, 90, 3)
    db.execute("update desk.sessions set assigned_to = 'vic' where session_id = %s", [mine])
    practice.aged(db, [mine, *others[:2]])
    practice.alert(db, "appeal_deadline", session_id=others[2], day_count=1)
    practice.alert(db, "no_file", severity="high", source="simplepractice", day_count=9)
    queued = practice.mailed(db)
    assert queued["VI"].subject == "[Daysheet] 1 claim over 90 days, 1 new, $100.00"
    assert queued["LE"].subject == (
        "[Daysheet] 3 claims over 90 days, 3 new, $300.00, 1 deadline, 1 file alert"
    )
    assert (queued["LE"].line_count, queued["LE"].new) == (5, 4)


def test_totals_are_of_the_recipients_own_claims_and_agree_with_the_pages(db):
    practice.staff(db, "vic")
    practice.staff(db, "lea", "lead")
    ages = (0, 30, 31, 60, 61, 90, 91, 120, 121, 180, 181)
    practice.claims(db, *ages, assigned_to="vic")
    practice.claims(db, *ages)
    queued = practice.mailed(db, is_forced=True)
    for code, each in (("VI", 1), ("LE", 2)):
        text, _ = practice.bodies(db, queued[code])
        rows = re.findall(r"^(\d+-\d+|over \d+) days +(\d+) +\$([\d.,]+)$", text, re.MULTILINE)
        counts = {label: int(count) for label, count, _ in rows}
        assert counts == {
            "0-30": 2 * each, "31-60": 2 * each, "61-90": 2 * each, "91-120": 2 * each,
            "121-180": 2 * each, "over 180": each, "over 90": 5 * each,
        }  # fmt: skip
        with published(db) as reader:
            which = AgedFilter(bracket="90+", owner="vic" if code == "VI" else None)
            [shown] = aged_totals(reader, which)
        assert Decimal(rows[-1][2].replace(",", "")) == shown.amount


def test_a_claim_is_one_line_whatever_its_sessions_and_rules(db):
    practice.staff(db, "vic", display_code="VC")
    first, second = practice.claims(db, 91, 100, assigned_to="vic")
    db.execute(
        "update desk.sessions set claim_id = (select claim_id from desk.sessions"
        " where session_id = %s) where session_id = %s",
        [first, second],
    )
    practice.aged(db, [first, second])
    practice.alert(db, "filing_deadline", session_id=first, day_count=5, amount=100)
    practice.alert(db, "appeal_deadline", session_id=second, day_count=-1, amount=100)
    vic = staff_member(db, "vic")
    add_note(db, vic, "asked", kind="call", session_id=first)
    queued = practice.mailed(db)["VC"]
    assert queued.subject.startswith("[Daysheet] 1 claim over 90 days, 1 new, $200.00, 1 deadline")
    text, html = practice.bodies(db, queued)
    said = reference(db, first)
    assert entry(text, said) == [
        f"{said}  Acme Health  $200.00",
        "appeal deadline passed 1 day ago; filing deadline in 5 days",
        "100 days, submitted, owner VC, last action today",
        f"{practice.UI}/daysheet/claims/{said}",
    ]
    for shown in (
        f'claims/{said}"', "$200.00", "appeal deadline passed 1 day ago; filing deadline in 5 days",
        "100 days · submitted · owner VC · last action today",
    ):  # fmt: skip
        assert shown in html
    assert len(practice.told(db, queued)) == 4


def test_dental_claims_age_from_the_first_sending_and_name_the_last(db, warehouse):
    publish_practice(warehouse, PRACTICE, TODAY)
    register(db)
    practice.staff(db, "lea", "lead")
    dental = dict(db.execute("select claim_id, dental_claim_id from desk.dental_claims").fetchall())
    refs = dict(db.execute("select claim_id, claim_ref from desk.dental_claims").fetchall())
    for number in (901, 902, 903, 904):
        practice.alert(db, "aged_claim", dental_claim_id=dental[number], day_count=91)
    practice.alert(db, "filing_deadline", dental_claim_id=dental[908], day_count=2)
    text, _ = practice.bodies(db, practice.mailed(db)["LE"])
    for number, expected in {
        901: ("$100.00", "90 days (last sent 10 days ago), sent, owner -, no action yet"),
        902: ("$30.00", "91 days, sent, owner -, no action yet"),
        903: ("$45.00", "20 days est., sent, owner -, no action yet"),
        904: ("no estimate", "79 days, probably sent, owner -, no action yet"),
        908: ("$70.00", "354 days est., never sent, owner -"),
    }.items():
        lines = entry(text, refs[number])
        assert (lines[0].split("  ")[-1], lines[-2]) == expected, number
    assert f"FIRST: {refs[908]}, Borealis: filing deadline in 2 days" in text
    assert re.search(r"^61-90 days +2 +\$100.00 +\+ 1 no estimate$", text, re.MULTILINE)


def test_names_out_of_files_are_shown_as_text(db):
    practice.staff(db, "lea", "lead")
    for name in HOSTILE:
        practice.aged(db, practice.claims(db, 95, payer_id=invented.payer(db, name)))
    queued = practice.mailed(db)["LE"]
    text, html = practice.bodies(db, queued)
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    for name in (*HOSTILE[:4], HOSTILE[5]):
        assert f"  {name}  " in text
    assert "\u202e" not in text + html
    assert "  Acme Bcc: all@evil.example NEW (9)  " in text, "on one line: no heading, no header"
    assert len(re.findall(r"^NEW \(", text, re.MULTILINE)) == 1
    assert set(re.findall(r'(?:href|src)="([^"]*)"', html)) == {
        f"{practice.UI}/daysheet/",
        *re.findall(rf"^  ({practice.UI}/daysheet/claims/RC-[A-Z2-9]{{7}})$", text, re.MULTILINE),
    }


def test_files_and_what_was_resolved_are_told_too(db):
    practice.staff(db, "lea", "lead")
    [paid] = practice.claims(db, 95)
    [alert] = practice.aged(db, [paid], on=TODAY - timedelta(days=1))
    report = practice.alert(
        db,
        "no_file",
        severity="high",
        on=TODAY - timedelta(days=1),
        source="simplepractice",
        day_count=9,
    )
    practice.mailed(db, TODAY - timedelta(days=1))
    Days(db).change(paid, "paid", paid_on=TODAY, ins_paid_reported=100)
    for each in (alert, report):
        practice.change(
            db, each, "resolved", TODAY, status="resolved", resolved_on=TODAY, resolved_how="auto"
        )
    practice.alert(db, "no_drop", severity="high", source="opendental", day_count=4)
    queued = practice.mailed(db)["LE"]
    text, _ = practice.bodies(db, queued)
    assert queued.subject == "[Daysheet] 0 claims over 90 days, 1 file alert"
    assert "FILES (1)\n\n  no export of the dental practice system for 4 days\n" in text
    resolved = text.split("RESOLVED SINCE THE LAST MAIL (2)")[1]
    assert "\n  no appointment report, no longer so\n" in resolved
    assert entry(resolved, reference(db, paid)) == [
        f"{reference(db, paid)}  Acme Health",
        "claim waiting for long, now paid",
        f"{practice.UI}/daysheet/claims/{reference(db, paid)}",
    ]


MANY = """
    with numbered as (
        select n, gen_random_uuid() as session_id from generate_series(1, 10000) as n
    ), made as (
        insert into desk.sessions (
            session_id, service_on, client_id, clinician_id, billing_code, billing_status,
            payer_id, ins_charge, first_submitted_on, last_submitted_on
        )
        select
            session_id, desk.today() - 100 - mod(n, 200), %(client)s, %(clinician)s, 'T' || n,
            'submitted', %(payer)s, 100 + n, desk.today() - 91 - mod(n, 200),
            desk.today() - 91 - mod(n, 200)
        from numbered
    ), told as (
        insert into desk.session_status_history (session_id, to_status, actor, source)
        select session_id, 'submitted', 'system:tests', 'import' from numbered
    ), opened as (
        insert into desk.alerts (rule_code, session_id, severity, critical_since, day_count, amount)
        select 'aged_claim', session_id, 'critical', desk.today(), 91 + mod(n, 200), 100 + n
        from numbered returning alert_id
    )
    insert into desk.alert_events (alert_id, kind, severity, escalation, actor)
    select alert_id, 'opened', 'critical', 0, 'system:tests' from opened
"""


def test_ten_thousand_old_claims_make_a_short_mail_soon(db):
    for user_id, role in (("lea", "lead"), ("leo", "lead"), ("vic", "biller")):
        practice.staff(db, user_id, role, display_code=user_id)
    client, clinician = invented.parties(db)
    payer = invented.payer(db, "&" * 200)
    with db.transaction():
        db.execute(MANY, {"client": client, "clinician": clinician, "payer": payer})
    started = time.perf_counter()
    queued = practice.mailed(db)
    assert time.perf_counter() - started < 5
    for code in ("lea", "leo"):
        assert (queued[code].line_count, queued[code].new) == (10000, 10000)
        text, html = practice.bodies(db, queued[code])
        assert len(text.encode()) + len(html.encode()) < 100_000
        assert text.count("/daysheet/claims/") == html.count("/daysheet/claims/") == 20
        assert "and 9,980 more: " in text
        assert "and 9,980 more</a>" in html
        assert len(practice.told(db, queued[code])) == 10000, "those behind it are told too"
    assert practice.mailed(db) == {}


def test_the_most_urgent_come_first_and_text_fits_a_plain_client(db):
    practice.staff(db, "lea", "lead")
    payer = invented.payer(db, "W" * 200)
    old = practice.claims(db, 100, payer_id=payer, ins_charge=2_000_000)
    small = practice.claims(db, 91, payer_id=payer, ins_charge=1)
    practice.aged(db, [*small, *old], escalation=2)
    text, _ = practice.bodies(db, practice.mailed(db)["LE"])
    assert text.index(reference(db, old[0])) < text.index(reference(db, small[0]))
    assert max(len(line) for line in text.splitlines()) <= 78


def test_what_can_still_be_done_comes_before_what_is_too_late(db):
    practice.staff(db, "lea", "lead")
    missed, old, soon, today = practice.claims(db, 180, 91, 95, 92)
    practice.aged(db, [missed, old, soon, today])
    for session_id, days_left in ((missed, -1), (soon, 5), (today, 0)):
        practice.alert(db, "filing_deadline", session_id=session_id, day_count=days_left)
    queued = practice.mailed(db)["LE"]
    text, _ = practice.bodies(db, queued)
    listed = text[text.index("NEW (4)") :]
    at = [listed.index(reference(db, each)) for each in (today, soon, old, missed)]
    assert at == sorted(at)
    assert f"FIRST: {reference(db, today)}" in text
    assert ", 2 deadlines" in queued.subject
