"""Many sessions at once: what is chosen stays as chosen, each is done on its own merits."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.desk import invented
from tests.desk.conftest import TODAY
from tests.web.practice import MARKUP, alert, claim, session_id
from tests.web.test_claim_page import text

SOON = (TODAY + timedelta(days=3)).isoformat()


@pytest.fixture
def db(staffed):
    with staffed.open() as connection:
        yield connection


@pytest.fixture
def three(db) -> list[str]:
    """Sessions of one claim that was sent: nobody has them."""
    return claim(db, *[{"assigned_to": None}] * 3)[1]


def choose(browser, references, user="lead", query="") -> str:
    """The path of the selection."""
    answer = browser.send(user, f"/aging/selections{query}", {"session": references})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].removeprefix("/daysheet")


def do(browser, path, action, user="lead", version=None, **fields):
    """Send the form of one action, as the page shows it."""
    if version is None:
        page = browser.ask(user, path).text
        version = re.search(r'name="row_version" value="(\d+)"', page)[1]
    return browser.send(user, f"{path}/{action}", {"row_version": version} | fields)


def states(db, references, column="billing_status"):
    rows = db.execute(
        f"select {column} from desk.sessions where session_ref = any(%s) order by session_ref",
        [references],
    ).fetchall()
    return [row[0] for row in rows]


def test_what_is_chosen_is_said_with_its_dollars(browser, three):
    said = text(browser.ask("lead", choose(browser, three[:2], query="?status=submitted")))
    assert "2 sessions , $260.00 outstanding." in said
    assert three[2] not in said
    page = browser.ask("lead", choose(browser, three, query="?status=submitted")).text
    assert 'href="/daysheet/aging?status=submitted"' in page
    assert "Example" not in page


def test_all_that_match_are_those_of_all_pages_at_that_time(browser, db):
    _, references = claim(db, *[{"ins_charge": Decimal("7.07")}] * 60)
    query = "/aging/selections?min=7.07&max=7.07"
    path = browser.send("biller", query, {"which": "all"}).headers["location"]
    claim(db, {"ins_charge": Decimal("7.07")})
    said = text(browser.ask("biller", path.removeprefix("/daysheet")))
    assert "60 sessions , $424.20 outstanding." in said
    for each in references:
        assert each in said


def test_more_than_five_hundred_are_too_many(browser, db):
    claim(db, *[{"ins_charge": Decimal("8.08")}] * 501)
    answer = browser.send("lead", "/aging/selections?min=8.08&max=8.08", {"which": "all"})
    assert answer.status_code == 413
    assert "at most 500" in answer.text
    assert "these are 501" in answer.text


def test_nobody_works_on_what_another_chose(browser, three):
    path = choose(browser, three)
    for user in ("admin", "biller"):
        assert browser.ask(user, path).status_code == 404
        assert do(browser, path, "assign", user, 1, to="me").status_code == 404
        assert browser.send(user, f"{path}/export", {}).status_code == 404
    assert browser.ask("viewer", path).status_code == 403


def test_a_selection_ends(browser, db, three):
    path = choose(browser, three)
    db.execute("update desk.selections set expires_at = now()")
    assert browser.ask("lead", path).status_code == 404
    choose(browser, three)
    left = db.execute("select count(*) from desk.selections where user_id = 'lead'").fetchone()
    assert left == (1,)


def test_a_lead_assigns_and_what_somebody_changed_meanwhile_stays_chosen(browser, db, three):
    path = choose(browser, three)
    db.execute("update desk.sessions set hold_reason = 'x' where session_ref = %s", [three[0]])
    assert do(browser, path, "assign", to="BI").status_code == 303
    assert sorted(map(str, states(db, three, "assigned_to"))) == ["None", "biller", "biller"]
    said = text(browser.ask("lead", path))
    assert "2 done, 1 refused." in said
    assert f"{three[0]} Acme" in said
    assert "it was changed meanwhile" in said
    assert do(browser, path, "assign", to="nobody").status_code == 303
    assert "1 done, 0 refused." in text(browser.ask("lead", path))
    assert "Nothing is chosen any more." in text(browser.ask("lead", path))


def test_a_form_sent_twice_is_done_once(browser, three):
    path = choose(browser, three)
    assert do(browser, path, "assign", version="1", to="me").status_code == 303
    answer = do(browser, path, "assign", version="1", to="nobody")
    assert answer.status_code == 409
    assert "this was done already" in answer.text


def test_a_biller_takes_and_assigns_to_nobody_else(browser, db, three):
    db.execute("update desk.sessions set assigned_to = 'lead' where session_ref = %s", [three[0]])
    path = choose(browser, three, "biller")
    page = browser.ask("biller", path).text
    assert '<option value="me">' in page
    assert '<option value="LE">' not in page
    assert do(browser, path, "assign", "biller", to="LE").status_code == 422
    assert do(browser, path, "assign", "biller", to="me").status_code == 303
    assert sorted(states(db, three, "assigned_to")) == ["biller", "biller", "lead"]
    assert "somebody has it already" in text(browser.ask("biller", path))


def test_a_follow_up_needs_all_of_it_and_keeps_what_was_typed(browser, db, three):
    path = choose(browser, three)
    answer = do(browser, path, "note", body=MARKUP, outcome="", next_action_on=SOON)
    assert answer.status_code == 422
    assert "outcome is missing" in answer.text
    assert "&lt;script&gt;" in answer.text
    assert MARKUP not in answer.text
    answer = do(browser, path, "note", body=MARKUP, outcome="waits", next_action_on="soon")
    assert answer.status_code == 422
    assert 'value="soon"' in answer.text
    assert db.execute("select count(*) from desk.notes").fetchone() == (0,)
    assert (
        do(browser, path, "note", body="called", outcome="waits", next_action_on=SOON).status_code
        == 303
    )
    assert {str(day) for day in states(db, three, "next_action_on")} == {SOON}


def test_each_moves_by_the_rules_and_the_history_has_one_batch(browser, db, three):
    path = choose(browser, three)
    (unsent,) = invented.sessions(db, [{"ins_charge": 10, "billing_code": "Z9"}])
    unsent = db.execute(
        "select session_ref from desk.sessions where session_id = %s", [unsent]
    ).fetchone()[0]
    path = choose(browser, [*three, unsent])
    page = browser.ask("lead", path).text
    assert ">denied (3)</option>" in page
    assert '<option value="paid">' not in page
    assert (
        do(
            browser, path, "status", to="denied", on=TODAY.isoformat(), category="coding"
        ).status_code
        == 303
    )
    assert states(db, three) == ["denied"] * 3
    said = text(browser.ask("lead", path))
    assert "3 done, 1 refused." in said
    assert "completed is not followed by that; possible next:" in said
    batches = db.execute(
        "select count(distinct batch_id), count(*) from desk.session_status_history"
        " where to_status = 'denied' and batch_id is not null"
    ).fetchone()
    assert batches == (1, 3)


def test_what_the_form_lacks_is_said_beside_it(browser, db, three):
    path = choose(browser, three)
    answer = do(browser, path, "status", to="denied", on=TODAY.isoformat())
    assert answer.status_code == 422
    assert "category is missing" in answer.text
    assert states(db, three) == ["submitted"] * 3
    assert do(browser, path, "status").status_code == 422
    assert do(browser, path, "pay").status_code == 422


def test_only_what_is_ready_is_sent_through_its_own_portal(browser, db, three):
    payer = invented.payer(db, f"Gate {MARKUP}", billing_route="portal")
    portal = invented.insert(
        db, "insurance_portals",
        {"payer_id": payer, "name": "Front door", "url": "https://gate.example"}, "portal_id",
    )  # fmt: skip
    ready = {
        "billing_status": "ready_to_bill", "ins_charge": 90, "service_on": TODAY,
        "first_submitted_on": None, "last_submitted_on": None,
    }  # fmt: skip
    _, (plain,) = claim(db, ready)
    _, (gated,) = claim(db, ready | {"payer_id": payer})
    path = choose(browser, [plain, gated, three[0]])
    page = browser.ask("lead", path)
    assert "2 of 3 sessions are ready to bill" in text(page)
    assert "Portal of Gate" in text(page)
    assert (
        do(browser, path, "submit", on=TODAY.isoformat(), portal=[str(portal)]).status_code == 303
    )
    assert states(db, [plain, gated]) == ["submitted"] * 2
    assert "it is submitted, not ready to bill" in text(browser.ask("lead", path))


def test_alerts_are_acknowledged_and_work_is_snoozed(browser, db, three):
    keys = [session_id(db, each) for each in three]
    for rule in ("aged_claim", "stalled"):
        alert(db, rule, "high", 91, session_id=keys[0])
    item = {"kind": "follow_up", "session_id": keys[1]}
    invented.insert(db, "work_items", item, "item_id")
    path = choose(browser, three)
    assert do(browser, path, "acknowledge", note="called", until="2027-06-01").status_code == 303
    assert "at the latest Dec 4, 2026" in text(browser.ask("lead", path))
    assert do(browser, path, "acknowledge", note="called", until=SOON).status_code == 303
    alerts = db.execute("select distinct status from desk.alerts").fetchall()
    assert alerts == [("acknowledged",)]
    said = text(browser.ask("lead", path))
    assert "1 done, 2 refused." in said
    assert said.count("it has no open alert") == 2
    assert do(browser, path, "snooze", until=SOON, reason="they asked").status_code == 303
    said = text(browser.ask("lead", path))
    assert "1 done, 1 refused." in said
    assert "there is nothing to do about it yet" in said
    assert "1 snoozed" in text(browser.ask("lead", f"/aging?q={three[1]}"))
    assert "snoozed, " not in text(browser.ask("lead", f"/aging?q={three[2]}"))


def test_nothing_chosen_is_said(browser):
    answer = browser.send("lead", "/aging/selections", {})
    assert answer.status_code == 422
    assert "choose at least one session" in answer.text
