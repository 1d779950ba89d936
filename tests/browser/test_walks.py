"""Days of people at the desk, walked in a browser: only the first address is typed.

What a page says is checked at each step, what is kept at the end.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Locator, Page, expect

from daysheet.alerts import daily as alerts
from tests.browser.conftest import Visit
from tests.desk.conftest import TODAY
from tests.ingest.loaded_reports import practice_in
from tests.ingest.practice_reports import visit as visited
from tests.ingest.practice_reports import written
from tests.web.published_builds import MODEL

Come = Callable[[str], Page]
REFERENCE = re.compile(r"^RS-\w{7}$")


@pytest.fixture
def come(visit) -> Iterator[Come]:
    """Somebody of that user name types the address of the dashboard; no page may complain."""
    visiting: list[Visit] = []

    def _come(user: str) -> Page:
        visiting.append(visit(user))
        visiting[-1].open("/")
        return visiting[-1].page

    yield _come
    for each in visiting:
        assert each.problems() == []


@pytest.fixture
def db(practice) -> Iterator[psycopg.Connection]:
    with practice.desk.open() as connection:
        yield connection


def one(db: psycopg.Connection, query: str, *values: Any) -> tuple:
    """The one row of a query."""
    (row,) = db.execute(query, values).fetchall()
    return row


def link(place: Page | Locator, name: str | re.Pattern[str], *, exact: bool = False) -> None:
    place.get_by_role("link", name=name, exact=exact).first.click()


def button(place: Page | Locator, name: str) -> None:
    place.get_by_role("button", name=name, exact=True).click()


def unfold(place: Page | Locator, name: str) -> Locator:
    """Open what stands folded below that word."""
    page = place if isinstance(place, Page) else place.page
    folded = place.locator("details").filter(has=page.get_by_text(name, exact=True))
    folded.locator("summary").click()
    return folded


def count_clicks(page: Page) -> Callable[[], int]:
    """From now on: clicks, and choices from a dropdown, whatever page they are made on."""
    made: list[str] = []

    def _made(kind: str) -> None:
        made.append(kind)

    page.expose_function("made", _made)
    # a choice from a dropdown is made for the browser, a click by it
    watch = """for (const kind of ["click", "change"]) addEventListener(kind, (event) => {
        if (event.isTrusted === (kind === "click")) window.made(kind);
    }, true)"""
    page.add_init_script(watch)
    page.evaluate(watch)
    return lambda: len(made)


def says(page: Page, *told: str) -> None:
    for each in told:
        expect(page.get_by_role("main")).to_contain_text(each)


def reference(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


def test_a_biller_follows_a_red_metric_to_a_claim_and_works_it(come, db):
    page = come("biller")
    over_90 = page.get_by_role("region", name="Aging over 90 days")
    expect(over_90).to_contain_text("off target")
    link(over_90, "Open the claims over 90 days")
    expect(page.get_by_label("Age", exact=True)).to_have_value("90+")
    page.get_by_label("Payer").select_option("Acme Health")
    page.get_by_label("Status").select_option("submitted")
    owed = page.get_by_role("row").filter(has_text="Acme Health").filter(has_text="submitted")
    link(owed.first, REFERENCE)
    session = reference(page)

    form = unfold(page, "Add note")
    form.get_by_label("Kind").select_option("follow up")
    form.get_by_label("Outcome").fill("on hold")
    form.get_by_label("Next action on").fill("2026-11-27")
    form.get_by_label("Note").fill("They look into it")
    button(form, "Keep note")
    says(page, "The note is kept.", "They look into it", "Nov 27, 2026")

    form = unfold(page, "Change status")
    form.get_by_label("New status").select_option("pending")
    button(form, "Change to pending")
    says(page, "The status is now pending.", "submitted → pending")

    form = unfold(page, "Change status")
    form.get_by_label("New status").select_option("denied")
    form.get_by_label("Denied on").fill("2026-11-19")
    form.get_by_label("Category").select_option(label="medical necessity (appeal)")
    button(form, "Change to denied")
    says(page, "The status is now denied.", "Denials and appeals")

    form = unfold(page, "Change status")
    form.get_by_label("New status").select_option("appealing")
    form.get_by_label("Filed on").fill("2026-11-20")
    form.get_by_label("Filed by").select_option("fax")
    button(form, "Change to appealing")
    says(page, "The status is now appealing.", "appeal filed, level 1", "Appeal, level 1")

    assert one(
        db,
        "select billing_status, next_action_on::text, category, method, level"
        " from desk.sessions inner join desk.denials using (session_id)"
        " inner join desk.appeals using (denial_id) where session_ref = %s",
        session,
    ) == ("appealing", "2026-11-27", "medical_necessity", "fax", 1)
    assert one(
        db,
        "select body from desk.notes inner join desk.sessions using (session_id)"
        " where session_ref = %s and kind = 'follow_up'",
        session,
    ) == ("They look into it",)


def test_a_biller_posts_a_payment_over_three_sessions_and_takes_it_back(come, db):
    page = come("biller")
    link(page, "Record a payment")
    page.get_by_label("Payer").select_option("Cumulus Care")
    page.get_by_label("Method").select_option("EFT")
    page.get_by_label("Reference", exact=True).fill("EFT-300")
    page.get_by_label("Amount (required)").fill("400.00")
    button(page, "Show the payer's sessions")
    button(page, "Fill in order")
    expect(page.get_by_role("status").filter(has_text="Left")).to_contain_text("Left $0.00")
    rows = page.get_by_role("row").filter(has=page.get_by_role("link", name=REFERENCE))
    filled = [row for row in rows.all() if row.get_by_role("textbox").input_value()]
    assert len(filled) == 3
    button(page, "Save payment")
    says(page, "something is left: say what becomes of it")
    (last,) = [row for row in rows.all() if "something is left" in row.inner_text()]
    last.get_by_label("What becomes of the rest").select_option("leave open")
    button(page, "Save payment")
    says(page, "The payment is saved.", "Payment of $400.00", "Left $0.00")
    assert one(
        db,
        "select count(*), sum(payment_allocations.amount),"
        " array_agg(billing_status::text order by billing_status)"
        " from desk.payments inner join desk.payment_allocations using (payment_id)"
        " inner join desk.sessions using (session_id) where reference = 'EFT-300'",
    ) == (3, Decimal("400.00"), ["paid", "paid", "pending"])

    form = unfold(page, "Reverse this payment")
    form.get_by_label("Why").fill("of another practice")
    button(form, "Reverse")
    says(page, "The payment is reversed.", "of another practice")
    assert one(
        db,
        "select sum(payment_allocations.amount), array_agg(distinct billing_status::text)"
        " from desk.payments inner join desk.payment_allocations using (payment_id)"
        " inner join desk.sessions using (session_id)"
        " where session_id in (select session_id from desk.payments"
        " inner join desk.payment_allocations using (payment_id) where reference = 'EFT-300')",
    ) == (Decimal("0.00"), ["pending"])


def test_a_biller_snoozes_an_item(come, db):
    page = come("biller")
    link(page, "Queue", exact=True)
    page.get_by_label("To do").select_option("follow up")
    expect(page).to_have_url(re.compile("kind="))
    link(page, re.compile(r"^Open follow up RS-"))
    session = page.get_by_role("main").get_by_role("link", name=REFERENCE).inner_text()
    form = page.get_by_role("region", name="Snooze")
    form.get_by_label("Until").fill("2026-11-27")
    form.get_by_label("Reason").fill("they are closed this week")
    button(form, "Snooze")
    says(page, "It is snoozed.")
    expect(page.get_by_role("link", name=f"Open follow up {session}")).to_have_count(0)
    page.get_by_label("Snoozed").select_option("shown")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name=session, exact=True))
    expect(row.first).to_contain_text("snoozed until Nov 27, 2026")
    assert one(
        db,
        "select snoozed_until::text from desk.work_items inner join desk.sessions"
        " using (session_id) where kind = 'follow_up' and session_ref = %s",
        session,
    ) == ("2026-11-27",)


def test_a_biller_mends_a_refused_row(come, db, practice, tmp_path):
    with practice_in(practice.desk.warehouse, tmp_path) as loads:
        loads.load(
            "appointments_2026-11-18.csv",
            written(visited(at="10/01/2026 09:00"), visited(at="10/02/2026 09:00", charge="13o")),
        )
        with psycopg.connect(practice.desk.warehouse.admin, autocommit=True) as owner:
            owner.execute("update ops.batch set state = 'committed', committed_at = now()")
    page = come("biller")
    link(page, "Imports", exact=True)
    link(page, "Quarantine", exact=True)
    link(page, "Decide on line 3")
    says(page, "bad amount")
    form = page.get_by_role("region", name="Fix and retry").get_by_role(
        "group", name="Insurer's side"
    )
    form.get_by_label("Charge").fill("130")
    button(page, "Retry")
    says(page, "The row is in, as it was mended.")
    assert one(
        db,
        "select ins_charge from desk.sessions inner join desk.clients using (client_id)"
        " where full_name = 'Ferris Nightingale-Oak' and service_on = '2026-10-02'",
    ) == (Decimal("130.00"),)


def test_a_biller_exports_the_aging_list(come, db, tmp_path):
    page = come("biller")
    link(page, "Open and export claims")
    said = page.get_by_text("outstanding,").inner_text()
    form = unfold(page, "Export as CSV")
    with page.expect_download() as download:
        button(form, "Download")
    download.value.save_as(tmp_path / "aging.csv")
    text = (tmp_path / "aging.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert download.value.suggested_filename == f"aging_{TODAY}.csv"
    assert (len(rows), sum(Decimal(row["outstanding"] or 0) for row in rows)) == (
        int(said.split()[0]),
        Decimal(re.findall(r"\$([\d,.]+) ", said)[0].replace(",", "")),
    )
    assert {row["client_initials"] for row in rows} == {"AE", ""}
    assert "Example" not in text.replace("Delta Example", "")  # a payer
    assert one(db, "select actor, action from ops.audit order by audit_id desc limit 1") == (
        "biller",
        "exported",
    )


def test_a_lead_assigns_the_oldest_claim_of_the_worst_payer_in_five_clicks(come, db):
    page = come("lead")
    clicks = count_clicks(page)
    worst = page.get_by_role("region", name="Who owes the most").get_by_role("row").nth(1)
    payer = worst.get_by_role("link").inner_text()
    worst.get_by_role("link").click()
    expect(page.get_by_label("Payer")).to_have_value(payer)
    link(page.get_by_role("region", name="What is owed"), REFERENCE)  # the oldest stands first
    session = reference(page)
    form = unfold(page, "Assign")
    form.get_by_label("Owner").select_option("BI")
    button(form, "Assign")
    says(page, "It is assigned.")
    expect(page.get_by_role("region", name="Owner")).to_contain_text("BI")
    assert 3 < clicks() <= 5
    assert one(
        db,
        "select payers.name from desk.aging_report inner join desk.payers using (payer_id)"
        " where in_ar group by payers.name order by sum(outstanding) desc limit 1",
    ) == (payer,)
    assert one(
        db,
        "select session_ref, assigned_to from desk.aging_report inner join desk.payers"
        " using (payer_id) where in_ar and payers.name = %s order by first_submitted_on limit 1",
        payer,
    ) == (session, "biller")


def test_a_lead_assigns_what_is_ticked(come, db):
    page = come("lead")
    link(page, "Aging", exact=True)
    owed = page.get_by_role("region", name="What is owed")
    boxes = owed.get_by_role("checkbox", name="Choose RS-").all()[3:6]
    for box in boxes:
        box.check()
    ticked = [(box.get_attribute("aria-label") or "").removeprefix("Choose ") for box in boxes]
    says(page, "3 selected")
    button(page, "Work on the ticked")
    says(page, "Chosen sessions", *ticked)
    form = unfold(page, "Assign")
    form.get_by_label("To").select_option("LE")
    button(form, "Assign 3 sessions")
    says(page, "3 done, 0 refused.")
    assert db.execute(
        "select distinct assigned_to from desk.sessions where session_ref = any(%s)", [ticked]
    ).fetchall() == [("lead",)]


def test_a_lead_forces_a_payment_that_is_known_already(come, db):
    page = come("lead")
    for is_second in (False, True):
        link(page, "Payments", exact=True)
        page.get_by_label("Payer").select_option("Acme Health")
        page.get_by_label("Method").select_option("check")
        page.get_by_label("Reference", exact=True).fill("CHK-9")
        page.get_by_label("Amount (required)").fill("55.00")
        button(page, "Save payment")
        if is_second:
            says(page, "The same money was entered before: $55.00 of Nov 20, 2026 by LE.")
            expect(page.get_by_label("Reference", exact=True)).to_have_value("CHK-9")
            page.get_by_label("Why this is another payment").fill("two checks in one envelope")
            button(page, "Save payment")
        says(page, "The payment is saved.", "Payment of $55.00", "unapplied")
    assert db.execute(
        "select forced_reason from desk.payments where reference = 'CHK-9' order by created_at"
    ).fetchall() == [(None,), ("two checks in one envelope",)]


def test_a_lead_closes_the_alert_of_a_bad_file(come, db, practice):
    with psycopg.connect(practice.desk.warehouse.admin) as loader:
        (file,) = loader.execute(
            "insert into ops.file (source, file_name, sha256, bytes, mode, exported_on, state,"
            " received_at) values ('simplepractice', 'x', 'x', 1, 'full', now()::timestamp,"
            " 'rejected', '2026-11-20T12:00Z') returning file_id"
        ).fetchone()
    alerts.run(db, ui_url="https://desk.practice.example", domains=(), mail="never")
    page = come("lead")
    link(page, re.compile(r"^\d+ warning$"))
    link(page, re.compile(rf"^Open .* file {file}$"))
    form = page.get_by_role("region", name="Close by hand")
    form.get_by_label("Why it is over").fill("sent again")
    button(form, "Close it")
    says(page, "The alert is closed.")
    expect(page.get_by_role("link", name=f"file {file}")).to_have_count(0)
    assert one(
        db,
        "select status, resolved_how from desk.alerts"
        " where rule_code = 'bad_file' and file_id = %s",
        file,
    ) == ("resolved", "lead")


def test_ops_trace_a_number_to_file_and_line_and_are_kept_from_the_desk(come):
    page = come("ops")
    says(page, "you have no role at the desk", "builds and models are open")
    link(page, "Builds", exact=True)
    link(page, re.compile(r"^Build \d+$"))
    clicks = count_clicks(page)
    link(page, MODEL, exact=True)
    link(page, "Its rows, to file and line")
    link(page, "files and lines of claim_procedure_id=11")
    origin = (
        page.get_by_role("region", name="Files and lines")
        .get_by_role("row")
        .filter(has_text="opendental.claimproc")
    )
    expect(origin).to_have_text(re.compile(r"opendental\.claimproc\s*1\s*1\s*ClaimProcNum 11"))
    assert clicks() == 3
    says(page, "seeing them needs the role biller at the desk")
    link(page, "What its columns mean")
    says(page, "Every line on a claim")
    link(page, "Models", exact=True)
    link(page, MODEL, exact=True)
    says(page, "An admin of it can give you one")
    expect(page.get_by_role("link", name="Aging", exact=True)).to_have_count(0)
