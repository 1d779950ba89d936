"""The desk brought up to its day: what is open follows the state, and twice is once."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import psycopg
import pytest

from daysheet.desk import daily
from daysheet.desk.actors import system
from daysheet.desk.work import items as work_items
from daysheet.desk.work.state import OpenDentalClaim
from tests.desk import invented
from tests.desk.conftest import Desk

DAG = system("dag", "tests")


@pytest.fixture
def admin(desk: Desk) -> Iterator[psycopg.Connection]:
    with psycopg.connect(desk.warehouse.admin, autocommit=True) as connection:
        yield connection


def tables(admin: psycopg.Connection) -> dict[str, list[str]]:
    """Every row of every desk table, times and versions included."""
    names = admin.execute(
        "select relname from pg_class where relnamespace = 'desk'::regnamespace and relkind = 'r'"
    ).fetchall()
    assert len(names) > 15
    return {
        name: sorted(
            row[0] for row in admin.execute(f"select t::text from desk.{name} as t").fetchall()
        )
        for (name,) in names
    }


def items(db: psycopg.Connection) -> list[tuple]:
    """Open items: kind, billing code or payer, amount, deadline."""
    return db.execute(
        """
        select kind, sessions.billing_code, amount, due_on::text
        from desk.work_items left join desk.sessions using (session_id)
        where done_at is null order by kind, sessions.billing_code
        """
    ).fetchall()


def a_bit_of_everything(db: psycopg.Connection) -> None:
    acme = invented.payer(db, "Acme Health", external_id="60054")
    medicare = invented.payer(db, "Medicare", external_id="00831", plan_class="medicare")
    invented.payer(db, "New Payer", external_id="99999", needs_review=True)
    base = {"payer_id": acme, "ins_charge": 100, "ins_unpaid_reported": 100}
    sent = {**base, "first_submitted_on": date(2026, 11, 2), "last_submitted_on": date(2026, 11, 2)}
    denied = {**sent, "billing_status": "denied", "denied_on": date(2026, 10, 1)}
    invented.sessions(
        db,
        [
            {**base, "billing_code": "UNBILLED"},
            {**base, "billing_code": "AHEAD", "billing_status": "scheduled",
             "service_on": date(2026, 11, 21)},
            {**base, "billing_code": "ARRIVED", "billing_status": "scheduled",
             "service_on": date(2026, 11, 20), "note_status": "Locked"},
            {"billing_code": "CLIENT", "billing_status": "scheduled",
             "service_on": date(2026, 11, 19)},
            {**sent, "billing_code": "SENT", "billing_status": "submitted"},
            {**sent, "billing_code": "PARTIAL", "billing_status": "pending",
             "ins_paid_reported": 40, "needs_disposition": True},
            {**sent, "billing_code": "REJECTED", "billing_status": "ready_to_bill"},
            {**denied, "billing_code": "DENIED", "appeal_deadline": date(2026, 12, 30)},
            {**denied, "billing_code": "DENIEDSOON", "appeal_deadline": date(2026, 12, 1)},
            {**sent, "billing_code": "CREDIT", "billing_status": "paid", "payer_id": medicare,
             "ins_paid_reported": 120, "paid_on_source": "unknown"},
            {**base, "billing_code": "GONE", "billing_status": "voided"},
        ],
    )  # fmt: skip
    invented.insert(
        db,
        "payments",
        {
            "payer_id": acme, "method": "check", "reference": "7", "received_on": "2026-11-19",
            "amount": 55, "source": "manual", "idempotency_key": "k", "by_user": "bea",
        },
        "payment_id",
    )  # fmt: skip


EXPECTED = [
    ("appeal_due", "DENIEDSOON", 100, "2026-12-01"),
    ("bill_it", "ARRIVED", 100, "2027-02-18"),
    ("bill_it", "UNBILLED", 100, "2027-01-30"),
    ("credit", "CREDIT", 20, "2027-01-19"),  # Medicare wants it back in 60 days
    ("denial", "DENIED", 100, "2026-12-30"),
    ("denial", "DENIEDSOON", 100, "2026-12-01"),
    ("disposition", "PARTIAL", 60, None),
    ("follow_up", "SENT", 100, None),
    ("payer_review", None, None, None),
    ("rejection", "REJECTED", 100, "2027-01-30"),
    ("unmatched_money", None, 55, None),
]


def test_the_state_asks_for_items_of_every_kind(db):
    a_bit_of_everything(db)
    done = daily.refresh(db, DAG)
    assert items(db) == EXPECTED
    assert (done.opened, done.changed, done.closed) == (len(EXPECTED), 0, 0)
    assert done.scored == len(EXPECTED)


def test_days_that_come_move_what_was_scheduled_as_the_export_implies(db):
    a_bit_of_everything(db)
    assert daily.refresh(db, DAG).statuses == 4
    history = db.execute(
        """
        select billing_code, string_agg(to_status, ' ' order by history_id), min(actor)
        from desk.session_status_history inner join desk.sessions using (session_id)
        where billing_code in ('AHEAD', 'ARRIVED', 'CLIENT')
        group by billing_code order by billing_code
        """
    ).fetchall()
    assert [row[:2] for row in history] == [
        ("AHEAD", "scheduled"),
        ("ARRIVED", "scheduled completed documented"),
        ("CLIENT", "scheduled completed client_responsibility"),
    ]


def test_a_second_refresh_changes_nothing(db, admin):
    invented.staff(db, "bea")
    invented.staff(db, "bob")
    a_bit_of_everything(db)
    daily.refresh(db, DAG)
    before = tables(admin)
    assert daily.refresh(db, DAG) == daily.Refreshed()
    assert tables(admin) == before


def test_items_close_when_the_state_asks_for_them_no_longer(db):
    a_bit_of_everything(db)
    daily.refresh(db, DAG)
    db.execute("update desk.payers set needs_review = false")
    db.execute("update desk.sessions set needs_disposition = false where billing_code = 'PARTIAL'")
    done = daily.refresh(db, DAG)
    assert (done.opened, done.closed) == (1, 2)
    kinds = [kind for kind, *_ in items(db)]
    assert "payer_review" not in kinds
    assert "disposition" not in kinds
    assert ("follow_up", "PARTIAL", Decimal(60), None) in items(db)
    closed = db.execute(
        "select distinct done_by, outcome from desk.work_items where done_at is not null"
    ).fetchall()
    assert closed == [("system:tests", "no longer so")]


def test_a_credit_keeps_its_day_however_often_it_is_looked_at(desk, db):
    a_bit_of_everything(db)
    daily.refresh(db, DAG)
    with Desk(desk.warehouse, date(2026, 11, 23)).open() as later:
        daily.refresh(later, DAG)
        assert ("credit", "CREDIT", 20, "2027-01-19") in items(later)


def test_what_a_payer_asked_for_ends_with_the_claim(db):
    acme = invented.payer(db, external_id="60054")
    owed = {"payer_id": acme, "ins_charge": 100, "billing_status": "pending"}
    keys = invented.sessions(db, [owed, {**owed, "billing_status": "voided"}])
    for key in keys:
        work_items.open_item(db, "more_info", session_id=key)
    assert daily.refresh(db, DAG).closed == 1
    left = db.execute(
        "select session_id from desk.work_items where kind = 'more_info' and done_at is null"
    ).fetchall()
    assert left == [(keys[0],)]


def test_a_day_before_one_that_was_worked_on_changes_nothing(desk, db, admin):
    a_bit_of_everything(db)
    before = tables(admin)
    with Desk(desk.warehouse, date(2026, 11, 19)).open() as yesterday:
        assert daily.is_past(yesterday)
        assert daily.refresh(yesterday, DAG) == daily.Refreshed()
    assert tables(admin) == before


def test_many_sessions_are_refreshed_at_once_and_once(db, admin):
    acme = invented.payer(db, external_id="60054")
    for number in range(6):
        invented.staff(db, f"biller{number}", works_payers=[acme] if number % 2 else [])
    client, clinician = invented.parties(db)
    with admin.transaction():
        admin.execute(
            """
            insert into desk.sessions (
                service_on, client_id, clinician_id, billing_code, payer_id, ins_charge,
                billing_status, status_since
            )
            select
                '2026-11-19'::date - n %% 400, %s, %s, 'X' || n, %s, 100 + n %% 50,
                (array['submitted', 'client_responsibility', 'pending', 'written_off',
                'completed', 'client_responsibility', 'scheduled', 'written_off'])[1 + n %% 8],
                '2026-11-19'::date - n %% 40
            from generate_series(1, 8000) as numbers (n)
            """,
            [client, clinician, acme],
        )
        admin.execute(
            "insert into desk.session_status_history (session_id, to_status, actor, source, as_of)"
            " select session_id, billing_status, 'system:tests', 'import', '2026-11-19'"
            " from desk.sessions"
        )
    done = daily.refresh(db, DAG)
    assert (done.statuses, done.opened, done.assigned, done.scored) == (1000, 4000, 4000, 4000)
    assert daily.refresh(db, DAG) == daily.Refreshed()


def test_dental_claims_that_are_owed_are_followed_up_and_closed_when_settled(db, admin):
    invented.staff(db, "bea")
    number = {"claim_id": 7}
    claim = invented.insert(db, "dental_claims", number, "dental_claim_id")
    owed = OpenDentalClaim(claim, Decimal("250.00"), date(2026, 8, 1))
    assert daily.refresh(db, DAG, [owed]).opened == 1
    item = "select kind, amount, queue, assigned_to, done_at is null from desk.work_items"
    assert db.execute(item).fetchall() == [("follow_up", Decimal("250.00"), "now", "bea", True)]
    assert db.execute("select assigned_to from desk.dental_claims").fetchall() == [("bea",)]
    before = tables(admin)
    for known in ([owed], None):  # None: no build is published, nothing is known of claims
        assert daily.refresh(db, DAG, known) == daily.Refreshed()
    assert tables(admin) == before
    assert daily.refresh(db, DAG, []).closed == 1
