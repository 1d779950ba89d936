"""Every route against everybody who may ask for it."""

import psycopg
import pytest
from fastapi.routing import APIRoute

from daysheet.catalog import load_contract
from daysheet.web.app import make_app
from tests.web.conftest import ROLES, with_a_write
from tests.web.published_builds import MODEL, remember

STRANGERS = {None: 401, "expired": 401, "forged": 401}
NOT_AT_THE_DESK = {"nobody": 403, "left": 403}
EVERY_ROLE = dict.fromkeys(ROLES, 200)

AT_THE_DESK = STRANGERS | NOT_AT_THE_DESK | EVERY_ROLE
SIGNED_IN = STRANGERS | dict.fromkeys(NOT_AT_THE_DESK, 200) | EVERY_ROLE
LED_ON = STRANGERS | dict.fromkeys(NOT_AT_THE_DESK | EVERY_ROLE, 303)
NOT_BUILT = STRANGERS | dict.fromkeys(NOT_AT_THE_DESK | EVERY_ROLE, 404)

ADMINS = AT_THE_DESK | dict.fromkeys(("viewer", "biller", "lead"), 403)
AN_ADMIN_422 = ADMINS | {"admin": 422}

BILLERS = AT_THE_DESK | {"viewer": 403}
BILLERS_422 = AT_THE_DESK | dict.fromkeys(("biller", "lead", "admin"), 422) | {"viewer": 403}
BILLERS_404 = AT_THE_DESK | dict.fromkeys(("biller", "lead", "admin"), 404) | {"viewer": 403}
NOBODYS_404 = AT_THE_DESK | dict.fromkeys(ROLES, 404)
EVERYBODYS_422 = AT_THE_DESK | dict.fromkeys(ROLES, 422)

PAYMENT = "0c7e6f9a-4b1d-4e57-9a43-6a2f6f0d9b11"
ITEM = "3f0c2f4e-9b57-4d0f-8a11-5a7d1c7f2e22"
LAYOUT = [
    name
    for name, column in load_contract("simplepractice", "appointment_status").columns.items()
    if column.heading
]
ALERT = "8b6f1d0a-2c3e-4a8b-9f27-1e5d4c3b2a33"

# What each route answers to whom, and a path of it that exists; a write comes with an empty form.
GRID = {
    ("GET", "/"): ("/", AT_THE_DESK),
    ("GET", "/forgotten"): ("/forgotten", AT_THE_DESK),
    ("GET", "/metrics/{name}"): ("/metrics/collections_mtd", AT_THE_DESK),
    ("GET", "/aging"): ("/aging", AT_THE_DESK),
    ("POST", "/aging/export"): ("/aging/export", AT_THE_DESK),
    ("POST", "/aging/filters"): ("/aging/filters", EVERYBODYS_422),
    ("POST", "/aging/filters/{filter_id}/forget"): (
        f"/aging/filters/{ITEM}/forget",
        NOBODYS_404,
    ),
    ("POST", "/aging/selections"): ("/aging/selections", BILLERS_422),
    ("GET", "/aging/selections/{selection_id}"): (f"/aging/selections/{ITEM}", BILLERS_404),
    ("POST", "/aging/selections/{selection_id}/export"): (
        f"/aging/selections/{ITEM}/export",
        BILLERS_404,
    ),
    ("POST", "/aging/selections/{selection_id}/{action}"): (
        f"/aging/selections/{ITEM}/snooze",
        BILLERS_404,
    ),
    ("GET", "/aging/families"): ("/aging/families", AT_THE_DESK),
    ("GET", "/aging/families/{guarantor_id}"): (
        "/aging/families/1",
        NOBODYS_404,
    ),
    ("GET", "/audit"): ("/audit", ADMINS),
    ("POST", "/audit"): ("/audit", AN_ADMIN_422),
    ("GET", "/builds"): ("/builds", SIGNED_IN),
    ("GET", "/builds/compare"): ("/builds/compare?before=1&after=1", LED_ON),
    ("GET", "/builds/{build}"): ("/builds/1", SIGNED_IN),
    ("GET", "/builds/{before}/{after}"): ("/builds/1/1", SIGNED_IN),
    ("GET", "/builds/{before}/{after}/{model}"): ("/builds/1/1/int_claim_details", SIGNED_IN),
    ("GET", "/claims"): ("/claims", AT_THE_DESK),
    ("POST", "/claims/search"): ("/claims/search", BILLERS_422),
    ("GET", "/claims/{reference}"): ("/claims/RC-ABCDEFG", AT_THE_DESK),
    ("POST", "/claims/{reference}/status"): ("/claims/RC-ABCDEFG/status", BILLERS_422),
    ("POST", "/claims/{reference}/notes"): ("/claims/RC-ABCDEFG/notes", BILLERS_422),
    ("POST", "/claims/{reference}/owner"): ("/claims/RC-ABCDEFG/owner", BILLERS_422),
    ("POST", "/claims/{reference}/snooze"): ("/claims/RC-ABCDEFG/snooze", BILLERS_422),
    ("POST", "/claims/{reference}/alerts"): ("/claims/RC-ABCDEFG/alerts", BILLERS_422),
    ("POST", "/claims/{reference}/adjustments"): ("/claims/RC-ABCDEFG/adjustments", BILLERS_422),
    ("POST", "/claims/{reference}/adjustments/undo"): (
        "/claims/RC-ABCDEFG/adjustments/undo",
        BILLERS_422,
    ),
    ("GET", "/dags/{dag_id}"): ("/dags/ingest_csv_drops", LED_ON),
    ("GET", "/denials"): ("/denials", AT_THE_DESK),
    ("GET", "/payments"): ("/payments", AT_THE_DESK),
    ("POST", "/payments"): ("/payments", BILLERS_422),
    ("GET", "/payments/reconciliation"): ("/payments/reconciliation", AT_THE_DESK),
    ("GET", "/payments/reconciliation/{name}"): ("/payments/reconciliation/credit", AT_THE_DESK),
    ("POST", "/payments/reconciliation/{name}/clear"): (
        "/payments/reconciliation/credit/clear",
        BILLERS_422,
    ),
    ("POST", "/payments/reconciliation/ledger_against_export/post"): (
        "/payments/reconciliation/ledger_against_export/post",
        BILLERS_422,
    ),
    ("POST", "/payments/reconciliation/control_total"): (
        "/payments/reconciliation/control_total",
        AT_THE_DESK,
    ),
    ("GET", "/payments/{key}"): (f"/payments/{PAYMENT}", AT_THE_DESK),
    ("POST", "/payments/{key}/allocations"): (f"/payments/{PAYMENT}/allocations", BILLERS_422),
    ("POST", "/payments/{key}/reversal"): (f"/payments/{PAYMENT}/reversal", BILLERS_422),
    ("POST", "/payments/{key}/aside"): (f"/payments/{PAYMENT}/aside", BILLERS_422),
    ("POST", "/payments/{key}/release"): (f"/payments/{PAYMENT}/release", BILLERS_422),
    ("GET", "/queue"): ("/queue", AT_THE_DESK),
    ("GET", "/queue/items/{item_id}"): (f"/queue/items/{ITEM}", AT_THE_DESK),
    ("POST", "/queue/items/{item_id}"): (f"/queue/items/{ITEM}", BILLERS_422),
    ("GET", "/queue/alerts/{alert_id}"): (f"/queue/alerts/{ALERT}", AT_THE_DESK),
    ("POST", "/queue/alerts/{alert_id}"): (f"/queue/alerts/{ALERT}", BILLERS_422),
    ("GET", "/imports"): ("/imports", AT_THE_DESK),
    ("GET", "/imports/quarantine"): ("/imports/quarantine", AT_THE_DESK),
    ("GET", "/imports/files/{number}"): ("/imports/files/1", AT_THE_DESK),
    ("GET", "/imports/files/{number}/rows/{line}"): ("/imports/files/1/rows/2", BILLERS),
    ("POST", "/imports/files/{number}/rows/{line}"): ("/imports/files/1/rows/2", BILLERS_422),
    ("GET", "/imports/conflicts"): ("/imports/conflicts", AT_THE_DESK),
    ("POST", "/imports/conflicts/{item_id}"): (f"/imports/conflicts/{ITEM}", BILLERS_422),
    ("GET", "/imports/payers"): ("/imports/payers", AT_THE_DESK),
    ("POST", "/imports/payers/{payer_id}"): (f"/imports/payers/{ITEM}", BILLERS_422),
    ("GET", "/settings"): ("/settings", AT_THE_DESK),
    ("GET", "/settings/{tab}"): ("/settings/payers", AT_THE_DESK),
    ("GET", "/settings/{tab}/entry"): ("/settings/payers/entry", ADMINS),
    ("POST", "/settings/{tab}/entry"): ("/settings/payers/entry", AN_ADMIN_422),
    ("POST", "/settings/{tab}/removal"): ("/settings/holidays/removal", ADMINS | {"admin": 404}),
    ("GET", "/models"): ("/models", SIGNED_IN),
    ("GET", "/models/{name}"): ("/models/int_claim_details", SIGNED_IN),
    ("GET", "/explain/{model}"): ("/explain/int_claim_details", NOT_BUILT),
    ("GET", "/explain/{model}/row"): ("/explain/int_claim_details/row", NOT_BUILT),
    ("GET", "/explain/raw/{source}/{table}/{file}/{line}"): (
        "/explain/raw/opendental/claim/1/1",
        BILLERS_422 | dict.fromkeys(("biller", "lead", "admin"), 404),
    ),
    ("GET", "/static/{name}"): ("/static/desk.css", SIGNED_IN),
}

OURS = {"origin": "http://testserver"}
FROM_HERE = {"GET": {}, "POST": OURS}
FROM_ELSEWHERE = {
    "another site": {"origin": "https://evil.example"},
    "another port": {"origin": "http://testserver:8081"},
    "a frame without origin": {"origin": "null"},
    "another site, as the browser says": {"sec_fetch_site": "cross-site"} | OURS,
    "another port, as the browser says": {"sec_fetch_site": "same-site"} | OURS,
    "a bookmark": {"sec_fetch_site": "none"} | OURS,
    "a site that lies": {"sec_fetch_site": "same-origin", "origin": "https://evil.example"},
    "who does not say": {},
}


@pytest.fixture(scope="module", autouse=True)
def _a_claim(staffed):
    with staffed.open() as connection:
        connection.execute("insert into desk.claims (claim_ref) values ('RC-ABCDEFG')")
        connection.execute(
            "insert into desk.payments (payment_id, method, received_on, amount, source,"
            " idempotency_key, by_user)"
            " values (%s, 'cash', desk.today(), 5, 'manual', 'k', 'left')",
            [PAYMENT],
        )
        connection.execute(
            "insert into desk.work_items (item_id, kind, payment_id) values (%s, 'conflict', %s)",
            [ITEM, PAYMENT],
        )
        connection.execute(
            "insert into desk.alerts (alert_id, rule_code, payment_id, severity)"
            " values (%s, 'unapplied_money', %s, 'medium')",
            [ALERT, PAYMENT],
        )
    with psycopg.connect(staffed.warehouse.admin) as db:
        db.execute(
            "insert into ops.file (source, table_name, file_name, sha256, bytes, mode, exported_on,"
            " state, layout) values ('simplepractice', 'appointment_status', 'a.csv', 'a', 1,"
            " 'full', now()::timestamp, 'loaded', %s)",
            [LAYOUT],
        )
        db.execute(
            "insert into ops.row_verdict (file_id, line, verdict) values (1, 2, 'quarantined')"
        )
        db.execute(
            "insert into quarantine.refused_row (file_id, line, reasons, raw_text)"
            " values (1, 2, '{}', 'x')"
        )
        db.execute("insert into ops.build (batch, as_of, reason) values (1, '2026-11-20', 'a')")
        remember(db, 1, MODEL, "a", rows=0)


def test_every_route_has_a_row():
    app = make_app()
    other = [route for route in app.routes if not isinstance(route, APIRoute)]
    assert not other, f"the app's own dependencies do not hold for {other}"
    routes = {(method, route.path) for route in app.routes for method in route.methods}
    assert len(routes) >= 3
    assert routes == set(GRID), "say in GRID what it answers to whom"


@pytest.mark.parametrize("route", GRID, ids=" ".join)
@pytest.mark.parametrize("user", AT_THE_DESK)
def test_a_page_is_for_who_may_see_it(browser, route, user):
    path, answers = GRID[route]
    assert browser.ask(user, path, route[0], **FROM_HERE[route[0]]).status_code == answers[user]


@pytest.mark.parametrize("route", GRID, ids=" ".join)
def test_a_token_in_the_header_is_as_good_as_a_cookie(browser, route):
    path, answers = GRID[route]
    for user, status in answers.items():
        if user:
            bearer = {"authorization": f"Bearer {user}"} | FROM_HERE[route[0]]
            answer = browser.ask(None, path, route[0], **bearer)
            assert answer.status_code == status, user


@pytest.mark.parametrize("user", AT_THE_DESK)
def test_a_write_from_our_own_pages_is_for_who_may_write(browser, user):
    with_a_write(browser.app)
    for ours in (OURS, {"sec_fetch_site": "same-origin"} | OURS, {"sec_fetch_site": "same-origin"}):
        assert browser.ask(user, "/change", "POST", **ours).status_code == AT_THE_DESK[user]


@pytest.mark.parametrize("route", [each for each in GRID if each[0] != "GET"], ids=" ".join)
def test_no_write_is_taken_from_elsewhere(browser, route):
    for told in FROM_ELSEWHERE.values():
        assert browser.ask("admin", GRID[route][0], route[0], **told).status_code == 403, told


@pytest.mark.parametrize("elsewhere", FROM_ELSEWHERE)
@pytest.mark.parametrize("user", AT_THE_DESK)
def test_a_write_from_elsewhere_is_refused_to_everybody(browser, elsewhere, user):
    with_a_write(browser.app)
    refused = 401 if user in STRANGERS else 403
    told = FROM_ELSEWHERE[elsewhere]
    assert browser.ask(user, "/change", "POST", **told).status_code == refused
    bearer = browser.ask(
        None, "/change", "POST", authorization=f"Bearer {user or 'forged'}", **told
    )
    assert bearer.status_code == refused


def test_no_description_of_the_app_is_served(browser):
    for path in ("/docs", "/redoc", "/openapi.json", "/static/", "/static"):
        assert browser.ask("admin", path).status_code == 404, path


def test_the_right_is_looked_up_at_each_request(browser, staffed):
    assert browser.ask("lead", "/").status_code == 200
    with staffed.open() as connection:
        connection.execute("update desk.staff set active = false where user_id = 'lead'")
        assert browser.ask("lead", "/").status_code == 403
        connection.execute("update desk.staff set active = true where user_id = 'lead'")
    assert browser.ask("lead", "/").status_code == 200


def test_the_page_without_a_right_says_who_can_give_one(browser):
    answer = browser.ask("nobody", "/")
    assert "no role at the desk" in answer.text
    assert "admin" in answer.text
