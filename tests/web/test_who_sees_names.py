"""Whom the pages name: nobody to a viewer or a stranger, nobody in an address or past the audit."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote_plus

import psycopg
import pytest

from daysheet.desk import daily
from daysheet.desk.actors import system
from daysheet.web.metric_rows import LISTS
from tests.desk import invented
from tests.desk.conftest import TODAY
from tests.desk.published_practice import MODELS, publish_practice
from tests.ingest.loaded_reports import practice_in
from tests.ingest.practice_reports import visit, written
from tests.web.practice import alert, claim, note, payment, session_id
from tests.web.published_builds import AFTER, MODEL, publish_two, remember
from tests.web.test_families import LEDGER

NAME = "Zebulon Quillfeather"
IMPORTED = "Ferris Nightingale-Oak"  # whose visits the reports of the tests are of
SECRETS = re.compile("zebulon|quillfeather|ferris|nightingale", re.IGNORECASE)
MOST_PAGES = 150
RAW = "/explain/raw/opendental/claimproc/1/2?key=ClaimProcNum=12"


@pytest.fixture(scope="module")
def seeds(staffed, tmp_path_factory) -> list[str]:
    """Pages of a practice in which everything that may hold a name holds one."""
    warehouse = staffed.warehouse
    publish_two(warehouse)
    models = (*MODELS, "int_ar_aging_snapshot", "int_ar_transaction_history")
    build = publish_practice(warehouse, LEDGER | AFTER, TODAY, models)
    with psycopg.connect(warehouse.admin) as db:
        remember(db, build, MODEL, "b", rows=4)
        db.execute('update raw.opendental__patient set "LName" = %s', [NAME])
    with practice_in(warehouse, tmp_path_factory.mktemp("reports")) as loads:
        good, bad = visit(at="10/01/2026 09:00"), visit(at="10/02/2026 09:00", charge=NAME)
        number = loads.load(f"{IMPORTED} {NAME}_2026-11-13.csv", written(good, bad))
        with psycopg.connect(warehouse.admin, autocommit=True) as owner:
            owner.execute("update ops.batch set state = 'committed', committed_at = now()")
    with psycopg.connect(warehouse.admin) as db:
        db.execute("update ops.file set file_name = %s", [f"{NAME}.csv"])
    with staffed.open() as db:
        (client,) = db.execute(
            "insert into desk.clients (client_key, full_name, initials)"
            " values (sha256('q'), %s, 'ZQ') returning client_id",
            [NAME],
        ).fetchone()
        told = {"client_id": client}
        claim_ref, (old, denied) = claim(
            db, told, told | {"billing_status": "denied", "denied_on": TODAY}
        )
        session = session_id(db, old)
        note(db, session, f"asked {NAME}", outcome=f"{NAME} calls back")
        payment(db, session, "30.00", TODAY)
        (key,) = db.execute("select payment_id from desk.payments").fetchone()
        alarm = alert(db, "aged_claim", "critical", 91, session_id=session, amount=5)
        daily.refresh(db, system("dag", "tests"))
        (item,) = db.execute(
            "select item_id from desk.work_items where done_at is null and session_id is not null"
        ).fetchone()
        db.execute(
            "update desk.work_items set snoozed_until = %s, snooze_reason = %s where item_id = %s",
            [TODAY.replace(day=25), f"{NAME} is away", item],
        )
        owed = invented.insert(
            db,
            "payments",
            {"payer_id": None, "method": "card", "reference": "CARD 7", "received_on": TODAY,
             "amount": 9, "source": "manual", "idempotency_key": "n", "by_user": "lead"},
            "payment_id",
        )  # fmt: skip
    lists = ("", "forgotten", "aging", "aging/families", "claims", "payments", "queue", "imports",
             "imports/quarantine", "imports/conflicts", "imports/payers", "settings", "builds",
             "models", "payments/reconciliation", "queue?whose=team&snoozed=show",
             "queue?whose=team&severity=all", "aging?snoozed=show", "audit",
             *(f"metrics/{name}" for name in LISTS))  # fmt: skip
    return [f"/{each}" for each in lists] + [
        f"/claims/{old}", f"/claims/{denied}", f"/claims/{claim_ref}", f"/payments/{key}",
        f"/payments/{owed}", f"/payments?session={old}", f"/queue/items/{item}",
        f"/queue/alerts/{alarm}", f"/imports/files/{number}",
        f"/imports/files/{number}/rows/3", f"/audit?reference={old}", f"/explain/{MODEL}", RAW,
        f"/models/{MODEL}", "/builds/1/2", "/settings/payers/entry", "/aging/families/101",
        "/builds/compare?before=1&after=2", "/static/desk.css",
    ]  # fmt: skip


def leads_to(answer) -> Iterator[str]:
    """Every address an answer holds."""
    found = re.findall(r'(?:href|action|src|hx-get|hx-post)="([^"]*)"', answer.text)
    yield from map(unescape, [*found, answer.headers.get("location", "")])


@pytest.fixture(scope="module")
def paths() -> list[str]:
    """Found once: what an admin reaches by clicks."""
    return []


@pytest.fixture
def reached(browser, seeds, paths) -> list[str]:
    if paths:
        return paths
    selection = browser.send("admin", "/aging/selections", {"which": "all"}).headers["location"]
    waiting, known = [*seeds, selection.removeprefix("/daysheet")], set()
    seen: dict[str, int] = {}
    while waiting and len(paths) < MOST_PAGES:
        path = waiting.pop(0)
        kind = re.sub(r"\d+|[0-9a-f-]{36}|R[CS]-\w+|=[^&]*", "N", path)
        if path in known or seen.get(kind, 0) >= 2 or path.startswith("/models/int"):
            continue
        known.add(path)
        seen[kind] = seen.get(kind, 0) + 1
        paths.append(path)
        for address in leads_to(browser.ask("admin", path)):
            if address.startswith("/daysheet/") and "/static/" not in address:
                waiting.append(address.removeprefix("/daysheet").partition("#")[0])
    return paths


def test_every_page_is_among_them(browser, reached):
    asked = {path.partition("?")[0] for path in reached}
    unseen = [
        route.path
        for route in browser.app.routes
        if "GET" in route.methods and not any(route.path_regex.match(path) for path in asked)
    ]
    assert set(unseen) <= {"/models/{name}", "/dags/{dag_id}"}


@pytest.mark.parametrize("user", ["viewer", "nobody", "left"])
def test_no_page_names_a_client_to_who_may_not_see_one(browser, reached, user):
    for path in reached:
        answer = browser.ask(user, path)
        assert answer.status_code < 500, path
        assert not SECRETS.search(unescape(answer.text)), path


def test_no_address_on_any_page_names_a_client(browser, reached):
    named = set()
    for path in reached:
        answer = browser.ask("lead", path)
        if SECRETS.search(answer.text):
            named.add(path.split("/")[1].partition("?")[0])
        for address in leads_to(answer):
            assert not SECRETS.search(unquote_plus(address)), (path, address)
    assert named >= {"claims", "payments", "imports", "explain"}, "there are names to be seen"


@pytest.fixture
def no_audit(staffed) -> Iterator[None]:
    """The audit takes no row."""
    with psycopg.connect(staffed.warehouse.admin, autocommit=True) as db:
        db.execute("alter table ops.audit add constraint closed check (false) not valid")
        yield
        db.execute("alter table ops.audit drop constraint closed")


def test_what_is_not_audited_is_not_shown(browser, reached, no_audit):
    failed = 0
    for path in reached:
        answer = browser.ask("lead", path)
        assert not SECRETS.search(unescape(answer.text)) or is_no_client(path), path
        failed += answer.status_code == 500
    assert failed >= 5
    for path, form in (
        ("/claims/search", {"name": "quill"}),
        ("/aging/export", {"names": "yes", "reason": "the auditor asked"}),
    ):
        answer = browser.send("lead", path, form)
        assert answer.status_code == 500
        assert not SECRETS.search(answer.text)


def is_no_client(path: str) -> bool:
    """The audit is of clients: names of files are kept from viewers, not written down."""
    return path.startswith(("/imports", "/explain"))
