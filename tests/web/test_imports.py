"""Imports as pages: files, refused rows and their decisions, conflicts, payers nobody knows yet."""

import re
from html import unescape

import psycopg
import pytest

from daysheet.web.wording import without_folder
from tests.desk import invented
from tests.desk.conftest import TODAY
from tests.ingest.loaded_reports import practice_in
from tests.ingest.practice_reports import visit, written
from tests.web.practice import MARKUP, alert

NAME = f"report {MARKUP}_2026-11-13.csv"
CLIENT = "Ferris Nightingale-Oak"
BAD = f"12 {MARKUP}"


@pytest.fixture
def loads(staffed, tmp_path):
    """The module's practice, to load reports into it."""
    with practice_in(staffed.warehouse, tmp_path) as found:
        yield found
        with psycopg.connect(staffed.warehouse.admin, autocommit=True) as owner:
            owner.execute("update ops.batch set state = 'committed', committed_at = now()")


def row_at(day: int, hour: int = 9, **cells: str) -> list[str]:
    """A visit; on a day of its own it is like no other."""
    return visit(at=f"10/{day:02}/2026 {hour:02}:00", **cells)


@pytest.fixture
def refused(loads) -> str:
    """Path of the page of a refused row, in a file with a good one."""
    day = 2 * loads.one("select count(*)::int from ops.file")[0] + 1
    good, bad = row_at(day), row_at(day + 1, charge=BAD)
    return f"/imports/files/{loads.load(NAME, written(good, bad))}/rows/3"


def text(answer) -> str:
    body = answer.text.partition("<main")[2]
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", body).split()))


def cells_of(answer) -> dict[str, str]:
    """What the retry form would send."""
    found = re.findall(r'name="(cell-\w+)" type="text" value="([^"]*)"', answer.text)
    return {name: unescape(value) for name, value in found}


def test_file_names_are_text_for_billers_and_not_read_for_viewers(browser, loads, refused):
    source = browser.ask("biller", "/imports").text
    assert NAME.rpartition("/")[2] in unescape(source)  # a slash ends the name of a folder
    assert MARKUP not in source
    for path in ("/imports", refused.partition("/rows")[0]):
        seen = browser.ask("viewer", path)
        assert seen.status_code == 200
        assert "report" not in seen.text.partition("<tbody>")[2].partition("</tbody>")[0]
        assert NAME.rpartition("/")[2] not in unescape(seen.text)


def test_files_tell_what_became_of_their_rows(browser, loads, refused):
    said = text(browser.ask("viewer", "/imports"))
    assert re.search(
        r"appointment status counseling .*? loaded with quarantine 1 undecided 2 1 1 0 0 0", said
    )
    page = text(browser.ask("viewer", refused.partition("/rows")[0]))
    for fact in (
        "Rows read 2", "New 1", "Refused 1", "bad amount 1", "Inserted 1", "Quarantined 1",
        "Insurance charge $130.00", "1 sessions",
    ):  # fmt: skip
        assert fact in page, fact
    only = text(browser.ask("viewer", refused.partition("/rows")[0] + "?verdict=quarantined"))
    assert "3 quarantined bad amount" in only
    assert "2 inserted" not in only


def test_a_file_leads_to_its_alert(browser, loads, staffed):
    file_id = loads.load("alarming_2026-11-14.csv", written(row_at(29, 16)))
    with staffed.open() as db:
        alert_id = alert(db, "bad_file", "high", 1, file_id=file_id)
    said = browser.ask("viewer", f"/imports/files/{file_id}").text
    assert f'href="/daysheet/queue/alerts/{alert_id}"' in said


def test_a_name_is_shown_without_the_folder_of_its_source():
    assert without_folder("simplepractice/a/b.csv") == "b.csv"
    assert without_folder("b.csv") == "b.csv"


def test_a_file_of_which_nothing_is_loaded_is_no_success(browser, loads):
    file_id = loads.load("bad_2026-11-14.csv", written(row_at(31, charge="abc")))
    said = text(browser.ask("biller", f"/imports/files/{file_id}"))
    assert "No row of it was loaded." in said
    answer = browser.ask("biller", f"/imports/files/{file_id}").text
    assert '<span class="badge good">' not in answer.partition("<h1>")[2].partition("</header>")[0]


def test_files_are_narrowed_by_the_url(browser, loads, refused):
    assert "Nothing matches" in text(browser.ask("viewer", "/imports?source=opendental"))
    assert "appointment status" in text(browser.ask("viewer", "/imports?undecided=yes"))
    assert browser.ask("viewer", "/imports?name=Ada").status_code == 422
    for odd in ("/imports/files/x", "/imports/files/99999", "/imports/files/1/rows/999"):
        assert browser.ask("admin", odd).status_code == 404, odd


def test_a_file_that_came_twice_is_listed_when_asked_for(browser, loads, staffed):
    body = written(row_at(30, 15))
    first = loads.load("again_2026-11-14.csv", body)
    with psycopg.connect(staffed.warehouse.admin, autocommit=True) as db:
        db.execute("update ops.file set state = 'duplicate' where file_id = %s", [first])
    link = f'href="/daysheet/imports/files/{first}"'
    assert link not in browser.ask("viewer", "/imports").text
    assert link in browser.ask("viewer", "/imports?duplicates=show").text
    assert link in browser.ask("viewer", "/imports?state=duplicate").text


def test_a_refused_row_is_seen_by_billers_only_and_every_look_is_kept(browser, loads, refused):
    listed = browser.ask("viewer", "/imports/quarantine")
    assert "bad amount" in listed.text
    assert CLIENT not in listed.text
    assert browser.ask("viewer", refused).status_code == 403
    newest = loads.one("select coalesce(max(audit_id), 0) from ops.audit")[0]
    answer = browser.ask("biller", refused)
    assert CLIENT in unescape(answer.text)
    assert MARKUP not in answer.text
    client = loads.one("select client_id from desk.clients where full_name = %s", CLIENT)[0]
    assert loads.all(
        "select actor, action, subject, detail from ops.audit where audit_id > %s", newest
    ) == [("biller", "viewed", refused, {"shown": "everything", "clients": [str(client)]})]


def test_nothing_of_a_row_is_shown_that_cannot_be_kept(browser, staffed, refused):
    with psycopg.connect(staffed.warehouse.admin, autocommit=True) as owner:
        owner.execute("revoke insert (actor) on ops.audit from daysheet_desk")
        try:
            answer = browser.ask("biller", refused)
        finally:
            owner.execute("grant insert (actor) on ops.audit to daysheet_desk")
    assert answer.status_code == 500
    assert CLIENT not in answer.text


def test_a_row_is_mended_and_retried_and_decided_once(browser, loads, refused):
    cells = cells_of(browser.ask("biller", refused))
    assert cells["cell-ins_charge"] == BAD
    wrong = {"act": "retry"} | cells | {"cell-units": f"1.x{MARKUP}", "cell-ins_charge": "130"}
    again = browser.send("biller", refused, wrong)
    assert again.status_code == 422
    assert cells_of(again) == {name: text for name, text in wrong.items() if name != "act"}
    assert MARKUP not in again.text
    assert browser.send("viewer", refused, wrong).status_code == 403
    right = wrong | {"cell-units": "1"}
    assert browser.send("biller", refused, right).headers["location"].endswith("done=row_retried")
    said = text(browser.ask("biller", refused))
    assert "It was retried by BI on" in said
    assert "Retry" not in said
    assert loads.one("select cells from quarantine.correction order by at desc limit 1")[0] == {
        "ins_charge": "130"
    }
    late = browser.send("lead", refused, right | {"cell-rate": "161"})
    assert late.status_code == 409
    assert "It was retried by BI on" in text(late)
    assert "rate 161" in text(late)


def test_a_row_is_discarded_for_a_reason(browser, loads, refused):
    assert browser.send("biller", refused, {"act": "discard", "reason": " "}).status_code == 422
    gone = browser.send("biller", refused, {"act": "discard", "reason": f"a test {MARKUP}"})
    assert gone.status_code == 303
    assert browser.send("lead", refused, {"act": "discard", "reason": "me too"}).status_code == 409


def test_what_the_rules_cannot_doubt_is_not_taken_as_it_is(browser, refused):
    assert 'value="accept"' not in browser.ask("biller", refused).text
    assert browser.send("biller", refused, {"act": "accept"}).status_code == 422
    assert browser.send("biller", refused, {"act": "burn"}).status_code == 422


def test_of_rows_that_contradict_each_other_one_is_picked(browser, loads):
    file_id = loads.load(
        "twice_2026-11-15.csv",
        written(row_at(30, code="T1"), row_at(30, code="T1", charge="131", unpaid="131")),
    )
    path = f"/imports/files/{file_id}/rows"
    answer = browser.ask("biller", f"{path}/2")
    rivals = text(answer).partition("Rows of the same key")[2].partition("Take")[0]
    assert re.search(r"Charge insurance 130.0 131 Unpaid insurance 130.0 131", rivals)
    assert "Clinician" not in rivals.partition("Fix and retry")[0]
    assert browser.send("biller", f"{path}/3", {"act": "accept"}).status_code == 303
    assert loads.one("select ins_charge::text from desk.sessions where billing_code = 'T1'") == (
        "131.00",
    )
    assert "It was discarded by BI" in text(browser.ask("lead", f"{path}/2"))
    assert browser.send("lead", f"{path}/2", {"act": "accept"}).status_code == 409


def pair(loads, code: str) -> tuple[str, str]:
    """The question whether two sessions of that code are one visit: its path, and both codes."""
    day = 26 + int(code[1])
    loads.load("a_2026-11-16.csv", written(row_at(day, 2, code=code)))
    loads.load("b_2026-11-17.csv", written(row_at(day, 3, code=code)))
    (item,) = loads.one(
        "select item_id from desk.work_items inner join desk.sessions using (session_id)"
        " where kind = 'possible_correction' and done_at is null and billing_code = %s"
        " and detail ->> 'this_is' = 'new'",
        code,
    )
    return f"/imports/conflicts/{item}", code


@pytest.mark.parametrize(("act", "voided"), [("same_visit", 1), ("two_visits", 0)])
def test_a_visit_at_another_time_is_one_or_two_and_said_once(browser, loads, act, voided):
    path, code = pair(loads, f"P{voided}")
    shown = browser.ask("biller", "/imports/conflicts")
    assert re.search(rf"New RS-\w+ completed Oct 2., 2026 03:00 {code} .* Known RS", text(shown))
    assert "client FN" in text(shown)
    assert CLIENT not in shown.text
    assert "Two visits" not in text(browser.ask("viewer", "/imports/conflicts"))
    (version,) = loads.one(
        "select row_version from desk.sessions where billing_code = %s and service_time = '03:00'",
        code,
    )
    wish = {"act": act, "session_version": str(version)}
    assert browser.send("viewer", path, wish).status_code == 403
    if act == "same_visit":
        assert browser.send("biller", path, wish | {"session_version": "99"}).status_code == 409
    assert browser.send("biller", path, wish).headers["location"].endswith(f"done={act}")
    assert loads.one(
        "select count(*)::int from desk.sessions where billing_code = %s"
        " and billing_status = 'voided'",
        code,
    ) == (voided,)
    late = browser.send("lead", path, wish)
    assert late.status_code == 409
    assert "decided it already" in text(late)


def test_what_was_looked_into_is_closed_by_its_owner(browser, loads):
    payer = invented.payer(loads.desk, f"Odd {MARKUP}")
    claim = invented.insert(loads.desk, "claims", {"payer_id": payer}, "claim_id")
    item = {"kind": "conflict", "claim_id": claim, "assigned_to": "lead"}
    path = f"/imports/conflicts/{invented.insert(loads.desk, 'work_items', item, 'item_id')}"
    shut = {"act": "close", "outcome": f"asked {MARKUP}", "row_version": "1"}
    answer = browser.send("biller", path, shut)
    assert answer.status_code == 403
    assert f"asked {MARKUP}" in unescape(answer.text)
    assert MARKUP not in answer.text
    assert browser.send("lead", path, shut | {"outcome": ""}).status_code == 422
    assert browser.send("lead", path, shut).status_code == 303
    assert browser.send("lead", path, shut).status_code == 409


def new_payer(loads, name: str, **columns) -> tuple[str, str]:
    """A payer in review with a session: the path of its review and its key."""
    key = invented.payer(loads.desk, name, needs_review=True, **columns)
    invented.sessions(loads.desk, [{"payer_id": key, "billing_code": f"N{name}"[:20]}])
    invented.insert(
        loads.desk, "payer_aliases", {"alias_norm": name.casefold(), "payer_id": key}, "payer_id"
    )
    return f"/imports/payers/{key}", str(key)


def test_a_payer_first_seen_in_a_file_is_confirmed_once(browser, loads):
    path, _ = new_payer(loads, f"Fresh {MARKUP}")
    shown = browser.ask("viewer", "/imports/payers")
    assert f"Fresh {MARKUP}" in unescape(shown.text)
    assert MARKUP not in shown.text
    assert "payer of its own" not in shown.text
    yes = {"act": "confirm", "row_version": "1"}
    assert browser.send("viewer", path, yes).status_code == 403
    assert browser.send("biller", path, yes | {"row_version": "9"}).status_code == 409
    assert browser.send("biller", path, yes).headers["location"].endswith("done=payer_confirmed")
    assert browser.send("lead", path, yes).status_code == 409
    assert "Fresh" not in browser.ask("viewer", "/imports/payers").text


def test_a_payer_is_merged_with_what_it_has_by_a_lead(browser, loads):
    path, key = new_payer(loads, "Old Oak", external_id="77001")
    known = str(invented.payer(loads.desk, "Old Oak Insurance"))
    wish = {"act": "merge", "row_version": "1", "into": known}
    assert "It is another payer" not in browser.ask("biller", "/imports/payers").text
    assert browser.send("biller", path, wish).status_code == 403
    for wrong in ("", key, "0c7e6f9a-4b1d-4e57-9a43-6a2f6f0d9b11"):
        answer = browser.send("lead", path, wish | {"into": wrong})
        assert answer.status_code == 422, wrong
        assert 'aria-invalid="true"' in answer.text
    assert browser.send("lead", path, wish).headers["location"].endswith("done=payer_merged")
    assert loads.all(
        "select payer_id::text, active, external_id from desk.payers where name like 'Old Oak%%'"
        " order by active"
    ) == [(key, False, None), (known, True, "77001")]
    assert loads.all(
        "select payer_id::text from desk.sessions where billing_code = 'NOld Oak'"
    ) == [(known,)]
    assert loads.one("select count(*)::int from desk.payer_aliases where payer_id = %s", known) == (
        1,
    )
    assert browser.send("lead", path, wish).status_code == 409


def test_a_report_knows_the_merged_payer_by_both_names(browser, loads):
    loads.load("c_2026-11-18.csv", written(row_at(28, code="M1", payer="Birch Mutual")))
    (key,) = loads.one("select payer_id from desk.payers where name = 'Birch Mutual'")
    known = invented.payer(loads.desk, "Birch", external_id="77002")
    wish = {"act": "merge", "row_version": "1", "into": str(known)}
    assert browser.send("lead", f"/imports/payers/{key}", wish).status_code == 303
    loads.load("d_2026-11-19.csv", written(row_at(29, code="M2", payer="Birch Mutual")))
    assert (
        loads.all("select payer_id from desk.sessions where billing_code in ('M1', 'M2')")
        == [(known,)] * 2
    )


def test_what_cannot_move_bars_a_merge(browser, loads):
    other = str(invented.payer(loads.desk, "Cedar", external_id="77003"))
    path, _ = new_payer(loads, "Cedar Two", external_id="77004")
    wish = {"act": "merge", "row_version": "1", "into": other}
    assert "each has an id of its own" in text(browser.send("lead", path, wish))
    path, key = new_payer(loads, "Cedar Three")
    row = {
        "payer_id": key, "method": "check", "received_on": TODAY, "amount": "5.00",
        "source": "manual", "idempotency_key": "cedar", "by_user": "lead",
    }  # fmt: skip
    invented.insert(loads.desk, "payments", row, "payment_id")
    answer = browser.send("lead", path, wish)
    assert answer.status_code == 422
    assert "not shared out" in text(answer)
