"""An invented practice with something to see on every page: what a browser is shown."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import psycopg

from daysheet.alerts import daily as alerts
from daysheet.desk import daily
from daysheet.desk.actors import staff_member, system
from daysheet.desk.lifecycle.selections import choose, versions_of
from daysheet.desk.published import published
from daysheet.desk.reading.families import families
from daysheet.desk.work.dental_claims import open_claims, register
from daysheet.web.metric_rows import LISTS
from tests.desk import invented
from tests.desk.conftest import TODAY, Desk
from tests.desk.published_practice import MODELS, publish_practice
from tests.web.conftest import ROLES
from tests.web.practice import SQL, claim, note, payment, session_id
from tests.web.published_builds import MODEL, remember
from tests.web.test_route_grid import LAYOUT

PAYERS = ("Acme Health", "Borealis Mutual of the Northern Counties and Islands", "Cumulus Care")
_SENT = ("submitted", "pending", "approved", "denied", "appealing")
_NOT_SENT = ("completed", "documented", "ready_to_bill")
_OF_FAMILIES = ("int_ar_aging_snapshot", "int_ar_transaction_history")
_DENTAL = {
    "patient": """
        PatNum | Guarantor
        101    | 101
        """,
    "procedurelog": """
        ProcNum | PatNum | ProcStatus | ProcDate   | ProcFee | UnitQty
        1       | 101    | 2          | 2026-04-01 | 120.00  | 1
        3       | 101    | 2          | 2026-09-01 | 45.00   | 1
        """,
    "carrier": """
        CarrierNum | CarrierName
        3          | Delta Example
        """,
    "insplan": """
        PlanNum | CarrierNum
        7       | 3
        """,
    "claim": """
        ClaimNum | PatNum | ClaimType | ClaimStatus | DateService | DateSent   | DateSentOrig
        1        | 101    | P         | S           | 2026-04-01  | 2026-11-10 | 2026-04-02
        2        | 101    | P         | P           | 2026-09-01  | 0001-01-01 | 0001-01-01
        """,
    "claimproc": """
        ClaimProcNum | ClaimNum | ProcNum | PlanNum | Status | InsPayEst | InsPayAmt | FeeBilled
        11           | 1        | 1       | 7       | 0      | 80.50     | 0         | 120
        21           | 2        | 3       | 7       | 0      | 0         | 0         | 45
        """,
}


@dataclass(frozen=True)
class Practice:
    """``examples`` are paths of each route that has variables; ``selections`` are by role."""

    desk: Desk
    session_ref: str
    claim_ref: str
    dental_ref: str
    examples: dict[str, tuple[str, ...]]
    selections: dict[str, UUID]

    def paths(self, route: str, role: str) -> tuple[str, ...]:
        """What is opened of a route; itself, where it has no variables."""
        paths = self.examples.get(route, () if "{" in route else (route,))
        assert paths, f"give the practice an example of {route}, so that a browser opens it"
        own = str(self.selections.get(role, self.selections["biller"]))
        return tuple(each.replace("{selection}", own) for each in paths)


def open_practice(desk: Desk) -> Practice:
    """Fill an empty desk, publish a build beside it, and let both nightly jobs of TODAY run."""
    with desk.open() as db:
        for role in ROLES:
            invented.staff(db, role, desk_role=role, display_code=role[:2].upper())
        claim_ref, sessions = claim(db, {}, {"billing_status": "pending"})
        session_ref = sessions[0]
        key = session_id(db, session_ref)
        note(db, key, f"They call back. {SQL} {'a-long-word' * 12}", outcome="call back")
        payment(db, key, "30.00", TODAY - timedelta(days=18))
        _many_sessions(db)
        build = publish_practice(desk.warehouse, _DENTAL, TODAY, [*MODELS, *_OF_FAMILIES])
        with psycopg.connect(desk.warehouse.admin) as ops:
            remember(ops, build, MODEL, "a", rows=2)
            file_id = refused_row(ops)
        register(db)
        with published(db) as reader:
            dental = open_claims(reader)
            (family, *_), _total = families(reader)
        daily.refresh(db, system("dag", "tests"), dental)
        alerts.run(db, ui_url="https://desk.practice.example", domains=(), mail="never")
        (dental_ref,) = db.execute(
            "select claim_ref from desk.dental_claims where claim_id = 1"
        ).fetchone()
        (payment_id,) = db.execute("select payment_id from desk.payments limit 1").fetchone()
        (item_id,) = db.execute("select item_id from desk.work_items limit 1").fetchone()
        (alert_id,) = db.execute("select alert_id from desk.alerts limit 1").fetchone()
        selections = {
            role: choose(db, staff_member(db, role), "", versions_of(db, sessions))
            for role in ROLES
            if role != "viewer"
        }
    references = (session_ref, claim_ref, dental_ref)
    examples = {
        "/aging/families/{guarantor_id}": (f"/aging/families/{family.guarantor_id}",),
        "/aging/selections/{selection_id}": ("/aging/selections/{selection}",),
        "/audit": ("/audit", f"/audit?reference={session_ref}"),
        "/builds/compare": (f"/builds/compare?before={build}&after={build}",),
        "/builds/{build}": (f"/builds/{build}",),
        "/builds/{before}/{after}": (f"/builds/{build}/{build}",),
        "/builds/{before}/{after}/{model}": (f"/builds/{build}/{build}/{MODEL}",),
        "/claims/{reference}": tuple(f"/claims/{each}" for each in references),
        "/dags/{dag_id}": ("/dags/ingest_csv_drops", "/dags/open_build"),
        "/explain/{model}": (f"/explain/{MODEL}",),
        "/explain/{model}/row": (f"/explain/{MODEL}/row?key=11",),
        "/explain/raw/{source}/{table}/{file}/{line}": (
            "/explain/raw/opendental/claimproc/1/1?key=ClaimProcNum=11",
        ),
        "/imports/files/{number}": (f"/imports/files/{file_id}",),
        "/imports/files/{number}/rows/{line}": (f"/imports/files/{file_id}/rows/2",),
        "/metrics/{name}": tuple(f"/metrics/{name}" for name in LISTS),
        "/models/{name}": (f"/models/{MODEL}",),
        "/payments/reconciliation/{name}": ("/payments/reconciliation/credit",),
        "/payments/{key}": (f"/payments/{payment_id}",),
        "/queue/alerts/{alert_id}": (f"/queue/alerts/{alert_id}",),
        "/queue/items/{item_id}": (f"/queue/items/{item_id}",),
        "/settings/{tab}": ("/settings/payers",),
        "/settings/{tab}/entry": ("/settings/payers/entry",),
        "/static/{name}": ("/static/desk.css",),
    }
    return Practice(desk, session_ref, claim_ref, dental_ref, examples, selections)


def refused_row(db: psycopg.Connection) -> int:
    """A file of which the second line waits for a decision; its number."""
    (file_id,) = db.execute(
        "insert into ops.file (source, table_name, file_name, sha256, bytes, mode, exported_on,"
        " state, layout) values ('simplepractice', 'appointment_status', 'a.csv', 'a', 1, 'full',"
        " now()::timestamp, 'loaded_with_quarantine', %s) returning file_id",
        [LAYOUT],
    ).fetchone()
    db.execute(
        "insert into ops.row_verdict (file_id, line, verdict) values (%s, 2, 'quarantined')",
        [file_id],
    )
    db.execute(
        "insert into quarantine.refused_row (file_id, line, reasons, raw_text)"
        " values (%s, 2, '{bad_date}', '2026-13-01,Ada Example')",
        [file_id],
    )
    return file_id


def _many_sessions(db: psycopg.Connection) -> None:
    """More than a page of each world's list: every status, payer and age."""
    payers = [invented.payer(db, name) for name in PAYERS]
    rows = []
    for number in range(80):
        service = TODAY - timedelta(days=3 + 2 * number)
        sent = service + timedelta(days=2)
        status = (*_SENT, *_NOT_SENT)[number % 8]
        row = {
            "payer_id": payers[number % 3],
            "service_on": service,
            "billing_code": f"9{number:04}",
            "billing_status": status,
            "ins_charge": Decimal(100 + number),
            "assigned_to": ("biller", "lead", None)[number % 3],
        }
        if status in _SENT:
            key = invented.insert(db, "claims", {"payer_id": row["payer_id"]}, "claim_id")
            row |= {"claim_id": key, "first_submitted_on": sent, "last_submitted_on": sent}
        if status in ("denied", "appealing"):
            row |= {"denied_on": sent, "appeal_deadline": sent + timedelta(days=60)}
        rows.append(row)
    invented.sessions(db, rows)
