"""Every page there is, with references of what a deployment really holds."""

from uuid import UUID

import psycopg
from fastapi.routing import APIRoute

from daysheet.desk.actors import staff_member
from daysheet.desk.lifecycle.selections import choose, versions_of
from daysheet.warehouse import Role, session
from daysheet.web.app import make_app
from daysheet.web.metric_rows import LISTS
from tests.bench.phases import DeployedWarehouse
from tests.browser.practice import refused_row

MODEL = "int_claim_details"

_ONE_OF_EACH = {
    "family": "select guarantor_id from build_{build}.int_ar_aging_snapshot"
    " where mode = 'running' and patient_id is null order by balance_total desc limit 1",
    "session": "select session_ref from desk.sessions where in_ar order by session_ref limit 1",
    "dental": "select claim_ref from desk.dental_claims order by claim_ref limit 1",
    "payment": "select payment_id from desk.payments order by received_on desc limit 1",
    "item": "select item_id from desk.work_items where done_at is null limit 1",
    "alert": "select alert_id from desk.alerts where status != 'resolved' limit 1",
    "key": "select min(claim_procedure_id) from build_{build}.int_claim_details",
    "raw": "select _file_id || '/' || _line || '?key=ClaimProcNum=' || \"ClaimProcNum\""
    " from raw.opendental__claimproc limit 1",
}


def every_page(warehouse: DeployedWarehouse) -> list[tuple[str, str]]:
    """Each route that is looked at and a path of it; ``{selection}`` is one's own."""
    with psycopg.connect(warehouse.admin) as db:
        (build,) = _one(db, "select build from ops.current_build")
        found = {
            name: _one(db, query.replace("{build}", str(build)))[0]
            for name, query in _ONE_OF_EACH.items()
        }
        file_id = refused_row(db)
    examples = {
        "/aging/families/{guarantor_id}": [f"/aging/families/{found['family']}"],
        "/aging/selections/{selection_id}": ["/aging/selections/{selection}"],
        "/audit": ["/audit", f"/audit?reference={found['session']}"],
        "/builds/compare": [f"/builds/compare?before={build}&after={build}"],
        "/builds/{build}": [f"/builds/{build}"],
        "/builds/{before}/{after}": [f"/builds/{build}/{build}"],
        "/builds/{before}/{after}/{model}": [f"/builds/{build}/{build}/{MODEL}"],
        "/claims/{reference}": [f"/claims/{found['session']}", f"/claims/{found['dental']}"],
        "/explain/{model}": [f"/explain/{MODEL}"],
        "/explain/{model}/row": [f"/explain/{MODEL}/row?key={found['key']}"],
        "/explain/raw/{source}/{table}/{file}/{line}": [
            f"/explain/raw/opendental/claimproc/{found['raw']}"
        ],
        "/imports/files/{number}": [f"/imports/files/{file_id}"],
        "/dags/{dag_id}": ["/dags/ingest_csv_drops"],
        "/imports/files/{number}/rows/{line}": [f"/imports/files/{file_id}/rows/2"],
        "/metrics/{name}": [f"/metrics/{name}" for name in LISTS],
        "/models/{name}": [f"/models/{MODEL}"],
        "/payments/reconciliation/{name}": ["/payments/reconciliation/credit"],
        "/payments/{key}": [f"/payments/{found['payment']}"],
        "/queue": ["/queue", "/queue?whose=team", "/queue?whose=team&severity=all"],
        "/queue/alerts/{alert_id}": [f"/queue/alerts/{found['alert']}"],
        "/queue/items/{item_id}": [f"/queue/items/{found['item']}"],
        "/settings/{tab}": ["/settings/payers"],
        "/settings/{tab}/entry": ["/settings/payers/entry"],
        "/static/{name}": ["/static/desk.css"],
    }
    routes = [
        route.path
        for route in make_app().routes
        if isinstance(route, APIRoute) and "GET" in route.methods
    ]
    lost = [route for route in routes if "{" in route and route not in examples]
    assert not lost, f"give the crowd an example of {lost}"
    return [(route, path) for route in routes for path in examples.get(route, [route])]


def hire(warehouse: DeployedWarehouse, people: int) -> dict[str, UUID]:
    """Staff of that number who may look at every page, each with chosen sessions of their own."""
    with session(warehouse.dsn(Role.DESK), "bench", autocommit=True) as db:
        references = [
            reference
            for (reference,) in db.execute(
                "select session_ref from desk.sessions where in_ar order by session_ref limit 20"
            )
        ]
        chosen = {}
        for number in range(1, people + 1):
            name = f"crowd{number}"
            db.execute(
                "insert into desk.staff (user_id, display_code, desk_role, works_claims)"
                " values (%s, %s, 'admin', false)",
                [name, f"CR{number}"],
            )
            versions = versions_of(db, references)
            chosen[name] = choose(db, staff_member(db, name), "", versions)
    return chosen


def _one(db: psycopg.Connection, query: str) -> tuple:
    found = db.execute(query).fetchone()
    assert found is not None, f"nothing is found by {query}"
    return found
