"""The aging list as a file: all rows, safe in a spreadsheet, and kept before it leaves."""

import csv
import io
from decimal import Decimal

import psycopg
import pytest

from daysheet.web.csv_file import cell, csv_bytes
from tests.desk.conftest import TODAY
from tests.web.practice import claim
from tests.web.test_aging_bulk import choose

HEADER = [
    "reference", "claim_reference", "source", "age_days", "age_counts_from", "bracket",
    "first_submitted_on", "last_submitted_on", "client_initials", "clinician", "payer", "status",
    "charge", "paid", "outstanding", "deadline", "owner", "next_action_on", "snoozed_until",
    "alerts",
]  # fmt: skip


@pytest.fixture(scope="module")
def owed(staffed) -> list[str]:
    """Sixty sessions: more than a page."""
    with staffed.open() as db:
        db.execute(
            "insert into desk.payers (name) values ('=1+1'), ('@cmd') on conflict do nothing"
        )
        _, references = claim(db, *[{"ins_paid_reported": Decimal("30.50")}] * 60)
        db.execute(
            "update desk.sessions set payer_id = (select payer_id from desk.payers"
            " where name = '=1+1') where session_ref = %s",
            [references[0]],
        )
    return references


def rows(answer) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def kept(staffed):
    with staffed.open() as db:
        return db.execute(
            "select actor, action, subject, detail from ops.audit order by audit_id desc limit 1"
        ).fetchone()


def test_all_rows_leave_not_the_page(browser, owed, staffed):
    answer = browser.send("viewer", "/aging/export?sort=reference&page=2", {})
    found = rows(answer)
    assert list(found[0]) == HEADER
    assert [row["reference"] for row in found] == sorted(owed)
    row = next(row for row in found if row["reference"] == owed[1])
    assert (row["age_days"], row["bracket"], row["first_submitted_on"]) == (
        "111", "90+", "2026-08-01"
    )  # fmt: skip
    assert (row["charge"], row["paid"], row["outstanding"]) == ("130.00", "30.50", "99.50")
    assert (row["client_initials"], row["owner"]) == ("AE", "BI")
    assert "Example" not in answer.text
    named = answer.headers["content-disposition"]
    assert named == f'attachment; filename="aging_{TODAY.isoformat()}.csv"'
    assert answer.headers["cache-control"] == "no-store"
    actor, action, subject, detail = kept(staffed)
    assert (actor, action, subject) == ("viewer", "exported", f"aging_{TODAY.isoformat()}.csv")
    assert detail["shown"] == "initials"
    assert len(detail["clients"]) == 1


def test_a_formula_is_text_and_a_number_a_number(browser, owed):
    (row,) = rows(browser.send("lead", f"/aging/export?q={owed[0]}", {}))
    assert row["payer"] == "'=1+1"
    wide = ("\uff1d1", "\uff0b1", "\uff0d1", "\uff20x")
    for text in ("=1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "\n=1", *wide):
        assert cell(text) == f"'{text}"
    assert cell(Decimal("-5.10")) == Decimal("-5.10")
    assert b"".join(csv_bytes({"a": "a"}, [{"a": Decimal("-5.10")}])).endswith(b"-5.10\r\n")
    assert cell("a=b") == "a=b"


def test_nothing_is_a_header(browser, owed):
    answer = browser.send("lead", "/aging/export?q=RS-2222222", {})
    assert answer.content.decode("utf-8-sig") == ",".join(HEADER) + "\r\n"


def test_names_leave_for_a_lead_with_a_reason(browser, owed, staffed):
    wish = {"names": "on", "reason": "letter to the payer"}
    for user in ("viewer", "biller"):
        assert browser.send(user, "/aging/export", wish).status_code == 403
    assert browser.send("lead", "/aging/export", wish | {"reason": " "}).status_code == 422
    found = rows(browser.send("lead", "/aging/export", wish))
    assert "Ada <b>Example</b>" in found[0]["client_name"]
    detail = kept(staffed)[3]
    assert (detail["shown"], detail["reason"]) == ("names", "letter to the payer")


def test_what_is_chosen_leaves_alone(browser, owed):
    path = choose(browser, owed[:2])
    found = rows(browser.send("lead", f"{path}/export", {}))
    assert {row["reference"] for row in found} == set(owed[:2])


def test_nothing_leaves_that_cannot_be_kept(browser, owed, staffed):
    with psycopg.connect(staffed.warehouse.admin, autocommit=True) as owner:
        owner.execute("revoke insert on ops.audit from daysheet_desk")
        try:
            answer = browser.send("lead", "/aging/export", {})
        finally:
            owner.execute("grant insert on ops.audit to daysheet_desk")
    assert answer.status_code == 500
    assert owed[0] not in answer.text
