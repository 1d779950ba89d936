"""A NUL character, which no text in Postgres can hold, is the sender's fault wherever it stands."""

from urllib.parse import urlencode

import pytest

from daysheet.warehouse import DatabaseFault, NotText
from tests.web.test_route_grid import ALERT, GRID, ITEM, PAYMENT, _a_claim  # noqa: F401

NUL = "a\0b"
FILTERS = {
    "/aging": ("payer", "status", "q", "owner", "clinician", "sort"),
    "/aging/families": ("q", "sort", "page"),
    "/claims": ("payer", "initials", "reference", "tab", "clinician"),
    "/forgotten": ("kind", "days"),
    "/queue": ("payer", "kind", "whose", "severity"),
    "/payments": ("claim", "session", "payer"),
    "/payments/reconciliation/credit": ("payer", "state"),
    "/imports": ("state", "sort"),
    "/imports/quarantine": ("reason", "sort"),
    "/audit": ("q", "sort"),
    "/builds": ("state", "sort"),
    "/models": ("q", "sort"),
    "/explain/int_claim_details/row": ("key",),
}
FORMS = {
    "/aging/filters": ("name", "query"),
    "/aging/selections": ("seen", "query", "keys"),
    "/aging/export": ("query", "reason"),
    "/claims/search": ("name", "number"),
    "/claims/RC-ABCDEFG/notes": ("body", "outcome", "kind", "seen"),
    "/claims/RC-ABCDEFG/adjustments": ("reason", "kind", "amount"),
    "/claims/RC-ABCDEFG/adjustments/undo": ("reason", "key"),
    "/audit": ("q", "name", "reference"),
    "/payments": ("reference", "payer_id", "idempotency_key"),
    f"/payments/{PAYMENT}/reversal": ("reason", "amount"),
    f"/queue/items/{ITEM}": ("reason", "outcome", "act"),
    f"/queue/alerts/{ALERT}": ("note", "act"),
    "/settings/payers/entry": ("name", "payer_id"),
}


@pytest.mark.parametrize("path", FILTERS)
@pytest.mark.parametrize("user", ["viewer", "admin"])
def test_no_filter_with_one_is_a_failure_of_ours(browser, path, user):
    for name in FILTERS[path]:
        answer = browser.ask(user, f"{path}?{urlencode({name: NUL})}")
        assert answer.status_code < 500, (path, name)


@pytest.mark.parametrize("path", ["/aging?payer=%00", "/claims?payer=a%00", "/queue?payer=a%00b"])
def test_a_filter_with_one_is_not_possible_as_asked(browser, path):
    answer = browser.ask("viewer", path.replace("=%00", "=a%00"))
    assert answer.status_code == 422
    assert "Not possible as asked" in answer.text


@pytest.mark.parametrize("route", [each for each in GRID if "{" in each[1]], ids=" ".join)
def test_no_key_with_one_is_a_failure_of_ours(browser, route):
    parts = [("a%00b" if each.startswith("{") else each) for each in route[1].split("/")]
    answer = browser.ask("admin", "/".join(parts), route[0], origin="http://testserver")
    assert answer.status_code in (303, 404, 422), answer.text


@pytest.mark.parametrize("path", FORMS)
def test_no_field_with_one_is_a_failure_of_ours(browser, path):
    for name in FORMS[path]:
        assert browser.send("admin", path, {name: NUL}).status_code < 500, (path, name)


def test_a_field_with_one_is_not_possible_as_asked(browser):
    for form in ({"name": NUL}, {"number": NUL}):
        assert browser.send("biller", "/claims/search", form).status_code == 422


def test_it_is_known_from_whatever_else_the_database_refuses(staffed):
    for statement, value in (
        ("select %s", NUL),
        ("select %s::text::jsonb ->> 'a'", '{"a": "\\u0000"}'),
        ("select convert_from(decode(%s, 'hex'), 'UTF8')", "00"),
    ):
        with pytest.raises(NotText) as refused, staffed.open() as db:
            db.execute(statement, [value])
        assert NUL not in str(refused.value)
    with pytest.raises(DatabaseFault) as other, staffed.open() as db:
        db.execute("select 'a'::integer")
    assert not isinstance(other.value, NotText)
