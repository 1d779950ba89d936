"""The work queue and its alerts as pages: what each role sees, does, and is told when it cannot."""

import re
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest

from daysheet.desk import daily
from daysheet.desk.actors import system
from tests.desk import invented
from tests.desk.conftest import TODAY
from tests.web.practice import MARKUP, PAYER, alert, claim, mailed, session_id

NEXT_WEEK = (TODAY + timedelta(days=7)).isoformat()


@pytest.fixture(scope="module")
def practice(staffed) -> dict[str, str]:
    """A claim of the biller's with a denial near its deadline, an old one of nobody, a payment."""
    with staffed.open() as db:
        db.execute("update desk.staff set works_claims = false")  # nothing is shared out
        _, (denied,) = claim(
            db,
            {"billing_status": "denied", "denied_on": TODAY - timedelta(days=50),
             "appeal_deadline": TODAY + timedelta(days=10)},
        )  # fmt: skip
        _, (pooled,) = claim(db, {"assigned_to": None, "ins_charge": 1900})
        _, (fresh,) = claim(
            db, {"first_submitted_on": TODAY, "last_submitted_on": TODAY, "status_since": TODAY}
        )
        _, (late,) = claim(
            db,
            {"billing_status": "ready_to_bill", "first_submitted_on": None,
             "last_submitted_on": None, "assigned_to": "lead"},
        )  # fmt: skip
        payer = db.execute("select payer_id from desk.payers limit 1").fetchone()[0]
        row = {
            "payer_id": payer, "method": "check", "received_on": TODAY - timedelta(days=9),
            "amount": "55.00", "source": "manual", "idempotency_key": "left over",
            "by_user": "lead",
        }  # fmt: skip
        money = invented.insert(db, "payments", row, "payment_id")
        settle(db)
    return {
        "denied": denied, "pooled": pooled, "fresh": fresh, "late": late, "money": str(money)
    }  # fmt: skip


@pytest.fixture
def desk(staffed):
    with staffed.open() as connection:
        yield connection


def settle(db) -> None:
    """As each morning: what is to be done is opened."""
    daily.refresh(db, system("dag", "tests"))


def item(db, reference: str, kind: str) -> tuple[str, int]:
    """Key and version of an open item."""
    found = db.execute(
        "select item_id, row_version from desk.work_items where kind = %s and done_at is null"
        " and session_id = %s",
        [kind, session_id(db, reference)],
    ).fetchone()
    assert found
    return str(found[0]), found[1]


def new_item(db, **session) -> tuple[str, int, str]:
    """Key, version and reference of a follow-up of a session of its own, the biller's."""
    _, (reference,) = claim(db, session)
    settle(db)
    return *item(db, reference, "follow_up"), reference


def text(answer) -> str:
    body = answer.text.partition("<main")[2]
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", body).split()))


def test_items_stand_in_groups_with_a_score_that_is_explained(browser, practice):
    answer = browser.ask("biller", "/queue?whose=team")
    said = text(answer)
    now, track = said.index(practice["pooled"]), said.index(practice["fresh"])
    assert said.index("Amount Deadline") < now < track
    assert re.search(r"On track \d+ .*" + practice["fresh"], said)
    pooled = said[: said.index(practice["pooled"])].rpartition("amount ")[2]
    assert re.match(r"34\.\d of 35 age 27\.8 of 30 deadline 0\.0 of 25 state 5\.0 of 10", pooled)
    assert "<summary" in answer.text
    assert "deadline passed" in said
    assert "appeal due denied" in said


def test_what_an_item_is_about_leads_to_where_it_is_worked_on(browser, practice):
    source = browser.ask("viewer", "/queue").text
    assert f'href="/daysheet/claims/{practice["denied"]}"' in source
    assert f'href="/daysheet/payments/{practice["money"]}"' in source


def test_names_from_files_are_text(browser, practice):
    source = browser.ask("biller", "/queue?whose=team").text
    assert "&lt;script&gt;" in source
    assert MARKUP not in source


def test_billers_start_at_their_own_work_and_all_others_at_the_teams(browser, practice):
    mine = text(browser.ask("biller", "/queue"))
    assert practice["denied"] in mine
    assert practice["pooled"] not in mine
    assert practice["pooled"] in text(browser.ask("lead", "/queue"))
    seen = browser.ask("viewer", "/queue").text
    assert practice["pooled"] in seen
    for control in (">Take<", ">Done<", ">Snooze<"):
        assert control not in seen


def test_the_queue_is_narrowed_by_its_url(browser, practice):
    said = text(browser.ask("biller", f"/queue?whose=team&kind=denial&payer={'x'}"))
    assert "Nothing to show here" in said
    only = text(browser.ask("biller", "/queue?whose=team&kind=denial")).partition("Score")[2]
    assert practice["denied"] in only
    assert practice["pooled"] not in only
    for odd in ("whose=x", "kind=x", "group=x", "severity=x", "client=Ada", "page=0"):
        assert browser.ask("biller", f"/queue?{odd}").status_code == 422, odd


def test_all_caught_up_is_said_only_when_nothing_hides(browser, desk, practice):
    assert "All caught up" in text(browser.ask("admin", "/queue?whose=mine"))
    key, _, _ = new_item(desk, assigned_to="admin")
    desk.execute(
        "update desk.work_items set snoozed_until = %s, snooze_reason = 'x' where item_id = %s",
        [TODAY + timedelta(days=3), key],
    )
    said = text(browser.ask("admin", "/queue?whose=mine"))
    assert "All caught up" not in said
    assert "1 item is hidden: 1 snoozed" in said
    shown = "/queue?whose=mine&snoozed=show"
    assert "snoozed until Nov 23, 2026" in text(browser.ask("admin", shown))
    assert "1 by filters" in text(browser.ask("admin", f"{shown}&kind=denial"))
    desk.execute("update desk.work_items set done_at = now(), done_by = 'x' where item_id = %s",
                 [key])  # fmt: skip


def test_work_is_taken_once(browser, desk, practice):
    key, version, reference = new_item(desk, assigned_to=None)
    taken = {"act": "take", "row_version": version, "back": "whose=unassigned&page=2&to=//evil"}
    assert browser.send("viewer", f"/queue/items/{key}", taken).status_code == 403
    answer = browser.send("biller", f"/queue/items/{key}", taken)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/daysheet/queue?whose=unassigned&page=2&done=taken"
    late = browser.send("lead", f"/queue/items/{key}", taken)
    assert late.status_code == 409
    assert "changed meanwhile" in late.text
    owner = desk.execute(
        "select assigned_to from desk.sessions where session_ref = %s", [reference]
    ).fetchone()
    assert owner == ("biller",)


def test_only_a_lead_assigns(browser, desk, practice):
    key, version, _ = new_item(desk)
    given = {"act": "assign", "to": "lead", "row_version": version}
    assert browser.send("biller", f"/queue/items/{key}", given).status_code == 403
    assert 'value="assign"' not in browser.ask("biller", f"/queue/items/{key}").text
    assert 'value="assign"' in browser.ask("lead", f"/queue/items/{key}").text
    assert browser.send("lead", f"/queue/items/{key}", given | {"to": "left"}).status_code == 422
    assert browser.send("lead", f"/queue/items/{key}", given).status_code == 303
    said = text(browser.ask("biller", f"/queue/items/{key}"))
    assert "a lead can assign it to you." in said


def test_case_62_a_snooze_that_is_too_long_names_the_latest_day(browser, desk, practice):
    key, version = item(desk, practice["denied"], "denial")
    wish = {"act": "snooze", "until": "2027-01-19", "reason": TYPED, "row_version": version}
    answer = browser.send("biller", f"/queue/items/{key}", wish)
    assert answer.status_code == 422
    assert "at the latest Nov 23, 2026" in text(answer)
    assert "hint" not in answer.text.partition('name="until"')[2][:60]
    assert unescape(answer.text).count(TYPED) == 1
    assert "<script>" not in answer.text.partition("<main")[2]
    kept = browser.send("biller", f"/queue/items/{key}", wish | {"until": "2026-11-23"})
    assert kept.headers["location"] == "/daysheet/queue?done=snoozed"


TYPED = f"they asked {MARKUP} for patience"


def test_work_that_goes_on_is_done_with_an_outcome_and_a_next_step(browser, desk, practice):
    key, version, _ = new_item(desk)
    path, done = f"/queue/items/{key}", {"act": "done", "row_version": version, "outcome": TYPED}
    assert browser.send("biller", path, done | {"outcome": " "}).status_code == 422
    again = browser.send("biller", path, done)
    assert again.status_code == 422
    assert "say when it goes on" in text(again)
    assert TYPED in unescape(again.text)
    assert browser.send("biller", path, done | {"next_action_on": NEXT_WEEK}).status_code == 303
    late = browser.send("lead", path, done | {"next_action_on": NEXT_WEEK})
    assert late.status_code == 409
    assert "the item is done already" in text(late)
    assert TYPED in unescape(late.text)
    assert browser.ask("lead", path).status_code == 404


def test_alerts_say_how_bad_of_what_who_was_told_and_when_they_end(browser, desk, practice):
    key = {"session_id": session_id(desk, practice["pooled"])}
    bad = alert(desk, "aged_claim", "critical", 111, amount=1900, **key)
    mailed(desk, bad, "lead")
    alert(desk, "unapplied_money", "medium", 9, payment_id=UUID(practice["money"]))
    alert(desk, "no_file", "high", 12, source="simplepractice")
    answer = browser.ask("viewer", "/queue?severity=all")
    said = text(answer)
    assert "1 critical 2 warning 0 info" in said
    assert re.search(
        r"critical claim waiting for long " + practice["pooled"] + r" .* 111 days \$1,900.00 nobody"
        r" told LE · ends when it is paid",
        said,
    )
    assert said.index("critical claim") < said.index("high no appointment") < said.index("medium p")
    assert f'href="/daysheet/payments/{practice["money"]}"' in answer.text
    assert PAYER in said
    narrowed = text(browser.ask("viewer", "/queue?severity=critical"))
    assert "claim waiting for long" in narrowed
    assert "no appointment report" not in narrowed
    assert "3 other are live" in text(browser.ask("viewer", "/queue?severity=info"))
    desk.execute("update desk.alerts set status = 'resolved', resolved_on = %s, resolved_how = 'x'",
                 [TODAY])  # fmt: skip
    assert "No alert is live" in text(browser.ask("viewer", "/queue?severity=all"))


def test_case_63_an_alert_is_acknowledged_with_a_note(browser, desk, practice):
    _, (reference,) = claim(desk, {})
    key = alert(desk, "denied", "high", 0, session_id=session_id(desk, reference))
    path = f"/queue/alerts/{key}"
    said = {"act": "acknowledge", "until": NEXT_WEEK, "note": "  ", "row_version": 1}
    assert browser.send("viewer", path, said).status_code == 403
    answer = browser.send("biller", path, said)
    assert answer.status_code == 422
    assert f'value="{NEXT_WEEK}"' in answer.text
    assert "note is missing" in text(answer)
    late = browser.send("biller", path, said | {"note": TYPED, "until": "2026-12-30"})
    assert late.status_code == 422
    assert "at the latest Dec 4, 2026" in text(late)
    assert TYPED in unescape(late.text)
    two_lines = {"note": "called them\r\nthey look"}
    assert browser.send("biller", path, said | two_lines).status_code == 303
    assert "acknowledged until Nov 27, 2026" in text(
        browser.ask("biller", "/queue?severity=all&whose=mine")
    )
    kept = desk.execute("select note from desk.alert_events where alert_id = %s and kind ="
                        " 'acknowledged'", [key]).fetchall()  # fmt: skip
    assert kept == [("called them\nthey look",)]
    again = browser.send("biller", path, said | {"note": TYPED})
    assert again.status_code == 409
    assert TYPED in unescape(again.text)


def test_an_alert_of_others_is_for_a_lead(browser, desk, practice):
    _, (reference,) = claim(desk, {"assigned_to": "lead"})
    key = alert(desk, "denied", "high", 0, session_id=session_id(desk, reference))
    path, wish = f"/queue/alerts/{key}", {"act": "snooze", "until": NEXT_WEEK, "reason": TYPED}
    assert 'name="reason"' not in browser.ask("biller", path).text
    assert browser.send("biller", path, wish | {"row_version": 1}).status_code == 403
    sent = browser.send("lead", path, wish | {"row_version": 1, "back": "severity=all"})
    assert sent.headers["location"] == "/daysheet/queue?severity=all&done=alert_snoozed"


def test_only_what_nothing_ends_is_closed_by_hand(browser, desk, practice):
    _, (reference,) = claim(desk, {})
    ends = alert(desk, "denied", "high", 0, session_id=session_id(desk, reference))
    shut = {"act": "close", "note": "seen", "row_version": 1}
    answer = browser.send("lead", f"/queue/alerts/{ends}", shut)
    assert answer.status_code == 422
    assert "it ends by itself" in text(answer)
    assert 'value="close"' not in answer.text


@pytest.mark.parametrize("odd", ["x", "0" * 36, "3f0c2f4e-9b57-4d0f-8a11-5a7d1c7f2e99"])
def test_what_is_no_item_is_a_404(browser, odd):
    for kind in ("items", "alerts"):
        assert browser.ask("admin", f"/queue/{kind}/{odd}").status_code == 404
