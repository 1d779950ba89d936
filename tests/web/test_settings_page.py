"""The settings: who may change what, what is refused, and that every change is in the audit."""

import re

import pytest

from tests.web.practice import MARKUP, PAYER
from tests.web.test_claim_page import text

TABS = ("payers", "portals", "targets", "rules", "staff", "holidays", "practice")
A_PAYER = {
    "name": "Tallow Trust", "external_id": "00731", "billing_route": "portal",
    "plan_class": "medicaid", "filing_days": "120", "appeal_days": "60", "expected_pay_days": "30",
    "active": "on",
}  # fmt: skip


@pytest.fixture
def db(staffed):
    with staffed.open() as connection:
        yield connection


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the first form, and what its controls hold."""
    form = page[page.index('<form class="panel"') :].split("</form>", maxsplit=1)[0]
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    ticked = re.sub(r'<input [^>]*type="checkbox"[^>]*value="on">', "", form)
    found |= dict(re.findall(r'<input id="[^"]*" name="(\w+)"[^>]*? value="([^"]*)"', ticked))
    for name, options in re.findall(r'<select id="[^"]*" name="(\w+)"(.*?)</select>', form, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


def key(db, query: str, *values: object) -> str:
    found = db.execute(query, values).fetchone()
    assert found
    return str(found[0])


def a_payer(db, name: str, **columns: object) -> str:
    return key(
        db,
        "insert into desk.payers (name, needs_review) values (%s, %s) returning payer_id",
        name,
        columns.get("needs_review", False),
    )


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("user", ["viewer", "biller", "lead", "admin"])
def test_everybody_sees_the_lists_but_that_of_staff_and_only_some_may_edit(browser, tab, user):
    listed = browser.ask(user, f"/settings/{tab}")
    assert listed.status_code == (403 if tab == "staff" and user != "admin" else 200)
    may = user == "admin" or (user == "lead" and tab in ("portals", "targets"))
    assert ("/entry" in listed.text) == (may and (tab not in ("portals", "holidays") or may))
    answer = browser.send(user, f"/settings/{tab}/entry", {})
    assert answer.status_code == (403 if not may else 404 if tab in ("rules", "practice") else 422)


def test_a_payer_is_entered_changed_and_both_are_in_the_audit(browser, db):
    assert browser.send("admin", "/settings/payers/entry", A_PAYER).status_code == 303
    said = text(browser.ask("viewer", "/settings?done=setting_saved"))
    assert "It is kept" in said
    assert "Tallow Trust 00731 portal medicaid 120 days 60 days 30 days" in said
    payer = key(db, "select payer_id from desk.payers where external_id = '00731'")
    form = hidden(browser.ask("admin", f"/settings/payers/entry?key={payer}").text)
    assert form["filing_days"] == "120"
    sent = form | {"filing_days": "90"}
    assert browser.send("admin", "/settings/payers/entry", sent).status_code == 303
    rows = db.execute(
        "select actor, action, detail from ops.audit where subject = 'payers: 00731'"
        " order by audit_id"
    ).fetchall()
    assert [row[:2] for row in rows] == [("admin", "settings")] * 2
    assert rows[0][2]["was"] is None
    assert rows[1][2] == {"was": {"filing_days": 120}, "now": {"filing_days": 90}}
    assert "Changed last by AD" in text(browser.ask("admin", f"/settings/payers/entry?key={payer}"))


def test_a_payer_that_a_report_brought_is_confirmed_by_saving_it(browser, db):
    payer = a_payer(db, PAYER, needs_review=True)
    db.execute("insert into desk.work_items (kind, payer_id) values ('payer_review', %s)", [payer])
    listed = browser.ask("admin", "/settings/payers")
    assert "needs review" in listed.text
    assert MARKUP not in listed.text
    page = browser.ask("admin", f"/settings/payers/entry?key={payer}")
    assert "Save and confirm" in page.text
    assert MARKUP not in page.text
    sent = hidden(page.text) | {"name": PAYER}
    answer = browser.send("admin", "/settings/payers/entry", sent)
    assert answer.status_code == 303, answer.text
    found = db.execute(
        "select needs_review, done_by from desk.payers inner join desk.work_items using (payer_id)"
        " where payer_id = %s",
        [payer],
    )
    assert found.fetchall() == [(False, "admin")]


WRONG = [
    ("payers", A_PAYER | {"external_id": "abc"}, "3 to 10 capital letters"),
    ("payers", A_PAYER | {"external_id": "X1Y2", "filing_days": "0"}, "greater than or equal"),
    ("payers", A_PAYER | {"external_id": "X1Y2", "filing_days": "many"}, "valid integer"),
    ("payers", A_PAYER | {"external_id": "X1Y2", "name": ""}, "fill it in"),
    ("payers", A_PAYER | {"external_id": "X1Y2", "name": "a\u0007b"}, "control characters"),
    ("payers", A_PAYER | {"external_id": "X1Y2", "plan_class": "gold"}, "should be"),
    ("staff", {"user_id": "ann", "display_code": "AD", "desk_role": "viewer"}, "called that"),
    ("staff", {"user_id": "ann", "display_code": "AN", "desk_role": "boss"}, "should be"),
    (
        "staff",
        {"user_id": "ann", "display_code": "AN", "desk_role": "lead", "works_payers": "Nobody"},
        "no payer has the id or name",
    ),
    (
        "staff",
        {"user_id": "ann", "display_code": "AN", "desk_role": "lead", "email": "ann"},
        "looks like",
    ),
    ("targets", {"metric": "beauty", "green": "1", "red": "2"}, "choose a metric"),
    ("targets", {"metric": "unbilled_sessions", "green": "few", "red": "2"}, "decimal"),
    ("holidays", {"day": "2026-02-30", "name": "x"}, "date"),
]


@pytest.mark.parametrize(("tab", "sent", "told"), WRONG)
def test_what_cannot_be_is_refused_beside_its_field_and_what_was_typed_is_kept(
    browser, db, tab, sent, told
):
    before = db.execute("select count(*) from ops.audit").fetchone()
    answer = browser.send("admin", f"/settings/{tab}/entry", sent)
    assert answer.status_code == 422
    assert told in answer.text
    assert 'aria-invalid="true"' in answer.text
    kept = hidden(answer.text)
    for name, typed in sent.items():
        if name in kept and typed.isalnum():
            assert kept[name] in (typed, "")  # a choice that is none is not chosen
    assert db.execute("select count(*) from ops.audit").fetchone() == before


def test_no_password_is_kept_beside_a_portal(browser, db):
    payer = a_payer(db, "Saltmarsh")
    portal = {
        "payer": payer, "name": "providers", "url": "https://saltmarsh.example", "active": "on",
        "instructions": "user: ann\r\npassword: hunter2",
    }  # fmt: skip
    answer = browser.send("lead", "/settings/portals/entry", portal)
    assert answer.status_code == 422
    assert "password manager" in answer.text
    assert browser.send(
        "lead", "/settings/portals/entry", portal | {"url": "http://x", "instructions": ""}
    ).text.count("begins with https://")
    fine = portal | {"instructions": "Use the\r\nsecond door"}
    assert browser.send("lead", "/settings/portals/entry", fine).status_code == 303
    assert browser.send("lead", "/settings/portals/entry", fine).status_code == 409
    assert "providers of Saltmarsh" in text(browser.ask("viewer", "/settings/portals"))
    saved = key(db, "select portal_id from desk.insurance_portals")
    page = browser.ask("lead", f"/settings/portals/entry?key={saved}")
    off = hidden(page.text) | {"instructions": ""}
    assert off.pop("active") == "on"
    assert browser.send("lead", "/settings/portals/entry", off).status_code == 303
    assert "not active" in browser.ask("viewer", "/settings/portals").text


def test_who_was_slower_is_told_by_whom_and_may_write_over_it(browser, db):
    page = browser.ask("lead", "/settings/targets/entry?key=unbilled_sessions")
    first = hidden(page.text)
    assert browser.send("admin", "/settings/targets/entry", first | {"green": "20", "red": "30"})
    answer = browser.send("lead", "/settings/targets/entry", first | {"green": "7"})
    assert answer.status_code == 409
    assert "changed by AD on Nov" in answer.text
    assert "Stored now: Green 20, Red 30" in " ".join(answer.text.split())
    again = hidden(answer.text)
    assert (again["green"], again["seen"]) == ("7", "20 30")
    assert browser.send("lead", "/settings/targets/entry", again).status_code == 303
    assert (
        key(db, "select green from desk.metric_targets where metric = 'unbilled_sessions'") == "7"
    )


def test_a_target_of_one_month_can_go_and_that_of_every_month_stays(browser, db):
    sent = {"metric": "aging_over_90", "month": "2026-12-24", "green": "1", "red": "2"}
    assert browser.send("lead", "/settings/targets/entry", sent).status_code == 303
    assert "aging over 90, December 2026" in text(browser.ask("viewer", "/settings/targets"))
    whole = {"key": "aging_over_90", "seen": "0 1"}
    assert browser.send("lead", "/settings/targets/removal", whole).status_code == 422
    of_month = {"key": "aging_over_90 2026-12-01", "seen": "0 1"}
    assert browser.send("lead", "/settings/targets/removal", of_month).status_code == 409
    assert (
        browser.send("lead", "/settings/targets/removal", of_month | {"seen": "1 2"}).status_code
        == 303
    )
    (detail,) = db.execute(
        "select detail from ops.audit where subject = 'targets: aging_over_90 2026-12-01'"
        " order by audit_id desc limit 1"
    ).fetchone()
    assert (detail["was"]["green"], detail["now"]) == ("1", None)


def test_a_rule_is_switched_off_and_its_days_stay_in_order(browser, db):
    page = browser.ask("admin", "/settings/rules/entry?key=aged_claim")
    form = hidden(page.text)
    assert (form["high_at"], form["critical_at"]) == ("60", "90")
    crossed = browser.send("admin", "/settings/rules/entry", form | {"critical_at": "50"})
    assert crossed.status_code == 422
    assert "more days than for what is less severe" in crossed.text
    none = browser.send("admin", "/settings/rules/entry", form | {"high_at": "", "critical_at": ""})
    assert none.status_code == 422
    del form["enabled"]
    sent = form | {"high_at": "45", "mailed_from": ""}
    assert browser.send("admin", "/settings/rules/entry", sent).status_code == 303
    assert db.execute(
        "select enabled, high_at, critical_at, mailed_from from desk.alert_rules"
        " where code = 'aged_claim'"
    ).fetchall() == [(False, 45, 90, None)]
    at_once = browser.ask("admin", "/settings/rules/entry?key=denied")
    assert "high_at" not in at_once.text
    assert browser.send("admin", "/settings/rules/entry", hidden(at_once.text)).status_code == 303
    assert key(db, "select high_at from desk.alert_rules where code = 'denied'") == "0"


def test_the_last_admin_stays_one(browser, db):
    form = hidden(browser.ask("admin", "/settings/staff/entry?key=admin").text)
    answer = browser.send("admin", "/settings/staff/entry", form | {"desk_role": "viewer"})
    assert answer.status_code == 422
    assert "nobody would be left" in answer.text
    assert browser.ask("admin", "/settings/staff").status_code == 200


def test_money_is_typed_as_it_is_written(browser, db):
    form = hidden(browser.ask("admin", "/settings/practice/entry?key=monthly_budget").text)
    sent = form | {"monthly_budget": "$12,000.50"}
    assert browser.send("admin", "/settings/practice/entry", sent).status_code == 303
    assert "$12,000.50" in browser.ask("viewer", "/settings/practice").text
    form = hidden(browser.ask("admin", "/settings/practice/entry?key=monthly_budget").text)
    assert form["monthly_budget"] == "12000.5"
    assert browser.send("admin", "/settings/practice/entry", form | {"monthly_budget": ""})
    assert key(db, "select value is null or value = 'null' from desk.practice_setting"
                   " where name = 'monthly_budget'") == "True"  # fmt: skip


def test_a_holiday_comes_and_goes(browser):
    assert "No holiday yet" in text(browser.ask("viewer", "/settings/holidays"))
    sent = {"day": "2026-12-25", "name": MARKUP}
    assert browser.send("admin", "/settings/holidays/entry", sent).status_code == 303
    assert "Dec 25, 2026" in browser.ask("viewer", "/settings/holidays").text
    gone = {"key": "2026-12-25", "seen": MARKUP}
    assert browser.send("admin", "/settings/holidays/removal", gone).status_code == 303


def test_what_is_no_page_and_no_entry_is_not_found(browser):
    for path in ("/settings/secrets", "/settings/payers/entry?key=x", "/settings/rules/entry"):
        assert browser.ask("admin", path).status_code == 404, path
