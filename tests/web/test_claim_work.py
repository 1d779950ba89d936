"""Working a claim from its record: what each form does, refuses, and keeps of what was typed."""

import re
from datetime import date, timedelta
from html import unescape

import pytest

from tests.desk import invented
from tests.desk.conftest import TODAY
from tests.web.practice import MARKUP, SQL, alert, claim, payment, session_id
from tests.web.test_claim_page import text

UNSENT = {
    "billing_status": "completed", "first_submitted_on": None, "last_submitted_on": None,
    "service_on": date(2026, 11, 10),
}  # fmt: skip
DENIED = {"billing_status": "denied", "denied_on": date(2026, 11, 1)}


@pytest.fixture
def db(staffed):
    with staffed.open() as connection:
        yield connection


@pytest.fixture
def session(db):
    """Makes a session that is alone on its claim; its reference."""

    def made(**columns) -> str:
        _, (reference,) = claim(db, columns)
        return reference

    return made


def read(db, reference: str, column: str):
    return db.execute(
        f"select {column} from desk.sessions where session_ref = %s", [reference]
    ).fetchone()[0]


def seen(db, *references: str) -> dict[str, list[str]]:
    return {"seen": [f"{one}:{read(db, one, 'row_version')}" for one in references]}


def said(answer) -> str:
    """What a person reads, whatever the status."""
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", answer.text.partition("<body>")[2]).split()))


def offered(answer) -> list[str]:
    """The statuses that can be chosen."""
    menu = answer.text.partition('<select id="to"')[2].partition("</select>")[0]
    return re.findall(r'<option value="(\w+)"(?: selected)?>', menu)


def denied(db, reference: str, **columns) -> None:
    """The denial of a session that is denied already."""
    row = {"session_id": session_id(db, reference), "denied_on": date(2026, 11, 1),
           "category": "medical_necessity", "amount": 130, "by_user": "biller"}  # fmt: skip
    invented.insert(db, "denials", row | columns, "denial_id")


def test_the_dropdown_offers_what_may_follow_and_to_whom(browser, session):
    reference = session()
    answer = browser.ask("biller", f"/claims/{reference}")
    mine = ["ready_to_bill", "pending", "approved", "denied", "client_responsibility"]
    assert offered(answer) == mine
    assert offered(browser.ask("lead", f"/claims/{reference}")) == [*mine, "written_off", "voided"]
    assert "<select" not in browser.ask("viewer", f"/claims/{reference}").text


def test_a_jump_is_refused_with_what_is_possible(browser, db, session):
    reference = session(**UNSENT)
    form = seen(db, reference) | {"to": "approved"}
    answer = browser.send("biller", f"/claims/{reference}/status", form)
    assert answer.status_code == 422
    assert "completed is not followed by that" in said(answer)
    assert "Possible next: documented, ready to bill, client responsibility, voided" in said(answer)
    assert read(db, reference, "billing_status") == "completed"


def test_paid_is_a_matter_of_posting(browser, db, session):
    reference = session()
    page = browser.ask("admin", f"/claims/{reference}")
    assert "paid" not in offered(page)
    claim_ref = re.search(r"RC-\w{7}", page.text)[0]
    assert f'href="/daysheet/payments?claim={claim_ref}"' in page.text
    form = seen(db, reference) | {"to": "paid"}
    answer = browser.send("admin", f"/claims/{reference}/status", form)
    assert answer.status_code == 422
    assert "by posting its payment" in said(answer)


def test_a_denial_asks_for_its_day_and_category_and_says_what_helps(browser, db, session):
    reference = session()
    page = browser.ask("biller", f"/claims/{reference}?to=denied")
    for control in ("on", "category", "carc", "group_code", "note"):
        assert f'name="{control}"' in page.text, control
    assert "coding (corrected claim)" in text(page)
    assert "Denied on (required)" in text(page)
    form = seen(db, reference) | {"to": "denied", "on": "", "note": f"{MARKUP} {SQL}"}
    answer = browser.send("biller", f"/claims/{reference}/status", form)
    assert answer.status_code == 422
    assert "Denied on is missing" in said(answer)
    assert f"{MARKUP} {SQL}" in unescape(answer.text)
    assert MARKUP not in answer.text
    form |= {"on": "2026-11-12", "category": "medical_necessity", "carc": "n130",
             "group_code": "CO"}  # fmt: skip
    answer = browser.send("biller", f"/claims/{reference}/status", form)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/daysheet/claims/{reference}?done=status_denied"
    shown = text(browser.ask("biller", f"/claims/{reference}?done=status_denied"))
    for fact in (
        "The status is now denied.", "Medical necessity denied $130.00", "Denied Nov 12, 2026",
        "Codes CO N130", "Usually helps appeal", "submitted → denied",
        "denied: medical necessity (CO N130) $130.00 on Nov 12, 2026", "Appeal by Jan 11, 2027",
    ):  # fmt: skip
        assert fact in shown, fact
    assert "drop table" not in said(browser.ask("viewer", f"/claims/{reference}"))


def test_an_unsent_claim_is_not_denied(browser, db, session):
    reference = session(**UNSENT)
    form = seen(db, reference) | {"to": "denied", "on": "2026-11-12", "category": "coding"}
    answer = browser.send("lead", f"/claims/{reference}/status", form)
    assert answer.status_code == 422
    assert "Possible next" in said(answer)


def test_a_late_appeal_is_barred_but_for_a_lead_with_a_reason(browser, db, session):
    reference = session(**DENIED, appeal_deadline=date(2026, 11, 10))
    denied(db, reference)
    page = browser.ask("biller", f"/claims/{reference}?to=appealing")
    assert "appealing" not in offered(page)
    assert re.search(r'value="appealing" disabled>appealing: it had to be filed by', page.text)
    form = seen(db, reference) | {
        "to": "appealing", "on": "2026-11-15", "level": "1", "method": "fax",
    }  # fmt: skip
    barred = browser.send("biller", f"/claims/{reference}/status", form)
    assert barred.status_code == 422
    assert "it had to be filed by" in said(barred)
    override = form | {"override": "on", "reason": "the payer agreed"}
    assert browser.send("biller", f"/claims/{reference}/status", override).status_code == 403
    page = text(browser.ask("lead", f"/claims/{reference}?to=appealing"))
    assert "Level 1 of 3" in page
    assert "Make an exception: it had to be filed by" in page
    path = f"/claims/{reference}/status"
    assert browser.send("lead", path, form | {"override": "on"}).status_code == 422
    assert browser.send("lead", path, override).status_code == 303
    shown = text(browser.ask("biller", f"/claims/{reference}"))
    assert "Appeal, level 1 filed Nov 15, 2026 decision expected by Jan 14, 2027" in shown
    assert "appeal filed, level 1 on Nov 15, 2026 fax" in shown
    page = text(browser.ask("biller", f"/claims/{reference}?to=denied"))
    assert "Decided on" in page
    assert "upheld withdrawn" in page
    decided = seen(db, reference) | {"to": "denied", "decision": "upheld", "on": "2026-11-19"}
    assert browser.send("biller", f"/claims/{reference}/status", decided).status_code == 303
    shown = text(browser.ask("biller", f"/claims/{reference}"))
    assert "upheld Nov 19, 2026" in shown
    assert "appealing → denied (upheld)" in shown


def test_a_claim_is_changed_session_by_session(browser, db):
    claim_ref, (one, two) = claim(db, {}, {"service_on": date(2026, 7, 25)})
    page = browser.ask("biller", f"/claims/{claim_ref}?to=denied")
    assert page.text.count('type="checkbox" name="seen"') == 4  # of the status, and of a note
    form = seen(db, one, two) | {"to": "denied", "on": "2026-11-12", "category": "coding"}
    odd = browser.send("biller", f"/claims/{claim_ref}/status", form | {"carc": "?"})
    assert said(odd).count("none of the 2 was changed: not a CARC or RARC") == 2
    form["seen"][1] = f"{two}:99"
    answer = browser.send("biller", f"/claims/{claim_ref}/status", form)
    assert answer.status_code == 409
    assert f"1 of 2 changed. {two}" in said(answer)
    assert [read(db, each, "billing_status") for each in (one, two)] == ["denied", "submitted"]


def test_who_was_faster_is_told_and_what_was_typed_is_kept(browser, db, session):
    reference = session()
    form = seen(db, reference) | {
        "to": "denied", "on": "2026-11-12", "category": "coding", "note": "my long note",
    }  # fmt: skip
    first = seen(db, reference) | {"to": "pending"}
    assert browser.send("lead", f"/claims/{reference}/status", first).status_code == 303
    answer = browser.send("biller", f"/claims/{reference}/status", form)
    assert answer.status_code == 409
    assert re.search(r"changed by LE on \w{3} \d+, \d{4} at \d\d:\d\d", said(answer))
    assert "my long note" in answer.text
    assert 'value="2026-11-12"' in answer.text
    assert read(db, reference, "billing_status") == "pending"
    again = re.findall(r'name="seen" value="([^"]+)"', answer.text)
    form["seen"] = [again[0]]
    assert browser.send("biller", f"/claims/{reference}/status", form).status_code == 303


def test_who_was_given_the_work_meanwhile_is_told_too(browser, db, session):
    reference = session(assigned_to=None)
    old = seen(db, reference)
    give = old | {"act": "give", "to": "biller"}
    assert browser.send("lead", f"/claims/{reference}/owner", give).status_code == 303
    answer = browser.send("admin", f"/claims/{reference}/owner", old | {"act": "take"})
    assert answer.status_code == 409
    assert "changed by LE on" in said(answer)


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"kind": "note", "body": "  "}, "the note is missing"),
        ({"kind": "follow_up", "body": "called"}, "outcome is missing"),
        (
            {"kind": "follow_up", "body": "called", "outcome": "wait"},
            "next action is missing",
        ),
        ({"body": "x", "next_action_on": "2026-11-20"}, "from tomorrow on"),
        ({"body": "x", "next_action_on": "20/11/2026"}, "enter a day"),
        ({"kind": "gossip", "body": "x"}, "one of"),
    ],
)
def test_a_note_without_what_it_needs_is_shown_again(browser, db, session, form, problem):
    reference = session()
    answer = browser.send("biller", f"/claims/{reference}/notes", seen(db, reference) | form)
    assert answer.status_code == 422
    assert problem in said(answer)
    assert form["body"].strip() in unescape(answer.text)


def test_notes_calls_and_follow_ups_are_kept(browser, db, session):
    reference = session()
    form = seen(db, reference) | {
        "kind": "follow_up", "body": "line one\r\nline two", "outcome": "they look again",
        "next_action_on": "2026-11-27",
    }  # fmt: skip
    assert browser.send("biller", f"/claims/{reference}/notes", form).status_code == 303
    shown = text(browser.ask("biller", f"/claims/{reference}?done=noted"))
    assert "The note is kept." in shown
    assert "follow up next action Nov 27, 2026 line one line two → they look again" in shown
    assert read(db, reference, "next_action_on") == date(2026, 11, 27)


def test_work_is_taken_by_billers_and_given_by_leads(browser, db, session):
    reference = session(assigned_to=None)
    page = browser.ask("biller", f"/claims/{reference}").text
    assert "Take it" in page
    assert ">Assign<" not in page
    path = f"/claims/{reference}/owner"
    taken = seen(db, reference) | {"act": "take"}
    assert browser.send("biller", path, taken).status_code == 303
    assert read(db, reference, "assigned_to") == "biller"
    assert "Take it" not in browser.ask("biller", f"/claims/{reference}").text
    given = seen(db, reference) | {"act": "give", "to": "lead"}
    assert browser.send("biller", path, given).status_code == 403
    assert browser.send("lead", path, given | {"to": "viewer"}).status_code == 422
    assert browser.send("lead", path, given).status_code == 303
    assert "Owner LE" in text(browser.ask("viewer", f"/claims/{reference}"))


@pytest.mark.parametrize("days", [60, 0])
def test_an_item_is_snoozed_no_longer_than_it_may(browser, db, session, days):
    reference = session()
    item = invented.insert(
        db,
        "work_items",
        {"kind": "follow_up", "session_id": session_id(db, reference), "assigned_to": "biller",
         "due_on": TODAY + timedelta(days=20)},
        "item_id",
    )  # fmt: skip
    form = {"key": str(item), "row_version": 1, "reason": "they are slow"}
    until = TODAY + timedelta(days=days)
    path = f"/claims/{reference}/snooze"
    answer = browser.send("biller", path, form | {"until": until.isoformat()})
    assert answer.status_code == 422
    assert "at the latest Dec 3, 2026" in said(answer)
    assert "they are slow" in answer.text
    assert browser.send("biller", path, form | {"until": "2026-12-03"}).status_code == 303
    shown = text(browser.ask("biller", f"/claims/{reference}"))
    assert "follow up snoozed until Dec 3, 2026" in shown


def test_an_alert_is_acknowledged_with_a_note_only(browser, db, session):
    reference = session()
    key = alert(db, "aged_claim", "critical", 111, session_id=session_id(db, reference))
    form = {"key": str(key), "row_version": 1, "act": "acknowledge", "until": "2026-11-30"}
    path = f"/claims/{reference}/alerts"
    answer = browser.send("biller", path, form)
    assert answer.status_code == 422
    assert "say what is done about it" in said(answer)
    answer = browser.send("biller", path, form | {"until": "2026-12-30", "note": "on it"})
    assert answer.status_code == 422
    assert "at the latest Dec 4, 2026" in said(answer)
    assert "on it" in answer.text
    closing = form | {"act": "close", "note": "done"}
    assert "ends by itself" in said(browser.send("biller", path, closing))
    assert browser.send("biller", path, form | {"note": f"on it {MARKUP}"}).status_code == 303
    assert browser.send("biller", path, form | {"note": "again"}).status_code == 409
    shown = browser.ask("biller", f"/claims/{reference}")
    assert "acknowledged until Nov 30, 2026" in text(shown)
    assert MARKUP not in shown.text


def test_an_alert_on_what_others_have_is_a_leads(browser, db, session):
    reference = session(assigned_to="lead")
    key = alert(db, "aged_claim", "critical", 111, session_id=session_id(db, reference))
    form = {"key": str(key), "row_version": 1, "until": "2026-11-30", "note": "on it"}
    answer = browser.send("biller", f"/claims/{reference}/alerts", form)
    assert answer.status_code == 403
    assert "on it" in answer.text


def test_a_write_off_has_its_limit_and_is_undone_once(browser, db, session):
    reference = session(ins_charge=400)
    path = f"/claims/{reference}/adjustments"
    form = seen(db, reference) | {"kind": "write_off", "amount": "300.00", "reason": "too small"}
    assert "write off" not in browser.ask("biller", f"/claims/{reference}").text
    assert browser.send("biller", path, form).status_code == 403
    answer = browser.send("lead", path, form)
    assert answer.status_code == 403
    assert "more than 250.00 on one session needs the role admin" in said(answer)
    assert "too small" in answer.text
    for amount in ("0.00", "-5", "1.005", "500", "abc"):
        answer = browser.send("lead", path, form | {"amount": amount})
        assert answer.status_code == 422, amount
        assert 'aria-describedby="money-amount-problem"' in answer.text, amount
    assert browser.send("lead", path, form | {"amount": "100"}).status_code == 303
    assert browser.send("lead", path, form | {"amount": "100"}).status_code == 409
    shown = browser.ask("lead", f"/claims/{reference}")
    assert "write off $100.00" in text(shown)
    key = re.search(
        r'adjustments/undo">\s*<input type="hidden" name="key" value="([^"]+)"', shown.text
    )
    undo = {"key": key[1], "reason": "a mistake"}
    other = f"/claims/{session(ins_charge=400)}/adjustments/undo"
    assert browser.send("lead", other, undo).status_code == 404
    assert read(db, reference, "outstanding") == 300
    assert browser.send("biller", f"{path}/undo", undo).status_code == 403
    assert browser.send("lead", f"{path}/undo", undo).status_code == 303
    assert browser.send("lead", f"{path}/undo", undo).status_code == 409
    assert read(db, reference, "outstanding") == 400


def test_money_on_it_keeps_a_session_from_being_voided(browser, db, session):
    reference = session()
    payment(db, session_id(db, reference), "30.00", date(2026, 11, 2))
    page = browser.ask("lead", f"/claims/{reference}")
    assert "voided" not in offered(page)
    form = seen(db, reference) | {"to": "voided", "reason": "twice"}
    answer = browser.send("lead", f"/claims/{reference}/status", form)
    assert answer.status_code == 422
    assert "reverse the payment first" in said(answer)


def test_a_voided_session_is_shown(browser, db, session):
    reference = session(**UNSENT)
    form = seen(db, reference) | {"to": "voided", "reason": "entered twice"}
    assert browser.send("biller", f"/claims/{reference}/status", form).status_code == 303
    shown = text(browser.ask("biller", f"/claims/{reference}"))
    assert "completed → voided" in shown
    assert "entered twice" in shown


def test_a_portal_opens_apart_and_tells_nobody_where_from(browser, db, session):
    reference = session(**UNSENT | {"billing_status": "ready_to_bill"})
    portal = {"payer_id": read(db, reference, "payer_id"), "name": f"Portal {MARKUP}",
              "url": "https://portal.example/claims"}  # fmt: skip
    key = invented.insert(db, "insurance_portals", portal, "portal_id")
    page = browser.ask("biller", f"/claims/{reference}?to=submitted")
    link = 'href="https://portal.example/claims" target="_blank" rel="noreferrer noopener"'
    assert link in page.text
    assert MARKUP not in page.text
    form = seen(db, reference) | {"to": "submitted", "on": "2026-11-19", "portal_id": str(key)}
    assert browser.send("biller", f"/claims/{reference}/status", form).status_code == 303
    shown = text(browser.ask("viewer", f"/claims/{reference}"))
    assert "2 Nov 19, 2026 corrected Portal" in shown


@pytest.mark.parametrize("what", ["status", "notes", "owner", "adjustments"])
def test_a_form_is_only_about_what_its_record_names(browser, db, session, what):
    one, other = session(), session()
    form = seen(db, other) | {"to": "pending", "body": "x", "kind": "write_off", "amount": "1"}
    assert browser.send("lead", f"/claims/{one}/{what}", form).status_code == 409
    assert browser.send("lead", "/claims/RS-2222222/notes", form).status_code == 404
    assert browser.send("lead", "/claims/RS-%00/notes", form).status_code == 404
    odd = form | {"seen": [f"{one}:1' or 1=1"]}
    assert browser.send("lead", f"/claims/{one}/{what}", odd).status_code == 422
